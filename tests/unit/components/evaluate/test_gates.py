"""Thresholds of `evaluate`."""

from __future__ import annotations

import pytest

from relay.models.baselines import missed_thresholds
from relay.step.params import validate
from relay.util.errors import ConfigError
from tests.loading import load

Params = load("evaluate", "params").Params


def test_a_value_at_its_threshold_is_good_enough() -> None:
    assert missed_thresholds({"r2": 0.4, "rmse": 3.0}, {"r2": 0.4, "rmse": 3.0}) == []


def test_a_score_below_its_threshold_is_a_violation_that_names_the_setting() -> None:
    assert missed_thresholds({"r2": 0.31}, {"r2": 0.4}) == [
        "r2 is 0.31, below the threshold 0.4 (evaluate.thresholds.r2)"
    ]


@pytest.mark.parametrize("metric", ["mae", "mse", "rmse", "mape", "log_loss"])
def test_the_threshold_of_an_error_is_a_maximum(metric: str) -> None:
    assert missed_thresholds({metric: 1.0}, {metric: 2.0}) == []
    assert missed_thresholds({metric: 3.0}, {metric: 2.0}) == [
        f"{metric} is 3, above the threshold 2 (evaluate.thresholds.{metric})"
    ]


def test_a_metric_that_was_not_computed_misses_its_threshold() -> None:
    (line,) = missed_thresholds({"r2": 0.9}, {"f1": 0.5})
    assert "f1 could not be computed" in line


def test_all_violations_are_reported_in_the_order_of_the_thresholds() -> None:
    lines = missed_thresholds({"r2": 0.1, "mae": 9.0}, {"mae": 1.0, "r2": 0.5})
    assert [line.split()[0] for line in lines] == ["mae", "r2"]


def test_a_value_just_below_is_shown_with_the_digits_that_differ() -> None:
    (line,) = missed_thresholds({"r2": 0.399999}, {"r2": 0.4})
    assert "r2 is 0.399999, below the threshold 0.4" in line


def test_a_misspelled_metric_is_a_wrong_parameter_and_the_right_one_is_named() -> None:
    given = {"model_artifact": "m", "test_artifact": "t", "target": "y"}
    with pytest.raises(ConfigError, match=r"no metric 'rsme'. Did you mean 'rmse'"):
        validate(Params, {**given, "thresholds": "{rsme: 3}"})
