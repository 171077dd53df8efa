"""Columns, read as a dtype word."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from relay.tables.reading.columns.dtypes import to_dtype
from relay.util.errors import ConfigError, RelayError


def series(*values: Any) -> pd.Series:
    return pd.Series(values, name="x")


@pytest.mark.parametrize(
    ("values", "spec", "expected"),
    [
        (("1", "2"), "int", [1, 2]),
        ((1.0, 2.0), "int", [1, 2]),
        (("1.5", "2"), "float", [1.5, 2.0]),
        ((True, False), "float", [1.0, 0.0]),
        (("yes", "No"), "bool", [True, False]),
        ((1, 0), "bool", [True, False]),
        ((1, 2), "str", ["1", "2"]),
        ((1, 2), "category", [1, 2]),
        (("31/12/2020",), "datetime:%d/%m/%Y", [pd.Timestamp("2020-12-31")]),
        (
            ("31/12/2020", "1/2/2020"),
            "datetime",
            [pd.Timestamp(2020, 12, 31), pd.Timestamp(2020, 2, 1)],
        ),
        ((20201231,), "datetime:%Y%m%d", [pd.Timestamp("2020-12-31")]),
        (("2020-12-31T10:00:00+02:00",), "datetime", [pd.Timestamp("2020-12-31 08:00")]),
    ],
)
def test_each_dtype_word_has_its_meaning(values: Any, spec: str, expected: list[Any]) -> None:
    got = to_dtype(series(*values), spec)
    assert got.tolist() == expected
    assert str(got.dtype).startswith({"int": "int64", "float": "float64"}.get(spec, ""))


@pytest.mark.parametrize("spec", ["float", "int", "bool", "str", "category", "datetime"])
def test_missing_values_stay_missing_in_every_dtype(spec: str) -> None:
    values = series("2020", None) if spec == "datetime" else series("1", None)
    assert to_dtype(values, spec).isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("values", "spec", "message"),
    [
        (("1", "abc"), "float", r"column 'x', row 2 of the data: 'abc' is not a number"),
        (("1", "3,5"), "float", r"'data\.read\.decimal=,'\."),
        (("1.5",), "int", "1.5.* is not a whole number"),
        (("1", "maybe"), "bool", "'maybe' is not true or false"),
        (("2020-01-01", "soon"), "datetime", "'soon' is not a time"),
        (("31/12/2020", "12/31/2020"), "datetime:%d/%m/%Y", "row 2.*12/31/2020"),
    ],
)
def test_a_value_that_does_not_fit_is_named(values: Any, spec: str, message: str) -> None:
    with pytest.raises(RelayError, match=message):
        to_dtype(series(*values), spec)


def test_an_unknown_dtype_word_is_an_error_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"data\.dtypes\.x: 'flaot'.*Did you mean 'float'"):
        to_dtype(series(1), "flaot")
