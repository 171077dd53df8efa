"""Columns of texts: the numbers, truths and dates in them, in the forms that people write."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from relay.tables.reading.columns.column_reading import Reading
from relay.tables.reading.columns.dtypes import to_dtype
from relay.tables.reading.columns.type_inference import convention_of, read_column
from relay.util.errors import RelayError


def read(*texts: Any, beside: tuple[str, ...] = (), separator: str = ",", **more: Any) -> Reading:
    """Read a column of these texts; `beside` is another column of the same file."""
    columns = {"x": pd.Series(texts, dtype="str")}
    if beside:
        columns["beside"] = pd.Series(beside, dtype="str")
    table = pd.DataFrame(columns)
    convention = convention_of(table, separator=separator)
    return read_column(table["x"], None, convention, **more)


@pytest.mark.parametrize(
    ("texts", "numbers", "word"),
    [
        (("1", "-2"), [1, -2], None),
        (("1.5", "1e3", ".5", "+2"), [1.5, 1000.0, 0.5, 2.0], None),
        (("1,5", "-2,25"), [1.5, -2.25], "float:1.234,56"),
        (("1.234,56", "7,1"), [1234.56, 7.1], "float:1.234,56"),
        (("1,234.56", "7.1"), [1234.56, 7.1], "float:1,234.56"),
        (("1.234.567", "1.000"), [1234567, 1000], "float:1.234,56"),
        (("12,34,567", "1,000"), [1234567, 1000], "float:1,234.56"),
        (("1 234,5", "1\u00a0234\u202f567,5"), [1234.5, 1234567.5], "float:1 234,56"),
        (("1'234.5", "7.25"), [1234.5, 7.25], "float:1'234.56"),
        (("$1,200", "$ 7", "-$3", "$-4"), [1200, 7, -3, -4], "float:1,234.56"),
        (("3,50 €", "4 €"), [3.5, 4.0], "float:1.234,56"),
        (("EUR 3.50", "4.00"), [3.5, 4.0], "float:1,234.56"),
        (("12 %", "7.5%"), [12.0, 7.5], "float:1,234.56"),
        (("(1,200.50)", "7.25"), [-1200.5, 7.25], "float:1,234.56"),
        (("1,5E-03", "2,5"), [0.0015, 2.5], "float:1.234,56"),
        (("−5,5", "1"), [-5.5, 1.0], "float:1.234,56"),
        (("1.234,50\u00a0€", "12\u202f€"), [1234.5, 12], "float:1.234,56"),
        (("$\u00a01,200.5", "$\u20097"), [1200.5, 7], "float:1,234.56"),
        (("12,5\u202f%", "7\u00a0%"), [12.5, 7.0], "float:1.234,56"),
    ],
)
def test_numbers_are_read_as_people_write_them(
    texts: tuple[str, ...], numbers: list[float], word: str | None
) -> None:
    reading = read(*texts)
    assert reading.values.tolist() == numbers
    assert reading.word == word


@pytest.mark.parametrize(
    ("beside", "separator", "value"),
    [
        (("1,5", "2"), ",", 1.234),
        (("0,125", "2"), ",", 1.234),
        (("1.5", "2"), ",", 1234),
        (("a", "b"), ",", 1234),
        (("a", "b"), ";", 1.234),
        (("1.5", "2"), ";", 1234),
    ],
)
def test_other_columns_or_else_the_separator_decide_what_1_comma_234_is(
    beside: tuple[str, ...], separator: str, value: float
) -> None:
    assert read("1,234", "5,678", beside=beside, separator=separator).values.iloc[0] == value


def test_a_point_parts_thousands_only_where_commas_are_decimal_beyond_doubt() -> None:
    assert read("1.234", "5.678", beside=("1,5", "2")).values.tolist() == [1234, 5678]
    assert read("1.234", "5.678", beside=("a", "b"), separator=";").values.iloc[0] == 1.234
    assert read("1.234", "5.67", beside=("1,5", "2")).values.tolist() == [1.234, 5.67]


@pytest.mark.parametrize(
    "texts", [("5 %", "0.05"), ("$5", "€7"), ("12 kg", "13 kg"), ("1-2", "3-4"), ("1.2.3", "1.2.4")]
)
def test_mixed_units_and_what_only_looks_like_numbers_stay_texts(texts: tuple[str, ...]) -> None:
    assert read(*texts).values.tolist() == list(texts)


def test_codes_with_zeros_before_them_stay_texts_and_it_is_noted() -> None:
    reading = read("00501", "10001")
    assert reading.values.tolist() == ["00501", "10001"]
    assert "zeros" in reading.note
    assert read("0", "10", "0.5").values.tolist() == [0.0, 10.0, 0.5]


def test_a_question_mark_among_numbers_is_a_missing_value_and_it_is_noted() -> None:
    reading = read("130", "?", "165", "-")
    assert reading.values.isna().tolist() == [False, True, False, True]
    assert reading.note == "taken as missing among numbers: '?' 1, '-' 1"


def test_a_word_among_many_numbers_is_an_error_in_every_format() -> None:
    texts = [f"{i},5" for i in range(50)] + ["soon"]
    with pytest.raises(RelayError, match=r"except 1 of 51 values.*row 51.*'soon'"):
        read(*texts)


def test_numbers_of_a_given_format_are_read_alike_elsewhere() -> None:
    column = pd.Series(["1.234", "?", None, "5 €"], name="x", dtype="str")
    assert to_dtype(column, "float:1.234,56").tolist()[::3] == [1234.0, 5.0]
    with pytest.raises(RelayError, match=r"'x', row 1 .*'1.5.2' is not a number such as 1.234,56"):
        to_dtype(pd.Series(["1.5.2"], name="x"), "float:1.234,56")


@pytest.mark.parametrize(
    "words", [("yes", "no"), ("Y", "N"), ("t", "f"), ("ja", "Nein"), ("oui", "non"), ("sí", "no")]
)
def test_pairs_of_words_are_booleans(words: tuple[str, str]) -> None:
    reading = read(*words, words[0])
    assert reading.values.tolist() == [True, False, True]
    assert reading.word == "bool"
    assert to_dtype(pd.Series(words), "bool").tolist() == [True, False]


@pytest.mark.parametrize("texts", [("t", "t"), ("yes", "non"), ("m", "f"), ("yes", None)])
def test_other_words_are_texts(texts: tuple[str, ...]) -> None:
    assert read(*texts).values.dtype == "str"


def test_a_targets_words_are_names_of_classes_and_its_numbers_numbers() -> None:
    assert read("yes", "no", names_classes=True).values.tolist() == ["yes", "no"]
    assert read("True", "False", names_classes=True).values.tolist() == [True, False]
    assert read("$1,200", "$900", names_classes=True).values.tolist() == [1200, 900]
    assert read("2020-01-01", "x", names_classes=True).values.dtype == "str"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2020-12-31", "2020-12-31"),
        ("2020/12/31", "2020-12-31"),
        ("12/31/2020", "2020-12-31"),
        ("31/12/2020", "2020-12-31"),
        ("31-12-2020 23:05", "2020-12-31 23:05"),
        ("31.12.2020", "2020-12-31"),
        ("31.12.20", "2020-12-31"),
        ("12/31/20 11:05 PM", "2020-12-31 23:05"),
        ("12/31/2020, 11:05:30PM", "2020-12-31 23:05:30"),
        ("31-Dec-2020", "2020-12-31"),
        ("31 December 2020", "2020-12-31"),
        ("Dec 31, 2020", "2020-12-31"),
        ("December 2020", "2020-12-01"),
        ("12/2020", "2020-12-01"),
        ("31/12/2020 10:30:05.25", "2020-12-31 10:30:05.25"),
        ("2020/12", "2020-12-01"),
        ("20201231T230500Z", "2020-12-31 23:05"),
        ("2020-12-31 23:05:00 UTC", "2020-12-31 23:05"),
        ("31.12.2020 23:05 +02:00", "2020-12-31 21:05"),
        ("Thu, 31 Dec 2020 23:05:00 +0000", "2020-12-31 23:05"),
        ("Thursday, December 31, 2020", "2020-12-31"),
        ("٢٠٢٠-١٢-٣١", "2020-12-31"),
        ("31\u00a0Dec\u00a02020", "2020-12-31"),
    ],
)
def test_dates_are_read_in_common_forms(text: str, time: str) -> None:
    reading = read(text, None)
    assert reading.values.iloc[0] == pd.Timestamp(time)
    assert reading.word is not None
    assert to_dtype(pd.Series([text]), reading.word).iloc[0] == pd.Timestamp(time)


def test_texts_keep_their_own_blanks_and_digits() -> None:
    texts = ["2\u00a0rooms", "room ٧", "none at all"]
    assert read(*texts).values.tolist() == texts


def test_eight_digits_are_a_date_only_where_many_of_them_are() -> None:
    days = [f"202401{day:02d}" for day in range(1, 21)]
    assert read(*days).values.iloc[19] == pd.Timestamp("2024-01-20")
    assert read(*days, *[f"2024{i}" for i in range(5000, 5010)]).values.iloc[0] == 20240101
    assert read(*days, "7").values.iloc[0] == 20240101
    assert read("20240101", "20240102").values.iloc[0] == 20240101


@pytest.mark.parametrize(
    "text", ["10.1.1.7", "1/2", "Room 2020", "10:30", "2020-13-01", "A-1-2020"]
)
def test_what_only_looks_like_a_date_stays_a_text(text: str) -> None:
    assert read(text, text).values.tolist() == [text, text]
