"""What a prediction would be worth that looks at no column, and whether a model beats it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from relay.metrics import PRIMARY
from relay.outcomes import Outcome
from relay.resampling import gain, gain_interval

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Verdict:
    """A model's `metric` beside that of the best baseline, and the interval of the gain."""

    metric: str
    model: float
    baseline: float
    name: str
    interval: tuple[float, float] | None

    @property
    def beaten(self) -> bool:
        """True where the model is better than the baseline, and not by chance."""
        gained = gain(self.model, self.baseline, self.metric)
        return gained > 0 and (self.interval is None or self.interval[0] > 0)

    def __str__(self) -> str:
        text = f"{self.metric} {self.model:.4g}, against {self.baseline:.4g} of {self.name}"
        if self.interval is None:
            return text
        low, high = self.interval
        return f"{text} (with {CONFIDENCE} confidence the gain is {low:.3g} to {high:.3g})"


def baselines(summary: Mapping[str, Any], outcome: Outcome) -> dict[str, Outcome]:
    """Outcomes of predicting the same for each row of `outcome`: {what is predicted: outcome}.

    `summary` is what the model's metadata say of the train set's target: its mean and median, or
    each class's share.
    """
    rows = len(outcome)
    if outcome.task == "regression":
        return {
            f"always the {name}, {summary[name]:.6g}": Outcome(
                "regression", outcome.actual, np.full(rows, float(summary[name]))
            )
            for name in ("mean", "median")
        }
    shares: Mapping[str, float] = summary["shares"]
    top = max(shares, key=lambda name: shares[name])
    probabilities = np.tile(np.array(list(shares.values())), (rows, 1))
    same = Outcome(
        "classification", outcome.actual, np.full(rows, top), probabilities, list(shares)
    )
    return {f"always '{top}', the most frequent class": same}


def best_of(metrics: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """For each metric, the best value that any of the baselines has."""
    best: dict[str, float] = {}
    for found in metrics.values():
        for name, value in found.items():
            if name not in best or gain(value, best[name], name) > 0:
                best[name] = value
    return best


def verdict(outcome: Outcome, known: Mapping[str, Outcome]) -> Verdict | None:
    """The model against the better of the baselines `known`, by the primary metric of the task.

    None where it is undefined on these rows.
    """
    metric = PRIMARY[outcome.task]
    values = {name: one.metrics[metric] for name, one in known.items() if metric in one.metrics}
    if metric not in outcome.metrics or not values:
        return None
    name = max(values, key=lambda one: gain(values[one], 0.0, metric))
    interval = gain_interval(outcome, known[name], metric, CONFIDENCE)
    return Verdict(metric, outcome.metrics[metric], values[name], name, interval)
