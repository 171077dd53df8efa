"""Whether a test set and the train set of a model were made by one split."""

from __future__ import annotations

from typing import Any

import pandas as pd

from relay import ArtifactVersion, Input, RelayError, StepRun, recorded_input, train_set
from relay.tables.io import read_artifact
from relay.tables.overlap import rows_in

SETTINGS = ("test_size", "seed", "stratify", "time_column")
LATER_SETTINGS = ("group_column",)  # artifacts of earlier versions know nothing of these
# Doubled rows of the data may be on both sides of any split.
MOST_SHARED = 0.1


def split_of(version: ArtifactVersion) -> tuple[Any, ...] | None:
    """What made a train or test set: its input's digest and settings; None where not known."""
    source, params = recorded_input(version, "input"), version.metadata.get("params")
    if source is None or not isinstance(params, dict) or not set(SETTINGS) <= params.keys():
        return None
    return (source.digest, *(params.get(name) for name in (*SETTINGS, *LATER_SETTINGS)))


def require_same_split(
    run: StepRun[Any], model: ArtifactVersion, test_input: Input, test: pd.DataFrame
) -> None:
    """RelayError where `test` comes from another split than the train set of `model`.

    Goes on where that is not known. A part that came out the same from two splits keeps the
    description of the first, so rows have to be in both as well.
    """
    train = train_set(model, run.find)
    if train is None:
        return
    ours, theirs = split_of(test_input.version), split_of(train)
    if ours is None or theirs is None or ours == theirs:
        return
    shared = rows_in(test, read_artifact(run.use("train", str(train))))
    if shared.mean() > MOST_SHARED:
        raise RelayError(
            f"test set {test_input.version} and the model's train set {train} come from different "
            f"splits: {shared.sum()} of the {len(test)} test rows are in both. "
            "Run split and train again: steps=split+"
        )
