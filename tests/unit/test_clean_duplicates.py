"""Rows that repeat another go, unless they may be equal by chance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.loading import load
from tests.made_clean import clean

duplicates = load("clean", "duplicates")


def test_repeated_rows_go_unless_told_otherwise() -> None:
    columns = {"x": [1, 1, None, None, 2], "y": [1.5, 1.5, 2.5, 2.5, 2.5]}
    assert clean(columns).removed["duplicates"] == 2
    assert len(clean(columns, drop_duplicates=False).table) == 5


def test_rows_are_found_repeated_as_pandas_finds_them() -> None:
    random = np.random.default_rng(0)

    def some(*values: Any) -> list[Any]:
        return [values[place] for place in random.integers(0, len(values), 400)]

    table = pd.DataFrame(
        {
            "whole": some(0, 1, 2),
            "number": some(0.0, -0.0, 1.5, np.nan, np.inf),
            "text": pd.Series(some("a", "b", "ab", None), dtype="str"),
            "truth": some(True, False),
            "unsure": pd.array(some(True, False, None), dtype="boolean"),
            "day": pd.to_datetime(some("2020-01-01", None)),
            "kind": pd.Categorical(some("x", "y")),
            "empty": pd.Series([None] * 400, dtype="str"),
        }
    )
    assert 0 < table.duplicated().sum() < 300
    for columns in (list(table), ["number"], ["text", "day"], ["unsure", "empty"]):
        part = table[columns]
        assert duplicates.repeated_rows(part).tolist() == part.duplicated().tolist()


def test_rows_that_are_equal_by_chance_stay_unless_told_otherwise() -> None:
    survey = {"": list(range(60)), "sex": ["f", "m"] * 30, "y": ["a", "b", "c"] * 20}
    done = clean(survey)
    assert (len(done.table), done.repeats_kept) == (60, 54)
    assert clean(survey, drop_duplicates=True).removed["duplicates"] == 54
    measured = [i / 7 for i in range(60)]
    twice = {"sex": ["f", "m"] * 30 + ["f"], "y": [*measured, measured[0]]}
    assert clean(twice).removed["duplicates"] == 1


def test_records_that_differ_in_a_dropped_id_are_no_duplicates() -> None:
    columns = {"id": [1, 2, 2], "x": [1, 1, 1], "y": [1.5, 1.5, 1.5]}
    assert len(clean(columns, drop=["id"], drop_duplicates=True).table) == 2
