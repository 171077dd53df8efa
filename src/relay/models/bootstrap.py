"""Bootstrap confidence intervals of a metric, or of the gain in it.

The rows of a test set are drawn with replacement, as many as there are, and the metric is computed
on each draw (percentile bootstrap, Efron 1979). Models that are compared get the same draws, so
that rows that are hard for both cancel out. A draw is the count of each row in it, so metrics are
computed for many draws at once. Formulas are those of metrics.py; tests compare the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from relay.models.metric_names import HIGHER_IS_BETTER
from relay.models.metrics import scaled_errors, symmetric_errors
from relay.models.predictions import ScoredPredictions

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""A function from draws (draws x rows, the count of each row) to a metric of each draw."""

FEWEST_ROWS = 10
_DRAWS, _FEWEST_DRAWS = 2000, 200
_CELLS, _CELLS_AT_ONCE = 40_000_000, 4_000_000
_SEED = 0  # the same answer to the same question
_DEFINED_AT_LEAST = 0.5


def interval(
    outcome: ScoredPredictions, metric: str, confidence: float
) -> tuple[float, float] | None:
    """Return the `confidence` interval of `metric`: (low, high), or None if unknown.

    It is unknown for fewer than 10 rows, or if the metric is undefined in most draws.
    """
    (values,) = resampled([outcome], metric)
    return _middle(values, confidence)


def gain(ours: float, theirs: float, metric: str) -> float:
    """Return by how much `ours` is better than `theirs` by `metric`; negative if it is worse."""
    return ours - theirs if HIGHER_IS_BETTER[metric] else theirs - ours


def gain_interval(
    ours: ScoredPredictions, theirs: ScoredPredictions, metric: str, confidence: float
) -> tuple[float, float] | None:
    """Return the interval of the gain of `ours` over `theirs`, on the same rows, or None."""
    first, second = resampled([ours, theirs], metric)
    return _middle(first - second if HIGHER_IS_BETTER[metric] else second - first, confidence)


def resampled(outcomes: Sequence[ScoredPredictions], metric: str) -> list[Floats]:
    """Return `metric` of each of `outcomes` in each draw; NaN if it is undefined."""
    if len(outcomes[0]) < FEWEST_ROWS:
        return [np.array([]) for _ in outcomes]
    statistics = [statistic(metric, outcome) for outcome in outcomes]
    with np.errstate(all="ignore"):
        parts = [[of(draws) for of in statistics] for draws in _draws(len(outcomes[0]))]
    return [np.concatenate(values) for values in zip(*parts, strict=True)]


def statistic(metric: str, outcome: ScoredPredictions) -> Statistic:
    """Return the function that computes `metric` of draws of the rows of `outcome`."""
    if outcome.task == "forecast":
        return _forecast(metric, outcome)
    if outcome.task == "regression":
        return _regression(metric, np.asarray(outcome.actual, float), _floats(outcome.predicted))
    return _classification(metric, outcome)


def _draws(rows: int) -> Iterator[Floats]:
    random = np.random.default_rng(_SEED)
    left = max(_FEWEST_DRAWS, min(_DRAWS, _CELLS // rows))
    while left:
        size = max(1, min(left, _CELLS_AT_ONCE // rows))
        drawn = random.integers(0, rows, (size, rows)) + np.arange(size)[:, None] * rows
        counts = np.bincount(drawn.ravel(), minlength=size * rows)
        yield counts.reshape(size, rows).astype(np.float64)
        left -= size


def _middle(values: Floats, confidence: float) -> tuple[float, float] | None:
    defined = values[np.isfinite(values)]
    if not len(values) or len(defined) < _DEFINED_AT_LEAST * len(values):
        return None
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _mean(values: Floats) -> Statistic:
    return lambda draws: draws @ values / draws.sum(axis=1)


def _regression(metric: str, actual: Floats, predicted: Floats) -> Statistic:
    errors = actual - predicted
    if metric in ("rmse", "r2"):
        mse = _mean(errors**2)
        if metric == "rmse":
            return lambda draws: np.sqrt(mse(draws))
        centred = actual - actual.mean()
        first, second = _mean(centred), _mean(centred**2)
        return lambda draws: 1 - mse(draws) / (second(draws) - first(draws) ** 2)
    if metric == "log_mae":
        return _mean(np.abs(np.log(actual) - np.log(predicted)))
    losses: Mapping[str, Callable[[], Floats]] = {
        "mae": lambda: np.abs(errors),
        "mse": lambda: errors**2,
        "mape": lambda: np.abs(errors / actual),
    }
    if metric not in losses:
        raise NotImplementedError(f"draws of the metric '{metric}'")
    return _mean(losses[metric]())


def _forecast(metric: str, outcome: ScoredPredictions) -> Statistic:
    actual, predicted, scales = outcome.forecasts
    if metric == "mase":
        errors = scaled_errors(actual, predicted, scales)
        is_defined = np.isfinite(errors)
        mean = _mean(errors[is_defined])
        return lambda draws: mean(draws[:, is_defined])
    if metric == "smape":
        return _mean(symmetric_errors(actual, predicted))
    return _regression(metric, actual, predicted)


def _classification(metric: str, outcome: ScoredPredictions) -> Statistic:
    actual, predicted = outcome.actual.astype(str), outcome.predicted.astype(str)
    if metric == "accuracy":
        return _mean((actual == predicted).astype(float))
    if metric in ("balanced_accuracy", "f1"):
        labels = np.unique([*actual, *predicted])
        truths = (actual[:, None] == labels).astype(float)
        guesses = (predicted[:, None] == labels).astype(float)
        return _balanced_accuracy(truths, guesses) if metric != "f1" else _f1(truths, guesses)
    classes = np.array([str(label) for label in outcome.classes])
    probabilities = _floats(outcome.probabilities)
    truths = (actual[:, None] == classes).astype(float)
    if metric == "roc_auc":
        return _roc_auc(truths, probabilities)
    if metric == "log_loss":
        of_the_actual = (truths * probabilities).sum(axis=1)
        return _mean(-np.log(np.clip(of_the_actual, np.finfo(float).eps, None)))
    if metric == "brier":
        squares = ((truths - probabilities) ** 2).sum(axis=1)
        return _mean(squares / 2 if len(classes) == 2 else squares)
    raise NotImplementedError(f"draws of the metric '{metric}'")


def _balanced_accuracy(truths: Floats, guesses: Floats) -> Statistic:
    return lambda draws: _mean_of_defined(draws @ (truths * guesses) / (draws @ truths))


def _f1(truths: Floats, guesses: Floats) -> Statistic:
    return lambda draws: _mean_of_defined(
        2 * (draws @ (truths * guesses)) / (draws @ (truths + guesses))
    )


def _mean_of_defined(values: Floats) -> Floats:
    """Return the mean over the classes that are in a draw."""
    defined = np.isfinite(values)
    return np.asarray(np.where(defined, values, 0).sum(axis=1) / defined.sum(axis=1))


def _roc_auc(truths: Floats, probabilities: Floats) -> Statistic:
    """Return the area for the second class; for more than two, the mean of one against the rest."""
    places = [1] if truths.shape[1] == 2 else range(truths.shape[1])
    areas = [_area(truths[:, place], probabilities[:, place]) for place in places]
    return lambda draws: np.mean([area(draws) for area in areas], axis=0)


def _area(positive: Floats, scores: Floats) -> Statistic:
    """Return the share of (positive, negative) pairs of rows whose scores are in that order."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=np.nan) != 0)  # of equal scores

    def area(draws: Floats) -> Floats:
        ups = np.add.reduceat((draws * positive)[:, order], starts, axis=1)
        downs = np.add.reduceat((draws * (1 - positive))[:, order], starts, axis=1)
        below = np.cumsum(downs, axis=1) - downs / 2
        return np.asarray((ups * below).sum(axis=1) / (ups.sum(axis=1) * downs.sum(axis=1)))

    return area


def _floats(values: object) -> Floats:
    return np.asarray(values, dtype=np.float64)
