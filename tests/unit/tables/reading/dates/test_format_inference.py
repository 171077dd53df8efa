"""Columns of texts that are mostly dates: what is read, and what is to be known of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import pandas as pd
import pytest

from relay.tables.reading.columns.column_reading import Reading
from relay.tables.reading.columns.dtypes import to_dtype
from relay.tables.reading.columns.type_inference import convention_of, read_column
from relay.tables.reading.dates.date_parsing import days_since_1970
from relay.util.errors import RelayError
from relay.util.setting_text import setting

ISO = [f"2020-{month:02d}-{day:02d}" for month in range(1, 6) for day in range(1, 21)]
DAY_FIRST = [f"{day[8:]}/{day[5:7]}/{day[:4]}" for day in ISO]
MONTH_FIRST = [f"{day[5:7]}/{day[8:]}/{day[:4]}" for day in ISO]


def read(texts: Sequence[str], word: str | None = None) -> Reading:
    column = pd.Series(texts, dtype="str", name="x")
    return read_column(column, word, convention_of(pd.DataFrame({"x": column})))


def with_some(texts: list[str], other: str, count: int) -> list[str]:
    """`texts`, but the last `count` are `other`."""
    return [*texts[: len(texts) - count], *[other] * count]


@pytest.mark.parametrize(
    ("days", "form"),
    [(DAY_FIRST, "%d%m%Y"), (MONTH_FIRST, "%m%d%Y"), (ISO, "%Y%m%d")],
)
def test_eight_digits_are_a_date_in_each_order(days: list[str], form: str) -> None:
    got = read([re.sub(r"\D", "", day) for day in days])
    assert got.word == f"datetime:{form}"
    assert got.values.tolist() == list(pd.to_datetime(ISO))


def test_eight_digits_whose_order_does_not_show_are_reported_as_other_dates_are() -> None:
    got = read([f"{i % 12 + 1:02d}{i % 11 + 1:02d}2021" for i in range(60)])
    assert got.word == "datetime:%m%d%Y"
    assert "Day-first: data.dtypes.x=datetime:%d%m%Y" in got.warning


def test_codes_of_eight_digits_are_not() -> None:
    texts = [f"{i * 123457 % 100_000_000:08d}" for i in range(60)]
    assert read(texts).values.tolist() == texts


@pytest.mark.parametrize("count", [1, 10, 40])
@pytest.mark.parametrize(
    ("days", "other"),
    [
        (ISO, "2021-02-30"), (ISO, "0000-00-00"), (ISO, "2021-13-01"), (ISO, "2020-01-01T25:00"),
        (DAY_FIRST, "31/02/2020"), (DAY_FIRST, "00/00/0000"), (ISO, "unknown"), (ISO, "?"),
        ([day.replace("-", "") for day in ISO], "20200230"),
        ([day.replace("-", "") for day in ISO], "0"),
    ],
)  # fmt: skip
def test_days_that_do_not_exist_are_missing_with_a_warning(
    days: list[str], other: str, count: int
) -> None:
    reading = read(with_some(days, other, count))
    assert reading.values.isna().sum() == count
    assert reading.values.iloc[:60].tolist() == [pd.Timestamp(day) for day in ISO[:60]]
    assert reading.warning.startswith(f"{count} of 100 values are not dates")
    assert f"'{other}'" in reading.warning
    assert f"the first in row {101 - count} of the data" in reading.warning
    assert (setting("data.read.missing_values", [other]) in reading.warning) == (other != "0")
    assert "data.dtypes.x=" in reading.warning


@pytest.mark.parametrize("other", ["2021-02-30", "0000-00-00", "9999-99-99"])
@pytest.mark.parametrize("count", [50, 90, 97])
def test_so_they_are_where_they_stand_for_missing_in_most_rows(other: str, count: int) -> None:
    reading = read(with_some(ISO, other, count))
    assert reading.values.isna().sum() == count
    assert reading.values.iloc[2] == pd.Timestamp(ISO[2])
    assert reading.warning.startswith(f"{count} of 100 values are not dates")


def test_codes_that_look_like_dates_are_none() -> None:
    codes = [f"{1000 + i}-{i % 90 + 10}-{i % 80 + 11}" for i in range(300)]
    assert read(codes).values.tolist() == codes


def test_a_first_value_that_is_not_a_date_does_not_decide() -> None:
    assert read(["0000-00-00", *ISO]).values.tolist()[1] == pd.Timestamp("2020-01-01")


def test_a_few_other_texts_are_missing_with_a_warning() -> None:
    reading = read(with_some(ISO, "soon", 5))
    assert reading.values.isna().sum() == 5
    assert "'soon' (5 times)" in reading.warning


@pytest.mark.parametrize("count", [6, 40])
def test_many_other_texts_keep_the_column_a_text_with_a_warning(count: int) -> None:
    reading = read(with_some(ISO, "soon", count))
    assert reading.values.iloc[-1] == "soon"
    assert f"{count} of 100 are not, 'soon' ({count} times)" in reading.warning
    assert "'data.read.missing_values=[soon]'" in reading.warning
    assert "data.dtypes.x=str" in reading.warning
    assert not read(with_some(ISO, "soon", count), "str").warning


@pytest.mark.parametrize("count", [1, 10, 40])
@pytest.mark.parametrize("other", ["13.02.2020", "02/13/2020", "Feb 13, 2020", "13 February 2020"])
def test_two_forms_are_both_read_with_a_warning(other: str, count: int) -> None:
    reading = read(with_some(ISO, other, count))
    assert reading.values.iloc[-1] == pd.Timestamp("2020-02-13")
    assert reading.values.iloc[0] == pd.Timestamp("2020-01-01")
    assert f"({count}, such as '{other}')" in reading.warning
    assert reading.word is not None
    again = read(with_some(ISO, other, count), reading.word)
    assert again.values.tolist() == reading.values.tolist()
    assert not again.warning


def test_dates_and_times_in_one_form_need_no_warning() -> None:
    for days in (ISO, DAY_FIRST):
        reading = read([*days, *[f"{day} 10:30" for day in days]])
        assert reading.values.iloc[-1] == pd.Timestamp("2020-05-20 10:30")
        assert not reading.warning


@pytest.mark.parametrize("other", ["2021", "2021-01"])
@pytest.mark.parametrize("count", [1, 10, 60])
def test_years_and_months_among_days_are_their_first_day_with_a_warning(
    other: str, count: int
) -> None:
    reading = read(with_some(ISO, other, count))
    assert reading.values.iloc[-1] == pd.Timestamp("2021-01-01")
    assert reading.warning.startswith(f"{count} of 100 dates have no day, '{other}'")
    assert not read([other] * 50 + ["2020"] * 50).warning


def test_the_order_of_day_and_month_is_that_of_the_dates_that_show_it() -> None:
    reading = read(["01/02/2020", "03/04/2020", "13/02/2020 10:00", "14/02/2020 11:00"])
    assert reading.values.iloc[0] == pd.Timestamp("2020-02-01")
    assert not reading.warning


def test_dates_that_read_both_ways_are_month_first_with_a_warning() -> None:
    reading = read(["01/02/2020", "03/04/2020"])
    assert reading.values.iloc[0] == pd.Timestamp("2020-01-02")
    assert "taken as month-first. Day-first: data.dtypes.x=datetime:%d/%m/%Y" in reading.warning
    reading = read([*ISO, "01/02/2020"])
    assert "'data.dtypes.x=datetime:ISO8601|%d/%m/%Y'" in reading.warning


def test_firsts_of_months_are_rather_that_than_days_of_january() -> None:
    reading = read([f"01/{month:02d}/2020" for month in range(1, 13)])
    assert reading.values.iloc[11] == pd.Timestamp("2020-12-01")
    assert "taken as day-first" in reading.warning


def test_dates_in_both_orders_stay_texts_with_a_warning() -> None:
    reading = read([*DAY_FIRST, *MONTH_FIRST])
    assert reading.values.tolist() == [*DAY_FIRST, *MONTH_FIRST]
    assert "%m/%d/%Y (40, such as '01/13/2020') and %d/%m/%Y (40, such as '13/01/2020')" in (
        reading.warning
    )
    with pytest.raises(RelayError, match="'13/01/2020' is not a time"):
        read([*DAY_FIRST, *MONTH_FIRST], "datetime")
    few = read([*DAY_FIRST, "02/13/2020"])
    assert "day and month are swapped" in few.warning


@pytest.mark.parametrize("share", [1, 50, 99])
def test_times_without_an_offset_beside_others_are_utc_with_a_warning(share: int) -> None:
    times = [f"{day}T10:00:00" for day in ISO]
    reading = read([*times[:share], *[f"{time}+02:00" for time in times[share:]]])
    assert reading.values.iloc[0] == pd.Timestamp("2020-01-01 10:00")
    assert reading.values.iloc[99] == pd.Timestamp("2020-05-20 08:00")
    assert reading.warning.startswith(f"{share} of 100 times have no offset from UTC")
    assert "the first in row 1 of the data" in reading.warning


def test_several_offsets_become_utc_with_a_warning_and_one_with_a_note() -> None:
    summer, winter = [f"{d}T10:00:00+02:00" for d in ISO], [f"{d} 10:00:00+0100" for d in ISO]
    both = read([*summer, *winter])
    assert both.values.iloc[0] == pd.Timestamp("2020-01-01 08:00")
    assert both.values.iloc[-1] == pd.Timestamp("2020-05-20 09:00")
    assert "2 offsets from UTC (+01:00, +02:00)" in both.warning.replace("+0100", "+01:00")
    reading = read(summer)
    assert (reading.warning, reading.note) == (
        "",
        "times with the offset +02:00 from UTC, which are in UTC now",
    )
    assert not read([f"{day}T10:00:00Z" for day in ISO] * 2 + [f"{ISO[0]}T10:00:00+00:00"]).warning


@pytest.mark.parametrize(
    ("days", "far"),
    [
        (ISO, "9999-12-31"), (ISO, "2608-01-01"), (ISO, "0001-01-01"), (DAY_FIRST, "31/12/9999"),
        ([day.replace("-", "") for day in ISO], "99991231"),
        ([f"{day}T10:00:00.123456789" for day in ISO], "9999-12-31T00:00:00"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("count", [1, 40])
def test_dates_that_other_libraries_cannot_hold_are_kept_with_a_warning(
    days: list[str], far: str, count: int
) -> None:
    reading = read(with_some(days, far, count))
    assert not reading.values.isna().any()
    assert reading.values.iloc[-1].year in (1, 2608, 9999)
    assert f"{count} of 100 dates are before 1678 or after 2261, '{far}'" in reading.warning
    assert setting("data.read.missing_values", [far]) in reading.warning


def test_far_dates_of_typed_columns_are_a_warning_as_well() -> None:
    column = pd.Series(["2020-01-01", "9999-12-31"], name="x").astype("datetime64[us]")
    warning = read_column(column, None, convention_of(pd.DataFrame())).warning
    assert "1 of 2 dates are before 1678 or after 2261, '9999-12-31'" in warning


@pytest.mark.parametrize(
    "texts",
    [
        [f"{year}-{(year + 1) % 100:02d}" for year in range(1990, 2023)],
        [f"{i % 20}.{i % 23}.{10 + i % 80}" for i in range(200)],
        [f"{10 + i % 89}-{10 + i % 83}-{1000 + i}" for i in range(200)],
        [f"A {i}" for i in range(100)],
        [f"Toy Story {i} (1995)" for i in range(100)],
    ],
)
def test_seasons_versions_and_part_numbers_are_not_dates(texts: list[str]) -> None:
    reading = read(texts)
    assert reading.values.tolist() == texts
    assert not reading.warning


@pytest.mark.parametrize(
    "texts",
    [
        [f"{year}Q{quarter}" for year in range(1990, 2010) for quarter in range(1, 5)],
        [f"{year}-W{week:02d}" for year in range(2010, 2013) for week in range(1, 50)],
        [f"{day}. M\u00e4rz {year}" for year in range(2010, 2015) for day in range(1, 28)],
        [f"{day} f\u00e9vrier {year}" for year in range(2010, 2015) for day in range(1, 28)],
        [f"{day}th Jan {year}" for year in range(2010, 2015) for day in range(4, 20)],
        [f"Mi, {day:02d}.01.{year}" for year in range(2010, 2015) for day in range(4, 20)],
    ],
)
def test_dates_in_unsupported_forms_are_a_warning_if_nothing_is_learned_from_them(
    texts: list[str],
) -> None:
    assert f"such as '{texts[0]}', in a form that is not read" in read(texts).warning
    has_month = texts[0][-5:] == " 2010" and not texts[0].startswith("Mi")
    warning = read(texts[:30] * 10).warning  # classes, which are learned from
    assert bool(warning) == has_month
    assert not has_month or "their order in time is not learned from" in warning


def test_days_are_counted_in_any_unit_and_year() -> None:
    units: tuple[Literal["datetime64[s]", "datetime64[us]"], ...] = (
        "datetime64[s]",
        "datetime64[us]",
    )
    for unit in units:
        times = pd.Series(["1970-01-02T12:00", None, "9999-12-31"]).astype(unit)
        assert days_since_1970(times).tolist()[::2] == [1.5, 2932896.0]
        assert pd.isna(days_since_1970(times)[1])
    aware = pd.Series(pd.to_datetime(["1970-01-02T02:00+02:00"]))
    assert days_since_1970(aware).tolist() == [1.0]


def test_a_given_format_is_strict_and_its_error_names_the_value() -> None:
    column = pd.Series(["2020-01-01", "2021-02-30"], name="x", dtype="str")
    with pytest.raises(RelayError, match=r"row 2 .*'2021-02-30'.*missing_values=\[2021-02-30\]'"):
        to_dtype(column, "datetime:%Y-%m-%d")
