"""Bootstrap intervals: the metrics of draws, and what may be chance."""

from __future__ import annotations

import numpy as np
import pytest

from relay.models.bootstrap import gain, gain_interval, interval, resampled, statistic
from relay.models.metric_names import HIGHER_IS_BETTER
from relay.models.predictions import ScoredPredictions

RANDOM = np.random.default_rng(0)
ROWS = 40


def regression(noise: float = 1.0, rows: int = ROWS) -> ScoredPredictions:
    actual = np.linspace(10, 20, rows)
    return ScoredPredictions("regression", actual, actual + noise * RANDOM.normal(size=rows))


def classification(labels: str = "abc") -> ScoredPredictions:
    actual = RANDOM.choice([*labels], ROWS)
    # rounded, so that some scores are equal
    raw = RANDOM.dirichlet(np.ones(len(labels)), ROWS).round(1) + 0.05
    probabilities = raw / raw.sum(axis=1, keepdims=True)
    predicted = np.array([*labels])[probabilities.argmax(axis=1)]
    return ScoredPredictions("classification", actual, predicted, probabilities, [*labels])


def forecast() -> ScoredPredictions:
    actual, scales = np.linspace(10, 20, ROWS), np.repeat([2.0, np.nan], ROWS // 2)
    predicted = actual + RANDOM.normal(size=ROWS)
    return ScoredPredictions("forecast", actual, predicted, scales=scales)


OUTCOMES = {
    "ahead": forecast(),
    "numbers": regression(),
    "two": classification("ab"),
    "three": classification(),
}


def test_there_is_an_outcome_below_for_each_metric() -> None:
    assert {name for outcome in OUTCOMES.values() for name in outcome.metrics} == set(
        HIGHER_IS_BETTER
    )


@pytest.mark.parametrize(
    ("key", "metric"),
    [(key, metric) for key, outcome in OUTCOMES.items() for metric in outcome.metrics],
)
def test_the_metric_of_a_draw_is_that_of_its_rows(key: str, metric: str) -> None:
    outcome = OUTCOMES[key]
    drawn = [np.arange(ROWS), RANDOM.integers(0, ROWS, ROWS), RANDOM.integers(0, ROWS, ROWS)]
    draws = np.array([np.bincount(rows, minlength=ROWS) for rows in drawn], dtype=float)
    expected = [outcome.at(rows).metrics[metric] for rows in drawn]
    np.testing.assert_allclose(statistic(metric, outcome)(draws), expected)


@pytest.mark.parametrize("outcome", OUTCOMES.values(), ids=OUTCOMES)
def test_a_metric_without_draws_is_an_error_and_not_another_metric(
    outcome: ScoredPredictions,
) -> None:
    with pytest.raises(NotImplementedError, match="'median_error'"):
        statistic("median_error", outcome)


def test_a_class_that_is_not_in_a_draw_counts_as_in_the_metrics_themselves() -> None:
    outcome = OUTCOMES["three"]
    rows = np.flatnonzero(outcome.actual != "c")
    draws = np.bincount(rows, minlength=ROWS)[None, :].astype(float)
    with np.errstate(all="ignore"):
        for metric in ("balanced_accuracy", "f1"):
            values = statistic(metric, outcome)(draws)
            assert values[0] == pytest.approx(outcome.at(rows).metrics[metric])
        assert np.isnan(statistic("roc_auc", outcome)(draws)[0])


def test_the_interval_of_a_mean_is_that_of_its_standard_error() -> None:
    outcome = regression(rows=2000)
    errors = np.abs(outcome.actual - outcome.predicted)
    bounds = interval(outcome, "mae", 0.95)
    assert bounds is not None
    width = 2 * 1.96 * errors.std() / np.sqrt(len(errors))
    assert bounds[1] - bounds[0] == pytest.approx(width, rel=0.05)
    assert bounds[0] < outcome.metrics["mae"] < bounds[1]


def test_more_confidence_takes_a_wider_interval() -> None:
    outcome = regression()
    some, more = interval(outcome, "r2", 0.5), interval(outcome, "r2", 0.99)
    assert some is not None and more is not None
    assert more[0] < some[0] < some[1] < more[1]


def test_the_same_rows_have_the_same_interval() -> None:
    outcome = regression()
    assert interval(outcome, "r2", 0.9) == interval(outcome, "r2", 0.9)


def test_a_gain_is_positive_where_ours_is_better_whichever_way_that_is() -> None:
    assert gain(0.9, 0.8, "r2") == pytest.approx(0.1)
    assert gain(2.0, 3.0, "mae") == pytest.approx(1.0)
    good, bad = regression(0.1), regression(3.0)
    for metric in ("r2", "mae"):
        better, worse = gain_interval(good, bad, metric, 0.9), gain_interval(bad, good, metric, 0.9)
        assert better is not None and better[0] > 0
        assert worse is not None and worse[1] < 0


def test_what_is_hard_for_both_models_cancels_out() -> None:
    theirs = regression(5.0)
    closer = theirs.predicted + 0.02 * (theirs.actual - theirs.predicted)
    ours = ScoredPredictions("regression", theirs.actual, closer)
    paired, alone = gain_interval(ours, theirs, "mae", 0.95), interval(ours, "mae", 0.95)
    assert paired is not None and alone is not None
    assert 0 < paired[0] < paired[1] < (alone[1] - alone[0]) / 5


def test_too_few_rows_have_no_interval() -> None:
    assert interval(regression(rows=9), "r2", 0.95) is None
    assert interval(regression(rows=10), "r2", 0.95) is not None


def test_a_metric_that_most_draws_lack_has_no_interval() -> None:
    labels = np.array(["a"] * 19 + ["b"])
    scores = np.column_stack([np.linspace(0.9, 0.1, 20), np.linspace(0.1, 0.9, 20)])
    outcome = ScoredPredictions("classification", labels, labels, scores, ["a", "b"])
    assert interval(outcome, "roc_auc", 0.95) is not None  # b is in 64 % of the draws
    rare = ScoredPredictions("classification", np.array(["a"] * 20), labels, scores, ["a", "b"])
    assert interval(rare, "roc_auc", 0.95) is None


def test_many_rows_take_fewer_draws() -> None:
    (few,), (many,) = (resampled([regression(rows=rows)], "mae") for rows in (100, 100_000))
    assert (len(few), len(many)) == (2000, 400)
