"""Values in forms that are not read: kept as they are, and reported; good categories are not."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from relay.tables.reading.columns.column_reading import Reading
from relay.tables.reading.columns.dtypes import to_dtype
from relay.tables.reading.columns.type_inference import convention_of, read_column
from relay.util.errors import RelayError

ROWS = 80


def read(values: list[Any], spec: str | None = None, name: str = "v") -> Reading:
    dtype = "str" if isinstance(values[0], str) else None
    column = pd.Series(values, name=name, dtype=dtype)
    return read_column(column, spec, convention_of(pd.DataFrame({name: column})))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("{n}-{m}", "ranges of numbers, such as '0-9'"),
        ("{n},0-{m},0", "ranges of numbers, such as '0,0-9,0'"),
        ("{n}.5 – {m}.5", "ranges of numbers"),
        ("{n} to {m}", "ranges of numbers"),
        ("{n}'1\"", "feet and inches, such as '0'1\"'"),
        ("{n} ft 11 in", "feet and inches"),
        ("{n}°34'N", "degrees and minutes, such as '0°34'N'"),
        ("{n}° 34′ 12.5″ W", "degrees and minutes"),
        ("{n} lb 3 oz", "pounds and ounces"),
        ("{n}/{m}", "two numbers in one, such as '0/9'"),
        ("{n} x {m}", "two numbers in one"),
        ("{n}×{m}×{n}", "two numbers in one"),
        ("1 {n}/{m}", "two numbers in one"),
    ],
)
def test_numbers_in_two_parts_are_reported(text: str, name: str) -> None:
    texts = [text.format(n=i, m=i + 9) for i in range(ROWS)]
    got = read(texts)
    assert got.values.tolist() == texts
    assert name in got.warning and "data.dtypes.v=str" in got.warning


@pytest.mark.parametrize(
    "texts",
    [
        ["18-25", "26-35", "36-50", "51-99"],
        ["0-9", "10-19", "20-29"],
        [f"555-{i * 137 % 10000:04d}" for i in range(ROWS)],
        [f"{i % 7}-{i % 5}" for i in range(ROWS)],
        ["1/2", "1/4", "3/4"],
        ["March", "April", "May"],
        ["2021-W01", "2021-W02", "2021-W03"],
        ["Q1 2021", "Q2 2021"],
    ],
)
def test_classes_codes_and_scores_have_no_warning(texts: list[str]) -> None:
    got = read((texts * ROWS)[:ROWS])
    assert got.warning == "" and got.word is None


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        (["0-9", "Oct-19", "20-29"], "'Oct-19' of '10-19'"),
        (["1-4", "05-Sep", "10-14", "15+"], "'05-Sep' of '5-9'"),
        (["1-2", "3-4", "6-May", "7-8"], "'6-May' of '5-6'"),
    ],
)
def test_ranges_that_a_spreadsheet_made_dates_are_reported(texts: list[str], shown: str) -> None:
    got = read(texts * 20)
    assert got.values.tolist() == texts * 20
    assert f"A spreadsheet has probably made {shown}." in got.warning
    column = pd.Series(texts * 20, name="v", dtype="str")
    target = read_column(
        column, None, convention_of(pd.DataFrame({"v": column})), names_classes=True
    )
    assert target.warning == got.warning


@pytest.mark.parametrize(
    "text",
    ["{n}.5‰", "{n} ± 0.{m}", "{n}.5×10^{m}", "{n} years {m} months", "'{n}", '="{n}"',
     "\u200b{n}", "{n} out of 90"],
)  # fmt: skip
def test_numbers_with_the_same_signs_beside_them_are_reported(text: str) -> None:
    texts = [text.format(n=i + 1, m=i % 9) for i in range(ROWS)]
    got = read(texts)
    assert got.values.tolist() == texts
    assert f"numbers with other signs, such as '{texts[0]}'" in got.warning


def test_ordinal_numbers_are_reported_too() -> None:
    ends = {1: "st", 2: "nd", 3: "rd"}
    assert "such as '1st'" in read([f"{i + 1}{ends.get(i + 1, 'th')}" for i in range(ROWS)]).warning


@pytest.mark.parametrize(
    "text",
    ["#{n}", "978-3-{n}-{m}", "(555) {n}-1000", "10.0.{m}.{n}", "{m}D{n}", "'00{n}", "{n}@x.org",
     "v{n}.{m}", "1_{n}", "{n}-{m}B", "[{n}, {m}]"],
)  # fmt: skip
def test_codes_and_addresses_are_not(text: str) -> None:
    assert read([text.format(n=i + 1, m=i % 9) for i in range(ROWS)]).warning == ""


def test_one_code_among_decimals_is_a_warning_and_a_scheme_of_codes_is_none() -> None:
    numbers = [f"{i}.5" for i in range(ROWS)]
    assert "first in row 3 of the data: 'x2'" in read([*numbers[:2], "x2", *numbers[3:]]).warning
    assert read([f"V{i}" if i % 20 == 0 else text for i, text in enumerate(numbers)]).warning == ""


@pytest.mark.parametrize("stray", ["1O4", "l7", "I2.5", "1/2", "12 / 5"])
def test_a_few_mistyped_numbers_and_fractions_are_a_warning(stray: str) -> None:
    texts = [stray if i % 20 == 0 else str(i) for i in range(ROWS)]
    got = read(texts)
    assert got.values.tolist() == texts
    assert f"except 4 of 80 values, the first in row 1 of the data: '{stray}'" in got.warning


@pytest.mark.parametrize("stray", ["C104", "1S4", "12-B", "A/5"])
def test_a_few_codes_among_numbers_are_not(stray: str) -> None:
    assert read([stray if i % 20 == 0 else str(i) for i in range(ROWS)]).warning == ""


@pytest.mark.parametrize(
    "text",
    [
        "2021-03-{d:02d} 10:00 CET",
        "{d}/03/2021 1:05 p.m.",
        "2021-03-{d:02d}T10:00[UTC]",
        "2021-03-{d:02d} - 2021-04-01",
        "[2021-03-{d:02d}]",
        "/Date(16147{d:02d}400000)/",
    ],
)
def test_dates_with_a_time_that_is_not_read_are_reported(text: str) -> None:
    texts = [text.format(d=i % 28 + 1) + " " * (i // 28) for i in range(ROWS)]
    got = read(texts)
    assert got.values.tolist() == texts
    assert "most values look like dates" in got.warning


@pytest.mark.parametrize(
    "texts",
    [
        ["1. März 2021", "15. Mai 2021", "3. Dezember 2021"],
        ["1 janvier 2020", "2 février 2020", "30 août 2020"],
        ["5 de enero de 2020", "6 de agosto de 2020", "7 de diciembre de 2020"],
        ["Mai 2020", "Juli 2020", "Oktober 2021"],
    ],
)
def test_dates_with_months_of_other_languages_are_reported_also_where_they_are_few(
    texts: list[str],
) -> None:
    got = read(texts * 20)
    assert got.values.tolist() == texts * 20
    assert f"such as '{texts[0]}', in a form that is not read" in got.warning


@pytest.mark.parametrize("missing", [False, True])
def test_whole_numbers_that_are_dates_are_so_in_every_kind_of_file(missing: bool) -> None:
    days: list[Any] = [20210301 + i % 28 for i in range(ROWS)]
    first = pd.Timestamp("2021-03-01")
    texts = read([str(day) for day in days])
    got = read([None, *days[1:]] if missing else days)
    assert got.word == texts.word == "datetime:%Y%m%d"
    assert got.values.iloc[0] is pd.NaT if missing else got.values.iloc[0] == first
    assert got.values.tolist()[1:] == texts.values.tolist()[1:]
    assert read(days, "int").values.tolist() == days
    counted = [20210000 + i for i in range(ROWS)]
    assert read(counted).values.tolist() == counted


def test_milliseconds_since_1970_are_reported_with_the_setting_that_reads_them() -> None:
    days = pd.date_range("2020-01-01", periods=ROWS)
    numbers = [int(day.timestamp() * 1000) for day in days]
    for values in (numbers, [str(number) for number in numbers]):
        got = read(values)
        assert got.values.tolist() == numbers
        assert "such as 1577836800000, which would be 2020-01-01 00:00:00" in got.warning
        assert "data.dtypes.v=datetime:ms" in got.warning
        assert read(values, "datetime:ms").values.tolist() == list(days)
    assert read(numbers, "int").warning == ""
    ids = [1577836800001 + 1237 * i for i in range(ROWS)]
    assert read(ids).warning == ""
    times = pd.Series(numbers, name="created_at")
    assert to_dtype(times, "datetime:ms").tolist() == list(days)


@pytest.mark.parametrize(
    ("name", "first", "step", "word", "as_time"),
    [
        ("timestamp", 1577836800, 3607, "s", "2020-01-01 00:00:00"),
        ("Order_Date", 43831, 1, "excel", "2020-01-01 00:00:00"),
    ],
)
def test_seconds_since_1970_and_days_of_spreadsheets_are_known_by_the_columns_name(
    name: str, first: int, step: int, word: str, as_time: str
) -> None:
    numbers = [first + step * i for i in range(ROWS)]
    got = read(numbers, name=name)
    assert got.values.tolist() == numbers
    assert f"such as {first}, which would be {as_time}: kept as numbers" in got.warning
    assert f"data.dtypes.{name}=datetime:{word}" in got.warning
    times = read(numbers, f"datetime:{word}", name=name)
    assert str(times.values.iloc[0]) == as_time
    assert times.warning == read(numbers, "int", name=name).warning == ""
    assert read(numbers, name="population").warning == ""


def test_a_day_of_a_spreadsheet_has_its_time() -> None:
    assert str(to_dtype(pd.Series([43831.75], name="d"), "datetime:excel")[0]).endswith("18:00:00")


def test_a_number_that_no_time_has_is_an_error() -> None:
    with pytest.raises(RelayError, match="a time in seconds since 1970"):
        to_dtype(pd.Series([1577836800, 1e30], name="ts"), "datetime:s")


def test_codes_that_could_be_powers_of_ten_are_reported() -> None:
    got = read([f"{1 + i % 9}E{i % 7}" for i in range(ROWS)])
    assert got.values.iloc[1] == 20.0
    assert f"{ROWS} values such as '1E0' are read as numbers, 1. To keep codes" in got.warning
    assert read(["1e+05", "2.5E3"] * ROWS).warning == ""
    assert read(["1e5", "0.5"] * ROWS).warning == ""
    assert read(["3E5", "12"] * ROWS, "float").warning == ""


def test_integers_that_floats_merge_stay_texts_beside_decimals() -> None:
    texts = ["9007199254740993", "9007199254740992", *(f"{i}.5" for i in range(ROWS))]
    got = read(texts)
    assert got.values.tolist() == texts
    assert "2 whole numbers, such as 9007199254740993, have more digits" in got.warning
    assert read(texts, "float").values.tolist()[:1] == [2.0**53]
    assert read(["1e300", "12345678901234567890", "1.5"]).values.tolist()[0] == 1e300
