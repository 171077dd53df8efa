"""What a prediction would be worth that looks at no column, and whether a model beats it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from relay.models.bootstrap import gain, gain_interval
from relay.models.metric_names import PRIMARY, Task
from relay.models.predictions import Outcome

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
    def gain(self) -> float:
        """How much better the model's metric is; negative where it is worse."""
        return gain(self.model, self.baseline, self.metric)

    @property
    def beaten(self) -> bool:
        """True where the model is better than the baseline, and not by chance."""
        return self.gain > 0 and (self.interval is None or self.interval[0] > 0)

    def __str__(self) -> str:
        text = (
            f"{self.metric} {self.model:.4g} against {self.baseline:.4g} of the baseline "
            f"({self.name})"
        )
        if self.interval is None:
            return text
        low, high = self.interval
        return f"{text}; with {CONFIDENCE:.0%} confidence the gain is {low:.3g} to {high:.3g}"

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "model": self.model,
            "baseline": self.baseline,
            "baseline_name": self.name,
            "gain_interval": self.interval,
            "confidence": CONFIDENCE,
            "beaten": self.beaten,
        }


def in_words(found: Verdict, rows: int) -> str:
    """What the interval of the gain on `rows` test rows supports, as a sentence."""
    if found.gain > 0 and found.interval is None:
        return f"better than the baseline, but {rows} test rows cannot rule out chance: {found}."
    if found.beaten:
        return f"better than the baseline: {found}."
    if found.gain > 0:
        return (
            f"better than the baseline, but on {rows} test rows that may be chance: {found}. "
            "More data, or a larger split.test_size, would show."
        )
    clearly = found.interval is not None and found.interval[1] < 0
    return f"{'clearly worse' if clearly else 'no better'} than the baseline: {found}."


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


JUDGED_BY: Mapping[Task, tuple[str, ...]] = {
    "regression": (PRIMARY["regression"],),
    "classification": (PRIMARY["classification"], "log_loss"),
}
"""What a model is held against the baseline by: f1 looks at classes only, not at probabilities."""


def verdicts(outcome: Outcome, known: Mapping[str, Outcome]) -> dict[str, Verdict]:
    """The model against the best of the baselines `known`, by each metric that is defined."""
    found = {metric: verdict(outcome, known, metric) for metric in JUDGED_BY[outcome.task]}
    return {metric: one for metric, one in found.items() if one is not None}


def verdict(outcome: Outcome, known: Mapping[str, Outcome], metric: str) -> Verdict | None:
    """The model against the best of the baselines `known` by `metric`.

    None where it is undefined on these rows.
    """
    values = {name: one.metrics[metric] for name, one in known.items() if metric in one.metrics}
    if metric not in outcome.metrics or not values:
        return None
    name = max(values, key=lambda one: gain(values[one], 0.0, metric))
    interval = gain_interval(outcome, known[name], metric, CONFIDENCE)
    return Verdict(metric, outcome.metrics[metric], values[name], name, interval)
