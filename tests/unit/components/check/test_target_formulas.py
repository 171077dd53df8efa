"""Formulas: several columns that together yield the target."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.loading import load

formulas = load("check", "target_formulas")
ROWS = 400


def formula_of(columns: Mapping[str, Any], target: Any, *, without: tuple[str, ...] = ()) -> Any:
    """Return the formula of `y`, beside the columns given and three that have no part in it."""
    random = np.random.default_rng(9)
    rows = len(target)
    others = {
        "hour": random.integers(0, 24, rows),
        "noise": random.normal(size=rows),
        "kind": random.choice(["a", "b"], rows),
    }
    table = pd.DataFrame({**others, **columns, "y": target})
    return formulas.find_formula(table, "y", without=without)


@pytest.fixture
def parts() -> dict[str, Any]:
    random = np.random.default_rng(0)
    return {
        "a": random.poisson(30, ROWS),
        "b": random.lognormal(1, 1, ROWS).round(2) + 0.01,
        "c": random.uniform(1, 2, ROWS),
        "flag": random.uniform(size=ROWS) < 0.5,
    }


@pytest.mark.parametrize(
    ("formula", "columns", "words"),
    [
        (lambda p: p["a"] + p["b"], ["a", "b"], "y = a + b"),
        (lambda p: p["b"] - p["a"], ["a", "b"], "y = - a + b"),
        (lambda p: p["a"] + p["b"] + p["c"], ["a", "b", "c"], "y = a + b + c"),
        (lambda p: 3 * p["a"] + 50 * p["c"] + 20, ["a", "c"], "y = 3 * a + 50 * c + 20"),
        (lambda p: p["b"] + 10 * p["flag"], ["b", "flag"], "y = b + 10 * flag"),
        (lambda p: p["a"] * p["b"], ["a", "b"], "y = a * b"),
        (lambda p: (p["a"] * p["b"]).round(2), ["a", "b"], "y = a * b"),
        (lambda p: p["b"] / p["c"] ** 2, ["b", "c"], "y = b / c^2"),
        (lambda p: 100 * p["b"] / p["a"], ["a", "b"], "y = 100 * b / a"),
    ],
)
def test_a_formula_is_found_with_its_columns(
    parts: dict[str, Any], formula: Any, columns: list[str], words: str
) -> None:
    it = formula_of(parts, formula(parts))
    assert it.columns == columns
    assert it.words == words
    assert it.exactness > 0.9999


def test_the_time_between_two_others_is_found() -> None:
    random = np.random.default_rng(0)
    start = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.uniform(0, 1e6, ROWS), unit="min")
    minutes = random.exponential(20, ROWS)
    it = formula_of({"start": start, "end": start + pd.to_timedelta(minutes, unit="min")}, minutes)
    assert it.columns == ["start", "end"]
    assert it.words == "y = - 1440 * start + 1440 * end"


def test_some_missing_values_do_not_hide_it(parts: dict[str, Any]) -> None:
    target = parts["a"] + parts["b"]
    it = formula_of({**parts, "a": pd.Series(parts["a"]).mask(np.arange(ROWS) % 20 == 0)}, target)
    assert it.words == "y = a + b"


@pytest.mark.parametrize(
    "formula",
    [
        lambda p: p["a"] + p["b"] + np.random.default_rng(1).normal(0, 1, ROWS),
        lambda p: np.random.default_rng(1).normal(size=ROWS),
        lambda p: 2 * p["a"],  # one column alone: leakage.py has it
        lambda p: np.ones(ROWS),
        lambda p: np.where(p["flag"], "up", "down"),
    ],
    ids=["noisy", "other", "one column", "constant", "classes"],
)
def test_tables_without_a_formula_have_none(parts: dict[str, Any], formula: Any) -> None:
    assert formula_of(parts, formula(parts)) is None


def test_a_formula_of_columns_that_are_left_out_is_none(parts: dict[str, Any]) -> None:
    assert formula_of(parts, parts["a"] + parts["b"], without=("a",)) is None


def test_many_columns_do_not_yield_few_rows_by_chance() -> None:
    random = np.random.default_rng(0)
    wide = {f"x{place}": random.normal(size=80) for place in range(2500)}
    assert formula_of(wide, random.normal(size=80)) is None
    assert formula_of(wide, wide["x7"] - wide["x9"]).words == "y = x7 - x9"


def test_a_sum_of_more_than_twelve_columns_is_a_model_rather_than_a_formula() -> None:
    random = np.random.default_rng(0)
    many = {f"x{place}": random.normal(size=ROWS) for place in range(13)}
    assert formula_of(many, np.sum(list(many.values()), axis=0)) is None


@pytest.mark.shared
def test_real_tables_have_the_formulas_that_they_have(shared: Path) -> None:
    pokemon = pd.read_csv(shared / "pokemon.csv")
    total = formulas.find_formula(pokemon, "Total", without=())
    assert total.words == "Total = HP + Attack + Defense + Sp. Atk + Sp. Def + Speed"
    for name, target in (("diamonds", "price"), ("housing", "median_house_value")):
        table = pd.read_csv(shared / "tabular" / f"{name}.csv")
        assert formulas.find_formula(table, target, without=()) is None
