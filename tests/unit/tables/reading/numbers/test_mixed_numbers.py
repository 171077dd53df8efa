"""Columns of numbers with something beside them: read if they have one meaning, else reported."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from relay.tables.reading.columns.column_reading import Reading
from relay.tables.reading.columns.dtypes import to_dtype
from relay.tables.reading.columns.type_inference import (
    convention_of,
    read_column,
    with_plain_dtypes,
)
from relay.tables.reading.settings.dtype_words import check_dtype_word
from relay.util.errors import RelayError
from tests.made_clean import clean


def column(*texts: str | None, rows: int = 60) -> pd.Series:
    """`texts` over and over, with `{}` for a number that counts on."""
    some = [texts[i % len(texts)] for i in range(rows)]
    filled = [text and text.replace("{}", str(i)) for i, text in enumerate(some)]
    return pd.Series(filled, name="v", dtype="str")


def read(values: pd.Series, **more: Any) -> Reading:
    return read_column(values, None, convention_of(pd.DataFrame({"v": values})), **more)


@pytest.mark.parametrize(
    ("text", "first", "word"),
    [
        ("{}.5 kg", 0.5, "float:1,234.56 kg"),
        ("{},5kg", 0.5, "float:1.234,56 kg"),
        ("{} km/h", 0, "float:1,234.56 km/h"),
        ("-{}.5 °C", -0.5, "float:1,234.56 °C"),
        ("{} m²", 0, "float:1,234.56 m²"),
        ("{} zorks", 0, "float:1,234.56 zorks"),
        ("{}.5\u00a0kg", 0.5, "float:1,234.56 kg"),
        ("{},5\u2009km/h", 0.5, "float:1.234,56 km/h"),
        ("{}.5K", 0.5, "float:1,234.56 K"),
        ("{}.5m", 0.5, "float:1,234.56 m"),
        ("1{}:30", 10.5, "float:12:30"),
        ("1{}:30:36", 10.51, "float:12:30"),
        ("{}h 15m", 0.25, "float:1h 20m"),
    ],
)
def test_numbers_with_one_unit_are_read_and_it_is_noted(text: str, first: float, word: str) -> None:
    values = column(text)
    for names_classes in (False, True):
        got = read(values, names_classes=names_classes)
        assert got.values.iloc[0] == pytest.approx(first)
        assert got.word == word
        assert got.note
    assert to_dtype(values, word).tolist() == got.values.tolist()


def test_durations_of_several_units_are_hours() -> None:
    got = read(column("1h {}m", "{} min", "{} hours 30 minutes"))
    assert got.values.tolist()[:3] == pytest.approx([1, 1 / 60, 2.5])
    assert read(column("{} min")).word == "float:1,234.56 min"


@pytest.mark.parametrize(
    ("texts", "hours"),
    [
        (["0h 0m", "1h 5m", "0h 30m", "1h 10m", "1h 15m"], [0, 13 / 12, 0.5]),  # two hours only
        (["PT1H30M", "PT15M", "P1DT2H", "P2D", "-PT30S"], [1.5, 0.25, 26]),
        (
            ["1 days 02:03:00", "0 days 00:30:00", "-1 days +23:00:00", "2 days 00:00:01",
             "1 day 00:00:00"],
            [26.05, 0.5, -1],
        ),
    ],
)  # fmt: skip
def test_durations_as_programs_write_them_are_hours(texts: list[str], hours: list[float]) -> None:
    got = read(column(*texts))
    assert got.values.tolist()[:3] == pytest.approx(hours)
    assert got.word == "float:1h 20m"
    again = read_column(column(*texts), got.word, convention_of(pd.DataFrame()))
    assert again.values.tolist() == got.values.tolist()


def test_months_are_not_minutes() -> None:
    texts = [f"P{number}M" for number in range(60)]
    assert read(column(*texts)).values.tolist() == texts


@pytest.mark.parametrize("share", [1, 2, 20])
@pytest.mark.parametrize(("text", "mark"), [("{}", "."), ("{}.25", "."), ("{},25", ",")])
def test_a_minus_behind_numbers_makes_them_negative_with_a_warning(
    share: int, text: str, mark: str
) -> None:
    values = column(*[text] * (share - 1), f"{text}-")
    got = read(values)
    right = [float(text.strip("-").replace(",", ".")) for text in values]
    right = [
        -number if text.endswith("-") else number
        for number, text in zip(right, values, strict=True)
    ]
    assert got.values.tolist() == right
    assert got.word == ("float:1,234.56 -" if mark == "." else "float:1.234,56 -")
    assert f"{60 // share} of 60 values have a minus behind them, such as" in got.warning
    assert to_dtype(values, got.word).tolist() == right
    assert check_dtype_word(got.word) == got.word


def test_grades_with_a_minus_stay_texts() -> None:
    got = read(column("1", "1-", "2", "2-", "3-"))
    assert got.values.tolist()[:3] == ["1", "1-", "2"]
    assert not got.warning


@pytest.mark.parametrize("marks", [("CR", "DR"), ("N", "S"), ("up", "down", "flat")])
def test_numbers_in_several_unknown_units_stay_texts_with_a_warning(marks: tuple[str, ...]) -> None:
    values = column(*(f"{{}}.25 {mark}" for mark in marks))
    got = read(values)
    assert got.values.tolist() == values.tolist()
    assert got.warning.startswith("has numbers in several units")


def test_values_without_the_others_unit_are_taken_as_that_and_warned_of() -> None:
    got = read(column("{}.5 kg", "{}.25 Kgs", "{}.75"))
    assert got.values.tolist()[:3] == [0.5, 1.25, 2.75]
    assert "40 of 60 values are in 'kg'" in got.warning
    assert "'2.75'" in got.warning
    assert got.word == "float:1,234.56 kg?"
    assert to_dtype(column("{} kg", "{}"), got.word).tolist()[:2] == [0, 1]
    with pytest.raises(RelayError, match=r"row 2 .*'1' is not a number such as 1,234.56 kg"):
        to_dtype(column("{} kg", "{}"), "float:1,234.56 kg")


def test_thousands_and_millions_are_read_where_several_show_what_they_mean() -> None:
    assert read(column("€{}.5K")).values.tolist()[:2] == [500, 1500]
    got = read(column("{}.5K", "€{}M", "{}"))
    assert got.values.tolist()[:3] == [500, 1_000_000, 2]
    assert "40 of 60 values are in thousands (K), millions (M)" in got.warning
    assert "data.dtypes.v=str" in got.warning
    assert got.word == "float:1,234.56 K/M/B"
    assert to_dtype(column("2.5k", "3"), got.word).tolist()[:2] == [2500, 3]


@pytest.mark.parametrize(
    ("texts", "letter", "large", "as_unit"),
    [
        (["{}.5K", "{}"], "K", 500, 0.5),
        (["{}.5k", "{}"], "K", 500, 0.5),
        (["{}K", "{}"], "K", 0, 0),
        (["{}.5M", "{}"], "M", 500_000, 0.5),
    ],
)
def test_a_letter_that_may_be_a_unit_beside_bare_numbers_is_an_error(
    texts: list[str], letter: str, large: float, as_unit: float
) -> None:
    values = column(*texts)
    with pytest.raises(RelayError, match=f"column 'v': has 30 numbers with {letter}, which") as e:
        read(values)
    assert repr(values[0]) in str(e.value) and "'data.dtypes.v=float:1234.56 K/M/B'" in str(e.value)
    assert f"'data.dtypes.v=float:1234.56 {letter}?'" in str(e.value)
    assert to_dtype(values, "float:1234.56 K/M/B").tolist()[:2] == [large, 1]
    assert to_dtype(values, f"float:1234.56 {letter}?").tolist()[:2] == [as_unit, 1]


def test_letters_with_one_meaning_or_of_house_numbers_are_not_an_error() -> None:
    assert read(column("{}.5K", "{}.5M", "{}")).values.tolist()[:3] == [500, 1_500_000, 2]
    assert read(column("${}K", "{}")).values.tolist()[:3] == [0, 1, 2000]
    assert read(column("{} Mio", "{}")).values.tolist()[:3] == [0, 1, 2_000_000]
    houses = read(column("{}B", "{}", "{}"))
    assert houses.word is None and "which can mean billions or a unit" in houses.warning


@pytest.mark.parametrize("zero", ["\u0660", "\u0966", "\uff10", "\u06f0"])
def test_digits_of_other_scripts_are_numbers(zero: str) -> None:
    def foreign(number: str) -> str:
        return "".join(
            chr(ord(zero) + int(digit)) if digit.isdigit() else digit for digit in number
        )

    whole = pd.Series([foreign(str(i)) for i in range(12)], name="v", dtype="str")
    got = read(whole)
    assert got.values.tolist() == list(range(12))
    assert got.note == "digits of another script"
    assert with_plain_dtypes(whole, None).tolist() == list(range(12))
    assert to_dtype(whole, "float").tolist() == list(range(12))
    assert read(pd.Series([foreign("1.5"), "2.5"], name="v", dtype="str")).values.tolist() == [
        1.5,
        2.5,
    ]
    codes = pd.Series([foreign("007"), foreign("12")], name="v", dtype="str")
    assert read(codes).values.tolist() == codes.tolist()


def test_the_marks_of_arabic_numbers_are_read() -> None:
    values = pd.Series(["\u0661\u066b\u0665", "\u0662\u066b\u0660"], name="v", dtype="str")
    assert read(values).values.tolist() == [1.5, 2.0]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["<0.5", "{}.5", "{}"], r"20 of 60 values that are limits, the first in row 1 .*'<0\.5'"),
        (["{}.5", ">= 100", "{}"], r"20 of 60 .* limits.*missing_values=\[\">= 100\"\]'"),
        (["{}", "90+"], r"30 of 60 .* limits.*'90\+'.*float:1234\.56 limit"),
        (
            ["{}", "{}%"],
            r"30 numbers with %, such as '1%'.*30 without.*takes 10% as 10",
        ),
        (["${}", "{} €"], r"several currencies: '\$' 30, '€' 30.*data\.dtypes\.v=str"),
        ([*["{}"] * 11, "soon"], r"has numbers, except 5 of 60 values.*row 12 .*'soon'"),
        ([*["{}"] * 4, "refused"], r"12 of 60 values.*missing_values=\[refused\]'"),
        (["{}.5", "refused"], r"30 of 60 values"),
        (["{}.5", "{}.25*"], r"30 of 60 values"),
        (["{}", "{}", "{} (est.)"], r"20 of 60 values"),
        (["1{}:30", "2{}:15", "closed"], r"20 of 60 values.*'closed'"),
        (["{}h 5m", "{} min", "cancelled"], r"20 of 60 values.*'cancelled'"),
    ],
)
def test_most_are_numbers_but_what_the_others_mean_is_open_is_an_error(
    texts: list[str], message: str
) -> None:
    with pytest.raises(RelayError, match=rf"column 'v': .*{message}"):
        read(column(*texts))


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([*["refused"] * 2, "{}.5"], "has numbers, except 80 of 120 values"),
        (["{} kg", "{} lb"], "several units ('kg' 60, 'lb' 60)"),
        (["{} zorks", "{}"], "several units ('zork' 60, 'none' 60)"),
        (["1%", "2", "3"], "40 numbers with %, such as '1%', and 80 without"),
    ],
)
def test_what_stays_text_though_some_are_numbers_is_a_warning(
    texts: list[str], message: str
) -> None:
    values = column(*texts, rows=120)
    got = read(values)
    assert got.values.tolist() == values.tolist()
    assert message in got.warning
    assert "kept as texts. To have numbers, " in got.warning
    assert got.warning.endswith("If texts are right: data.dtypes.v=str")


@pytest.mark.parametrize(
    "texts",
    [
        ["C{}", "{}"],  # codes
        ["PC {}", "A/5 {}", "{}"],  # tickets
        ["1{}-99", "1{}"],  # ZIP and ZIP+4
        ["{}A", "{}B", "{}"],  # house numbers
        ["20-29", "30-39", "40-49"],
        ["1 series", "3 series", "5 series"],
        ["1 star", "2 stars", "5 stars"],
        ["0", "1", "2", "3+"],
        ["< 1 year", "2 years", "10+ years"],
        ["S", "M", "38", "40"],
        ["{} Main St", "{} Oak Avenue"],
        ["V{}", "25{}.5", "26{}"],  # diagnoses
        ["1.{}.2", "2.{}.3"],  # versions
        ["1000{} AB", "1000{} CD", "1000{} EF"],
        ["2:1", "3:0", "0:0"],
        ["Up", "300", "Alien"],
    ],
)
def test_codes_names_and_levels_stay_texts_without_a_warning(texts: list[str]) -> None:
    values = column(*texts)
    got = read(values)
    assert got.values.tolist() == values.tolist()
    assert got.warning == ""


def test_the_settings_that_are_named_decide() -> None:
    limits = column("<0.5", "{}.5")
    y = [i + 0.5 for i in range(60)]

    def cleaned(values: pd.Series, word: str) -> Any:
        return clean({"v": values, "y": y}, dtypes={"v": word}).table["v"].tolist()[:2]

    assert cleaned(limits, "float:1234.56 limit") == [0.5, 1.5]
    assert cleaned(limits, "str") == ["<0.5", "1.5"]
    assert cleaned(column("{}%", "{}"), "float:1234.56") == [0, 1]
    assert cleaned(column("${}", "€{}"), "float:1234.56") == [0, 1]
    with pytest.raises(RelayError, match=r"row 2 .*'1 lb' is not a number such as 1,234.56 kg"):
        to_dtype(column("{} kg", "{} lb"), "float:1,234.56 kg")


@pytest.mark.parametrize("word", ["float:1.234,56 kg", "float:12:30", "float:1234.56 K/M/B"])
def test_the_words_for_them_are_dtype_words(word: str) -> None:
    assert check_dtype_word(word) == word


@pytest.mark.parametrize("word", ["float:kg", "float:1234.567", "float:12:45", "float:"])
def test_others_are_not(word: str) -> None:
    with pytest.raises(ValueError, match="is not a dtype"):
        check_dtype_word(word)
