"""Drift: a column that is distributed otherwise than in the data that the champion learned from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, ks_2samp

from tests.loading import load

drift = load("check", "drift")
RANDOM = np.random.default_rng(0)
ROWS = 2000


def compare(now: Any, then: Any, **options: Any) -> Any:
    tables = (pd.DataFrame({"x": pd.Series(now)}), pd.DataFrame({"x": pd.Series(then)}))
    return drift.compare(*tables, **{"psi": 0.2, "p_value": 0.001, **options})


def drift_of(now: Any, then: Any) -> Any:
    return compare(now, then).columns["x"]


def test_another_sample_of_the_same_has_not_drifted() -> None:
    measured = drift_of(RANDOM.normal(size=ROWS), RANDOM.normal(size=ROWS))
    assert measured.psi < 0.05
    assert measured.p_value > 0.001
    assert not measured.drifted


def test_numbers_that_moved_have_drifted_by_both_measures() -> None:
    now, then = RANDOM.normal(1, size=ROWS), RANDOM.normal(size=ROWS)
    measured = drift_of(now, then)
    assert measured.drifted
    assert measured.psi > 0.2
    assert measured.test == "Kolmogorov-Smirnov"
    expected = ks_2samp(now, then, method="asymp")
    assert measured.statistic == pytest.approx(expected.statistic)
    assert measured.p_value == pytest.approx(2 * expected.pvalue)


def test_a_small_difference_in_a_large_table_is_not_drift_despite_its_p_value() -> None:
    measured = drift_of(RANDOM.normal(0.1, size=50_000), RANDOM.normal(size=50_000))
    assert measured.p_value < 0.001
    assert not measured.drifted


def test_a_large_index_of_a_small_table_is_not_drift_if_it_can_be_chance() -> None:
    measured = drift_of([1.0, 2, 3, 4, 5, 6, 7, 8], [2.0, 3, 3, 4, 6, 6, 7, 9])
    assert measured.psi > 0.2
    assert not measured.drifted


def test_the_index_is_the_sum_over_classes_of_difference_times_log_ratio() -> None:
    measured = drift_of(["a"] * 80 + ["b"] * 20, ["a"] * 50 + ["b"] * 50)
    assert measured.psi == pytest.approx(0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5))
    assert measured.test == "chi-square"
    assert measured.p_value == pytest.approx(
        chi2_contingency([[80, 20], [50, 50]], correction=False).pvalue
    )
    assert measured.drifted


def test_a_class_that_was_not_there_before_is_drift_and_not_infinite() -> None:
    measured = drift_of(["a"] * 50 + ["new"] * 50, ["a"] * 100)
    assert measured.drifted
    assert np.isfinite(measured.psi)


def test_values_that_go_missing_are_drift_of_numbers_and_of_classes() -> None:
    values = RANDOM.normal(size=ROWS)
    gone = np.where(np.arange(ROWS) % 2, values, np.nan)
    assert drift_of(gone, values).drifted
    assert drift_of(gone, values).test == "chi-square of missing values"
    assert drift_of(["a", None] * 500, ["a"] * 1000).drifted


def test_times_are_compared_as_numbers() -> None:
    before = pd.date_range("2023-01-01", periods=365)
    assert drift_of(before + pd.Timedelta(days=400), before).drifted
    assert not drift_of(before, before.tz_localize("UTC")).drifted


def test_rare_texts_that_come_and_go_by_chance_are_not_drift() -> None:
    names = RANDOM.zipf(1.3, 20_000).astype(str)
    assert not drift_of(names[:10_000], names[10_000:]).drifted


def test_a_column_that_cannot_be_compared_has_the_reason() -> None:
    ids = [f"id{number}" for number in range(200)]
    assert "different texts" in compare(ids, ids[::-1]).not_compared["x"]
    assert "dtype was float64" in compare(["a"] * 9, [1.5] * 9).not_compared["x"]
    assert "ignore" in compare([1.0] * 9, [2.0] * 9, ignore=["x"]).not_compared["x"]


def test_columns_that_came_and_went_are_named() -> None:
    tables = (pd.DataFrame({"a": [1], "b": [1]}), pd.DataFrame({"a": [1], "c": [1]}))
    drifts = drift.compare(*tables, psi=0.2, p_value=0.001)
    assert (drifts.new, drifts.gone, drifts.drifted) == (["b"], ["c"], [])


@pytest.mark.parametrize("values", [[], [None, None], [1.0], [float("nan")] * 3])
def test_empty_and_tiny_columns_are_compared_without_an_error(values: list[Any]) -> None:
    measured = compare(pd.Series(values, dtype=float), pd.Series([1.0, 2.0, 3.0]))
    assert not measured.drifted or values
