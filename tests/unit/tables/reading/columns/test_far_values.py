"""Values that repeat far from all others are reported, with the setting that decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from relay.tables.reading.columns.far_values import far_value_warning

NUMBERS = list(range(1, 58))


def warning(texts: Sequence[Any], word: str | None = None, values: object = None) -> str:
    in_file = pd.Series(texts, name="x")
    read = pd.Series(texts if values is None else values, name="x")
    return far_value_warning(read, in_file, word)


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        (
            [*NUMBERS, *[-999] * 3],
            "-999 stands in 3 of 60 rows, far from all other values (1 to",
        ),
        ([*NUMBERS, *[9999] * 4], "9999 stands in 4 of 61 rows"),
        ([*[1, 2, 3, 4, 5] * 5, *[99] * 3], "99 stands in 3 of 28 rows"),
        ([*[1950 + n for n in NUMBERS], *[0] * 3], "0 stands in 3 of 60 rows"),
        ([*[n + 0.5 for n in NUMBERS], *[-200.0] * 3, None], "-200 stands in 3 of 60 rows"),
    ],
)
def test_a_number_that_repeats_far_from_the_others_is_reported(
    numbers: list[object], shown: str
) -> None:
    assert shown in warning(numbers)


def test_a_few_of_them_are_reported_together() -> None:
    numbers = [*NUMBERS, *[-999, -998, -888] * 3]
    assert warning(numbers).startswith("-999 and -998 and -888 stand in 9 of 66 rows")
    assert 'data.read.missing_values=["-999","-998","-888"]' in warning(numbers)
    answers = warning([*[1, 2, 3, 4, 5] * 9, *[97, 98, 99] * 3])
    assert 'data.filters=["x != 97","x != 98","x != 99"]' in answers


@pytest.mark.parametrize(
    "numbers",
    [
        NUMBERS,
        [*NUMBERS, *[-999, -998, -888, -777] * 3],  # a group of its own
        [*NUMBERS, *[-999, -998] * 2],
        [*[0, 1, 2] * 9, *[80, 81, 82, 83] * 9],
        [*[100 + n for n in NUMBERS], *[-1, 0] * 9],
        [*NUMBERS, -999, -999],  # two only
        [*NUMBERS, *[-1] * 9],  # beside the others
        [0, 1] * 30,
        [*[0] * 30, *NUMBERS],
        [*[0] * 30, *[100 + n for n in NUMBERS]],  # nothing spent, or 101 to 157
        [*[1, 2, 4] * 10, *[16] * 5],
        [*NUMBERS, *[float("inf")] * 3],
        [True] * 40 + [False] * 20,
        ["a"] * 60,
        [*range(10), *[-999] * 5],  # too few rows
        [None] * 60,
    ],
)
def test_healthy_values_are_not(numbers: list[object]) -> None:
    assert warning(numbers) == ""


def test_the_setting_has_the_text_of_the_file_and_that_which_keeps_it_the_dtype() -> None:
    texts = [*(f"{n},5" for n in NUMBERS), *["-999,0"] * 3]
    text = warning(texts, "float:1.234,56", [float(text.replace(",", ".")) for text in texts])
    assert "'data.read.missing_values=[\"-999,0\"]', which is for all columns" in text
    assert "if it is right: data.dtypes.x=float:1.234,56" in text


def test_for_a_number_that_other_columns_have_the_setting_is_for_its_rows() -> None:
    assert "'data.filters=[\"x != 99\"]'" in warning([*[1, 2, 3, 4, 5] * 5, *[99] * 3])


DAYS = [f"2021-{n % 12 + 1:02d}-{n % 27 + 1:02d}" for n in NUMBERS]
BIRTHS = [f"{1940 + n}-05-06" for n in NUMBERS]


@pytest.mark.parametrize(
    ("days", "is_reported"),
    [
        ([*DAYS, *["1900-01-01"] * 3], True),
        ([*BIRTHS, *["1900-01-01"] * 3], True),
        ([*BIRTHS, *["1910-03-04"] * 3], False),
        ([*DAYS, *["2150-01-01"] * 3], True),
        ([*DAYS, *["9999-12-31"] * 3], False),  # it has a warning of its own
        (DAYS, False),
    ],
)
def test_so_is_a_date_that_stands_for_none(days: list[object], is_reported: bool) -> None:
    times = pd.to_datetime(pd.Series(days)).astype("datetime64[us]")
    text = warning(days, "datetime:ISO8601", times)
    assert bool(text) == is_reported
    assert ("data.dtypes.x=datetime:ISO8601" in text) == is_reported
