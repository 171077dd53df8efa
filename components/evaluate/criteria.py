"""The criteria of a model on a table: constant baselines, and test rows of its own split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from relay import ArtifactVersion, Input, RelayError, StepRun, recorded_input, train_set
from relay.models.baselines import BaselineComparison, compare_by
from relay.models.metric_names import PRIMARY, Task
from relay.models.predictions import ScoredPredictions
from relay.tables.io import read_artifact
from relay.tables.overlap import rows_in
from relay.util.names import list_columns

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


def compare_with_baselines(
    scored: ScoredPredictions, baselines: Mapping[str, ScoredPredictions]
) -> dict[str, BaselineComparison]:
    """Compare a model with the best of `baselines` by each metric that is defined."""
    comparisons = {
        metric: compare_by(metric, scored, baselines) for metric in COMPARED_BY[scored.task]
    }
    return {metric: made for metric, made in comparisons.items() if made is not None}


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
