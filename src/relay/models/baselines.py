"""The comparison of a model with simple baselines, and the thresholds of its metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from relay.models.bootstrap import gain, gain_interval
from relay.models.metric_names import HIGHER_IS_BETTER
from relay.models.predictions import ScoredPredictions

CONFIDENCE = 0.95
"""Of each interval in an evaluation."""


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


def best_values(metrics: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return for each metric the best value of any baseline."""
    best: dict[str, float] = {}
    for values in metrics.values():
        for name, value in values.items():
            if name not in best or gain(value, best[name], name) > 0:
                best[name] = value
    return best


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
