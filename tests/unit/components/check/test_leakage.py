"""Leakage hints: a column that alone reveals the target, whatever the form of the relation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.loading import load

leakage = load("check", "leakage")
RANDOM = np.random.default_rng(0)
PRICE = RANDOM.lognormal(size=500)
KIND = RANDOM.choice(["a", "b", "c"], 500)


def leaks(column: Any, target: Any, at_least: float = 0.98) -> dict[str, float]:
    table = pd.DataFrame({"x": pd.Series(column), "y": pd.Series(target)})
    leaks: dict[str, float] = leakage.find_leaks(table, "y", at_least=at_least)
    return leaks


@pytest.mark.parametrize(
    ("column", "target"),
    [
        (PRICE * 1.2 + 3, PRICE),
        (np.exp(-PRICE), PRICE),
        (PRICE, (PRICE - 1) ** 2),
        (np.searchsorted([0.5, 1, 2], PRICE), (PRICE > 1).astype(str)),
        (np.char.add("code ", KIND), KIND),
        (pd.Series(KIND).map({"a": 1.0, "b": 2.0, "c": np.nan}), KIND),
        (pd.Timestamp("2024-01-01") + pd.to_timedelta(PRICE, "D"), PRICE),
        (pd.Series(KIND, dtype="category"), pd.Series(KIND).map({"a": 10, "b": 20, "c": 30})),
    ],
    ids=["scaled", "falling", "parabola", "binned", "renamed", "coded", "time", "constant in each"],
)
def test_a_column_that_reveals_the_target_is_found(column: Any, target: Any) -> None:
    assert leaks(column, target)["x"] >= 0.98


@pytest.mark.parametrize(
    ("column", "target"),
    [
        (RANDOM.normal(size=500), PRICE),
        (PRICE + RANDOM.normal(0, 1, 500), PRICE),
        (range(500), PRICE),
        ([f"id{number}" for number in range(500)], PRICE),
        ([f"id{number}" for number in range(500)], KIND),
        ([1.0] * 500, PRICE),
        ([np.nan] * 500, KIND),
        (RANDOM.choice(["u", "v"], 500), KIND),
    ],
)
def test_what_does_not_is_not(column: Any, target: Any) -> None:
    assert leaks(column, target, at_least=0.9) == {}


def test_too_few_rows_and_a_constant_target_show_no_leak() -> None:
    assert leaks(range(20), range(20)) == {}
    assert leaks(range(50), [1.0] * 50) == {}


def test_rows_without_a_target_do_not_count() -> None:
    target = pd.Series(PRICE).mask(np.arange(500) % 3 == 0)
    assert leaks(PRICE, target)["x"] > 0.98


@pytest.mark.shared
def test_no_real_column_is_taken_for_a_leak_and_a_copy_is(shared: Path) -> None:
    table = pd.read_csv(shared / "tabular" / "diamonds.csv")
    assert leakage.find_leaks(table, "price", at_least=0.98) == {}
    table["euros"] = table["price"] * 0.9
    assert set(leakage.find_leaks(table, "price", at_least=0.98)) == {"euros"}
