"""All that is found out about a model on a test set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from baseline import Verdict, baselines, in_words, verdicts
from calibration import Reliability, reliability
from importance import importances
from slices import MAIN, Slice, slices

from relay.models.loading import Model
from relay.models.metric_names import PRIMARY
from relay.models.predictions import Outcome
from relay.tables.io import require_column


@dataclass(frozen=True)
class Judgement:
    """What a model did on a test set.

    `baselines` are the metrics of predicting the same for each row, by what that is; none where
    the model does not say what its train set's target was like, and no `verdicts` then. These
    are by metric, of those that models are held against the baseline by.
    """

    outcome: Outcome
    baselines: Mapping[str, Mapping[str, float]]
    verdicts: Mapping[str, Verdict]
    slices: Mapping[str, Sequence[Slice]]
    importances: pd.Series
    """By column: of very many columns only those that were looked at alone."""
    reliability: Reliability | None
    columns: int
    """How many the model learned from."""

    @property
    def verdict(self) -> Verdict | None:
        """The verdict by the task's primary metric; None where there is none."""
        return self.verdicts.get(PRIMARY[self.outcome.task])

    @property
    def main(self) -> str:
        """The metric that parts of the test set are compared on."""
        return MAIN[self.outcome.task]

    def as_json(self) -> dict[str, Any]:
        """What metrics.json says of it."""
        found: dict[str, Any] = {
            "metrics": self.outcome.metrics,
            "baselines": self.baselines,
            "beats_baseline": self.verdict and self.verdict.beaten,
            "against_baseline": {
                name: {**one.as_json(), "in_words": in_words(one, len(self.outcome))}
                for name, one in self.verdicts.items()
            },
            "importance_of_columns": {"measured": len(self.importances), "all": self.columns},
            "importance": {str(name): float(value) for name, value in self.importances.items()},
            "slices": {
                column: [
                    {"value": one.value, "rows": one.rows, "metrics": one.metrics} for one in parts
                ]
                for column, parts in self.slices.items()
            },
        }
        if self.reliability is not None:
            found["calibration"] = {
                "event": self.reliability.event,
                "error": self.reliability.error,
                "predicted": self.reliability.mean.tolist(),
                "came_true": self.reliability.share.tolist(),
                "rows": self.reliability.rows.tolist(),
            }
        return found


def judge(
    model: Model, test: pd.DataFrame, target: str, known: Mapping[str, Any], columns: Sequence[str]
) -> Judgement:
    """Score `model` on `test`, as a whole and in slices of `columns`.

    `known` is what the model's metadata say of the target that it was trained on. RelayError
    where a column is not there.
    """
    for name in columns:
        require_column(test, name, "evaluate.slices")
    outcome = model.score(test, target)
    simple = baselines(known, outcome) if known else {}
    return Judgement(
        outcome,
        {name: one.metrics for name, one in simple.items()},
        verdicts(outcome, simple) if simple else {},
        {name: slices(outcome, test[name]) for name in columns},
        importances(model, test, target, PRIMARY[outcome.task]),
        reliability(outcome, target) if outcome.task == "classification" else None,
        len(model.columns),
    )
