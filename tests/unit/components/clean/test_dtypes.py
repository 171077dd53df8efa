"""Columns of texts become what all their values are."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from relay.util.errors import RelayError
from tests.made_clean import clean


def inferred(*values: Any) -> pd.Series:
    columns = {"x": list(values), "y": [i + 0.5 for i in range(len(values))]}
    column: pd.Series = clean(columns, drop_duplicates=False).table["x"]
    return column


def test_the_formats_of_dates_are_reported() -> None:
    done = clean(
        {
            "day": ["13/04/2024", "02/05/2024"],
            "iso": ["2024-01-02", "2024-01-03"],
            "given": ["20240101", None],
            "open": ["24.12.2024", "01.02.2024"],
            "text": ["a", "b"],
            "y": [1.5, 2.5],
        },
        dtypes={"given": "datetime:%Y%m%d", "open": "datetime"},
    )
    assert done.read_as == {
        "day": "datetime:%d/%m/%Y", "iso": "datetime:ISO8601",
        "given": "datetime:%Y%m%d", "open": "datetime:%d.%m.%Y",
    }  # fmt: skip


def test_texts_that_are_all_yes_or_no_are_booleans() -> None:
    assert inferred("Yes", "no", "YES").tolist() == [True, False, True]
    assert inferred("true", "False").tolist() == [True, False]
    assert inferred("yes", "no", "perhaps").dtype == "str"
    assert inferred("yes", None, "no").dtype == "str"


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (("2020-02-01", "2020-12-31"), "2020-02-01"),
        (("2020-02", None), "2020-02-01"),
        (("2020-02-01T10:30:00Z",), "2020-02-01 10:30"),
        (("01/02/2020", "31/12/2020"), "2020-02-01"),
        (("02/01/2020", "12/31/2020"), "2020-02-01"),
        (("01.02.2020", "02.02.2020"), "2020-02-01"),
        (("01/02/2020 10:30", "31/12/2020 11:45"), "2020-02-01 10:30"),
        (("1.2.2020 10:30:05",), "2020-02-01 10:30:05"),
    ],
)
def test_texts_that_are_all_dates_are_times(values: Any, first: str) -> None:
    assert inferred(*values).iloc[0] == pd.Timestamp(first)


def test_a_given_dtype_stands_above_what_is_inferred() -> None:
    done = clean({"x": ["01/02/2020"] * 2, "y": [1.5, 2.5]}, dtypes={"x": "datetime:%d/%m/%Y"})
    assert done.table["x"].iloc[0] == pd.Timestamp("2020-02-01")
    assert (
        clean({"x": ["yes", "no"], "y": [1.5, 2.5]}, dtypes={"x": "str"}).table["x"].dtype == "str"
    )


def test_numbers_with_a_few_broken_texts_are_an_error_that_names_them() -> None:
    values = [f"{i}.5" for i in range(98)] + ["1.000.5", "x"]
    with pytest.raises(
        RelayError,
        match=r"has numbers, except 2 of 100 values.*row 99.*'1\.000\.5', 'x'.*missing_values",
    ):
        inferred(*values)


def test_codes_that_are_mostly_digits_stay_texts() -> None:
    assert inferred(*(["1", "2", "3"] * 40), "K").dtype == "str"


def test_numbers_too_long_for_a_number_stay_texts() -> None:
    values = [f"{10**30 + i}" for i in range(100)]
    assert inferred(*values).tolist() == values


def test_infinite_values_are_missing() -> None:
    assert inferred(1.0, float("inf"), -float("inf")).isna().tolist() == [False, True, True]


def test_the_century_of_years_of_two_digits_is_reported() -> None:
    done = clean({"x": ["25/11/33", "01/02/71", "13/12/74"], "y": [0.5, 1.5, 2.5]})
    assert done.read_as == {"x": "datetime:%d/%m/%y"}
    assert done.notes == {"x": "years of two digits, taken as 1971 to 2033"}
    assert done.warnings == {}


def test_years_of_two_digits_that_would_be_far_ahead_are_warned_of() -> None:
    done = clean({"x": ["25/11/63", "01/02/71", "13/12/74"], "y": [0.5, 1.5, 2.5]})
    assert done.table["x"].dt.year.tolist() == [2063, 1971, 1974]
    assert done.warnings["x"].startswith(
        "years of two digits, taken as 1971 to 2063: 1 of 3 are in 2045 or later."
    )
