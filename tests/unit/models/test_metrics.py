"""Metrics: plain, finite numbers, or nothing where one is undefined."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from relay.models.metric_names import HIGHER_IS_BETTER, PRIMARY, TableTask
from relay.models.metrics import score, score_forecasts


def test_regression_has_its_six_metrics() -> None:
    assert score("regression", [1.0, 2.0, 4.0], [1.0, 3.0, 3.0]) == pytest.approx(
        {
            "r2": 1 - 2 / (14 / 3),
            "mae": 2 / 3,
            "mse": 2 / 3,
            "rmse": math.sqrt(2 / 3),
            "mape": (0 + 1 / 2 + 1 / 4) / 3,
            "log_mae": (0 + math.log(3 / 2) + math.log(4 / 3)) / 3,
        }
    )


def test_values_are_plain_floats() -> None:
    metrics = score("regression", pd.Series([1, 2, 3]), np.array([1.0, 2.0, 2.0], dtype=np.float32))
    assert {type(value) for value in metrics.values()} == {float}


def test_mape_is_left_out_where_an_actual_value_is_zero() -> None:
    assert "mape" not in score("regression", [0.0, 1.0], [0.5, 1.0])


def test_the_error_of_logarithms_is_left_out_where_a_value_has_none() -> None:
    assert "log_mae" not in score("regression", [1.0, 2.0], [1.0, -1.0])
    assert "log_mae" not in score("regression", [0.0, 2.0], [1.0, 1.0])


def test_r2_is_left_out_where_the_actual_values_are_constant() -> None:
    metrics = score("regression", [2.0, 2.0], [1.0, 2.0])
    assert "r2" not in metrics
    assert metrics["mae"] == 0.5


def test_predictions_that_overflow_leave_no_infinite_metric() -> None:
    metrics = score("regression", [1.0, 2.0], [1e200, -1e200])
    assert metrics
    assert all(math.isfinite(value) for value in metrics.values())
    assert score("regression", [1.0, 2.0], [math.nan, 1.0]) == {}


def test_classification_without_probabilities_has_three_metrics() -> None:
    metrics = score("classification", ["a", "a", "b", "b"], ["a", "b", "b", "b"])
    assert metrics == pytest.approx(
        {"accuracy": 0.75, "balanced_accuracy": 0.75, "f1": (2 / 3 + 4 / 5) / 2}
    )


def test_binary_roc_auc_is_of_the_second_class() -> None:
    proba = [[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]]
    truth = [False, True, True]
    metrics = score("classification", truth, [False, True, True], proba, [False, True])
    assert metrics["roc_auc"] == 1.0
    assert metrics["log_loss"] == pytest.approx(-np.mean(np.log([0.9, 0.6, 0.8])))
    assert metrics["brier"] == pytest.approx((0.1**2 + 0.4**2 + 0.2**2) / 3)


def test_the_order_of_the_classes_is_that_of_the_probabilities() -> None:
    proba = np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.1, 0.3, 0.6], [0.5, 0.3, 0.2]])
    truth = ["b", "c", "a", "c"]
    metrics = score("classification", truth, ["b", "c", "a", "b"], proba, ["b", "c", "a"])
    same = score("classification", truth, ["b", "c", "a", "b"], proba[:, [2, 0, 1]], list("abc"))
    assert metrics == pytest.approx(same)
    assert metrics["log_loss"] == pytest.approx(-np.mean(np.log([0.7, 0.7, 0.6, 0.3])))


def test_roc_auc_is_left_out_where_a_class_is_absent() -> None:
    proba = [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1]]
    metrics = score("classification", ["a", "b"], ["a", "b"], proba, ["a", "b", "c"])
    assert "roc_auc" not in metrics
    assert "log_loss" in metrics


def test_with_an_unknown_class_only_metrics_of_labels_are_left() -> None:
    metrics = score(
        "classification", ["a", "new"], ["a", "b"], [[0.9, 0.1], [0.2, 0.8]], ["a", "b"]
    )
    assert set(metrics) == {"accuracy", "balanced_accuracy", "f1"}


def test_labels_are_compared_as_texts() -> None:
    truth = pd.Series([True, False], dtype="boolean")
    assert score("classification", truth, ["True", "False"])["accuracy"] == 1.0
    categories = pd.Series(["x", "y"], dtype="category")
    assert score("classification", categories, np.array(["x", "y"]))["accuracy"] == 1.0


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_no_rows_have_no_metrics(task: TableTask) -> None:
    assert score(task, [], []) == {}


def test_every_metric_has_a_direction() -> None:
    proba = [[0.9, 0.1], [0.4, 0.6]]
    metrics = {
        *score("regression", [1.0, 2.0], [1.0, 2.5]),
        *score("classification", ["a", "b"], ["a", "b"], proba, ["a", "b"]),
        *score_forecasts(np.array([1.0, 2.0]), np.array([1.0, 2.5]), np.ones(2)),
    }
    assert metrics == set(HIGHER_IS_BETTER)
    assert set(PRIMARY.values()) <= metrics


def test_forecasts_are_scored_in_units_of_the_naive_error_of_their_series() -> None:
    actual, predicted = np.array([10.0, 0.0, 30.0]), np.array([12.0, 0.0, 20.0])
    metrics = score_forecasts(actual, predicted, np.array([2.0, 1.0, 5.0]))
    assert metrics["mase"] == pytest.approx((2 / 2 + 0 / 1 + 10 / 5) / 3)
    assert metrics["smape"] == pytest.approx((200 * 2 / 22 + 0 + 200 * 10 / 50) / 3)
    assert metrics["mae"] == pytest.approx(4)
    assert metrics["rmse"] == pytest.approx(((4 + 0 + 100) / 3) ** 0.5)


def test_values_of_a_constant_series_have_no_mase() -> None:
    actual, predicted = np.array([1.0, 5.0]), np.array([2.0, 5.0])
    assert score_forecasts(actual, predicted, np.array([0.5, np.nan]))["mase"] == 2.0
    assert "mase" not in score_forecasts(actual, predicted, np.array([np.nan, 0.0]))
