"""The criteria of a model: a baseline, thresholds, and test rows of its own split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from relay import ArtifactVersion, Input, RelayError, StepRun, recorded_input, train_set
from relay.models.bootstrap import gain, gain_interval
from relay.models.metric_names import HIGHER_IS_BETTER, PRIMARY, Task
from relay.models.predictions import ScoredPredictions
from relay.tables.io import read_artifact
from relay.tables.overlap import rows_in
from relay.util.names import list_columns

CONFIDENCE = 0.95
"""Of each interval in an evaluation."""

COMPARED_BY: Mapping[Task, tuple[str, ...]] = {
    "regression": (PRIMARY["regression"],),
    "classification": (PRIMARY["classification"], "log_loss"),
}
"""The metrics that are compared with the baseline: f1 does not look at probabilities."""

PERFECT = {"regression": ("r2", 0.999), "classification": ("accuracy", 1.0)}
"""The metric, and the value from which a model is too good to be true."""
PERFECT_ROWS = 100
"""On fewer test rows an easy task can be solved without an error."""

SPLIT_SETTINGS = ("test_size", "seed", "stratify", "time_column")
LATER_SPLIT_SETTINGS = ("group_column",)  # artifacts of earlier versions do not have these
# Repeated rows of the table can be on both sides of any split.
LARGEST_SHARED = 0.1


@dataclass(frozen=True)
class BaselineComparison:
    """A model's `metric` beside that of the best baseline, and the interval of the gain."""

    metric: str
    model: float
    baseline: float
    name: str
    interval: tuple[float, float] | None

    @property
    def gain(self) -> float:
        """By how much the model's metric is better; negative if it is worse."""
        return gain(self.model, self.baseline, self.metric)

    @property
    def is_beaten(self) -> bool:
        """Whether the model is better than the baseline, and not by chance."""
        return self.gain > 0 and (self.interval is None or self.interval[0] > 0)

    def __str__(self) -> str:
        text = (
            f"{self.metric} {self.model:.4g}, baseline {self.baseline:.4g} ({self.name}), "
            f"gain {self.gain:.3g}"
        )
        if self.interval is None:
            return text
        low, high = self.interval
        return f"{text}, {CONFIDENCE:.0%} confidence interval {low:.3g} to {high:.3g}"

    def as_json(self) -> dict[str, Any]:
        """Return plain values for metrics.json."""
        return {
            "model": self.model,
            "baseline": self.baseline,
            "baseline_name": self.name,
            "gain_interval": self.interval,
            "confidence": CONFIDENCE,
            "beaten": self.is_beaten,
        }


def describe_comparison(comparison: BaselineComparison, rows: int) -> str:
    """Return a sentence on what the interval of the gain on `rows` test rows supports."""
    if comparison.gain > 0 and comparison.interval is None:
        return (
            f"better than the baseline, but {rows} test rows are too few to rule out chance: "
            f"{comparison}."
        )
    if comparison.is_beaten:
        return f"better than the baseline: {comparison}."
    if comparison.gain > 0:
        return (
            f"better than the baseline, but on {rows} test rows this can be chance: {comparison}. "
            "More data, or a larger split.test_size, would show."
        )
    is_clear = comparison.interval is not None and comparison.interval[1] < 0
    return f"{'clearly worse' if is_clear else 'not better'} than the baseline: {comparison}."


def predict_baselines(
    summary: Mapping[str, Any], scored: ScoredPredictions
) -> dict[str, ScoredPredictions]:
    """Return constant predictions for the rows of `scored`: {what is predicted: predictions}.

    `summary` describes the target of the training set, by the model's metadata: its mean and
    median, or the share of each class.
    """
    rows = len(scored)
    if scored.task == "regression":
        return {
            f"always the {name}, {summary[name]:.6g}": ScoredPredictions(
                "regression", scored.actual, np.full(rows, float(summary[name]))
            )
            for name in ("mean", "median")
        }
    shares: Mapping[str, float] = summary["shares"]
    top = max(shares, key=lambda name: shares[name])
    probabilities = np.tile(np.array(list(shares.values())), (rows, 1))
    constant = ScoredPredictions(
        "classification", scored.actual, np.full(rows, top), probabilities, list(shares)
    )
    return {f"always '{top}', the most frequent class": constant}


def best_values(metrics: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return for each metric the best value of any baseline."""
    best: dict[str, float] = {}
    for values in metrics.values():
        for name, value in values.items():
            if name not in best or gain(value, best[name], name) > 0:
                best[name] = value
    return best


def compare_with_baselines(
    scored: ScoredPredictions, baselines: Mapping[str, ScoredPredictions]
) -> dict[str, BaselineComparison]:
    """Compare a model with the best of `baselines` by each metric that is defined."""
    comparisons = {
        metric: compare_by(metric, scored, baselines) for metric in COMPARED_BY[scored.task]
    }
    return {metric: made for metric, made in comparisons.items() if made is not None}


def compare_by(
    metric: str, scored: ScoredPredictions, baselines: Mapping[str, ScoredPredictions]
) -> BaselineComparison | None:
    """Compare a model with the best of `baselines` by `metric`; None if it is undefined."""
    values = {
        name: baseline.metrics[metric]
        for name, baseline in baselines.items()
        if metric in baseline.metrics
    }
    if metric not in scored.metrics or not values:
        return None
    name = max(values, key=lambda name: gain(values[name], 0.0, metric))
    interval = gain_interval(scored, baselines[name], metric, CONFIDENCE)
    return BaselineComparison(metric, scored.metrics[metric], values[name], name, interval)


def doubt_perfection(scored: ScoredPredictions, importances: pd.Series) -> str:
    """Return a warning if many test rows are predicted without an error, else ""."""
    metric, threshold = PERFECT[scored.task]
    value = scored.metrics.get(metric, 0.0)
    if len(scored) < PERFECT_ROWS or value < threshold:
        return ""
    columns = [str(name) for name, fall in importances.head(3).items() if fall > 0]
    return (
        f"{metric} is {value:.4f} on {len(scored)} test rows, which is rare with real data. Check "
        "that every column is available before the target is. The model relies mostly on "
        f"{list_columns(columns) if columns else 'no single column'}; data.drop leaves columns out."
    )


def missed_thresholds(metrics: Mapping[str, float], thresholds: Mapping[str, float]) -> list[str]:
    """Return a line for each threshold that `metrics` miss, in the order of `thresholds`.

    A threshold is a maximum for errors, else a minimum; an equal value is good enough. A metric
    that is not among `metrics` misses its threshold.
    """
    lines = []
    for name, threshold in thresholds.items():
        setting = f"evaluate.thresholds.{name}"
        value = metrics.get(name)
        if value is None:
            lines.append(
                f"{name} could not be computed on this test set, "
                f"so it cannot be compared with {threshold:g} ({setting})"
            )
            continue
        missed = value < threshold if HIGHER_IS_BETTER[name] else value > threshold
        if missed:
            side = "below" if HIGHER_IS_BETTER[name] else "above"
            lines.append(
                f"{name} is {_rounded(value, threshold)}, {side} the threshold "
                f"{threshold:g} ({setting})"
            )
    return lines


def _rounded(value: float, threshold: float) -> str:
    """Return `value` with as many digits as it needs to differ from `threshold`."""
    for digits in range(3, 17):
        text = f"{value:.{digits}g}"
        if float(text) != threshold:
            return text
    return repr(value)


def require_same_split(
    run: StepRun[Any], model: ArtifactVersion, test_input: Input, test: pd.DataFrame
) -> None:
    """Check that `test` and the training set of `model` were made by one split, if recorded.

    A part that came out the same from two splits keeps the description of the first, so rows must
    to be in both as well. Raises RelayError if they were made by different splits.
    """
    train = train_set(model, run.find)
    if train is None:
        return
    ours, theirs = _split_of(test_input.version), _split_of(train)
    if ours is None or theirs is None or ours == theirs:
        return
    shared = rows_in(test, read_artifact(run.use("train", str(train))))
    if shared.mean() > LARGEST_SHARED:
        raise RelayError(
            f"test set {test_input.version} and the model's training set {train} come from "
            f"different splits: {shared.sum()} of the {len(test)} test rows are in both. "
            "Run split and train again: steps=split+"
        )


def _split_of(version: ArtifactVersion) -> tuple[Any, ...] | None:
    """Return what decided a part of a split: its input's digest and settings; None if unknown."""
    source, params = recorded_input(version, "input"), version.metadata.get("params")
    if source is None or not isinstance(params, dict) or not set(SPLIT_SETTINGS) <= params.keys():
        return None
    settings = (*SPLIT_SETTINGS, *LATER_SPLIT_SETTINGS)
    return (source.digest, *(params.get(name) for name in settings))
