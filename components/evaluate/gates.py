"""Thresholds that a model has to reach."""

from __future__ import annotations

from collections.abc import Mapping

from relay.models.metric_names import HIGHER_IS_BETTER


def violations(metrics: Mapping[str, float], thresholds: Mapping[str, float]) -> list[str]:
    """A line for each threshold that `metrics` miss, in the order of `thresholds`.

    A threshold is a maximum for a metric of which less is better, else a minimum; a value equal
    to it is good enough. A metric that is not among `metrics` misses its threshold.
    """
    found = []
    for name, threshold in thresholds.items():
        setting = f"evaluate.thresholds.{name}"
        value = metrics.get(name)
        if value is None:
            found.append(
                f"{name} could not be computed on this test set, "
                f"so it cannot be held against {threshold:g} ({setting})"
            )
            continue
        missed = value < threshold if HIGHER_IS_BETTER[name] else value > threshold
        if missed:
            side = "below" if HIGHER_IS_BETTER[name] else "above"
            found.append(
                f"{name} is {_rounded(value, threshold)}, {side} the threshold "
                f"{threshold:g} ({setting})"
            )
    return found


def _rounded(value: float, threshold: float) -> str:
    """`value` with as many digits as it takes to tell it from `threshold`."""
    for digits in range(3, 17):
        text = f"{value:.{digits}g}"
        if float(text) != threshold:
            return text
    return repr(value)
