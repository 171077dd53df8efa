"""Rows that repeat another go, unless they may be equal by chance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.loading import load
from tests.made_clean import clean

duplicates = load("clean", "duplicates")


def test_repeated_rows_are_removed_by_default() -> None:
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


def test_rows_that_are_equal_by_chance_stay_by_default() -> None:
    survey = {"": list(range(60)), "sex": ["f", "m"] * 30, "y": ["a", "b", "c"] * 20}
    done = clean(survey)
    assert (len(done.table), done.repeats_kept) == (60, 54)
    assert clean(survey, drop_duplicates=True).removed["duplicates"] == 54
    measured = [i / 7 for i in range(60)]
    twice = {"sex": ["f", "m"] * 30 + ["f"], "y": [*measured, measured[0]]}
    assert clean(twice).removed["duplicates"] == 1


def test_records_that_differ_in_a_dropped_id_are_not_duplicates() -> None:
    columns = {"id": [1, 2, 2], "x": [1, 1, 1], "y": [1.5, 1.5, 1.5]}
    assert len(clean(columns, drop=["id"], drop_duplicates=True).table) == 2


def passengers(rows: int = 900) -> dict[str, Any]:
    """Return records of people: columns depend on each other, and some ages are missing."""
    random = np.random.default_rng(0)
    grade = random.choice([1, 2, 3], rows, p=[0.2, 0.2, 0.6])
    sex = random.choice(["male", "female"], rows, p=[0.65, 0.35])
    fares = {1: [26.55, 30.0, 52.0, 79.2, 83.5], 2: [10.5, 13.0, 26.0], 3: [7.75, 7.9, 8.05]}
    age = random.normal(29, 14, rows).clip(1, 75).round()
    age[random.random(rows) < 0.2] = np.nan
    harbour = random.choice(["S", "C", "Q"], rows, p=[0.7, 0.2, 0.1])
    return {
        "grade": grade, "class": [f"class {level}" for level in grade], "sex": sex, "age": age,
        "is_child": age < 16, "is_male": sex == "male", "harbour": harbour,
        "town": [f"town of {port}" for port in harbour],
        "fare": [random.choice(fares[level]) * random.choice([1, 1, 2, 3]) for level in grade],
        "y": np.where(random.random(rows) < np.where(sex == "female", 0.7, 0.2), "yes", "no"),
    }  # fmt: skip


def test_different_people_with_the_same_values_are_not_duplicates() -> None:
    done = clean(passengers())
    assert done.repeats_kept > 50
    assert len(done.table) == 900


def test_copies_of_measurements_go_however_many() -> None:
    random = np.random.default_rng(0)
    values = {name: random.normal(10, 2, 500).round(2) for name in "abcdefy"}
    for copies in (1, 20, 400):
        columns = {name: [*column, *column[:copies]] for name, column in values.items()}
        done = clean(columns)
        assert done.removed["duplicates"] == copies
        assert done.repeats_shown[501] == 1


def test_a_part_of_a_large_table_decides_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "_CELLS", 50_000)
    assert duplicates.are_by_chance(pd.DataFrame(passengers(20_000)))
    values = np.random.default_rng(0).normal(10, 2, (20_000, 6)).round(2)
    assert not duplicates.are_by_chance(pd.DataFrame(np.vstack([values, values[:50]])))
