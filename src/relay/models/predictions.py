"""Predictions of a test set with the actual values, in memory and as a file of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relay.models.metric_names import Task
from relay.models.metrics import score, score_forecasts
from relay.tables.io import read_parquet, write_parquet
from relay.util.errors import RelayError

FILE = "predictions.parquet"
ACTUAL, PREDICTION, PROBABILITY, SCALE = "actual", "prediction", "probability_", "scale"


@dataclass(frozen=True)
class ScoredPredictions:
    """The `actual` target of rows and the `predicted` values; of classes also probabilities.

    `probabilities` has a column for each of `classes`, in their order. `scales` are those of
    forecasts, for mase.
    """

    task: Task
    actual: NDArray[Any]
    predicted: NDArray[Any]
    probabilities: NDArray[np.float64] | None = None
    classes: Sequence[Any] = field(default=())
    scales: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.actual)

    @cached_property
    def metrics(self) -> dict[str, float]:
        """The metrics that are defined on these rows."""
        if self.task == "forecast":
            return score_forecasts(*self.forecasts)
        return score(self.task, self.actual, self.predicted, self.probabilities, self.classes)

    @property
    def forecasts(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the actual values, the forecasts and their scales, as numbers."""
        scales = np.full(len(self), np.nan) if self.scales is None else self.scales
        return np.asarray(self.actual, float), np.asarray(self.predicted, float), scales

    def at(self, rows: NDArray[Any]) -> ScoredPredictions:
        """Return some of the rows: by their places, or by a boolean for each row."""
        probabilities = None if self.probabilities is None else self.probabilities[rows]
        scales = None if self.scales is None else self.scales[rows]
        return ScoredPredictions(
            self.task, self.actual[rows], self.predicted[rows], probabilities, self.classes, scales
        )


def write_predictions(scored: ScoredPredictions, folder: Path) -> Path:
    """Write `scored` into `folder` as a table, and return the path."""
    columns: dict[str, Any] = {ACTUAL: scored.actual, PREDICTION: scored.predicted}
    if scored.probabilities is not None:
        for place, name in enumerate(scored.classes):
            columns[f"{PROBABILITY}{name}"] = scored.probabilities[:, place]
    if scored.scales is not None:
        columns[SCALE] = scored.scales
    if scored.task == "classification":
        columns |= {name: columns[name].astype(str) for name in (ACTUAL, PREDICTION)}
    return write_parquet(pd.DataFrame(columns), folder / FILE)


def read_predictions(folder: Path, task: Task) -> ScoredPredictions:
    """Return what `write_predictions` wrote into `folder`. Raises RelayError if it is missing."""
    path = folder / FILE
    if not path.is_file():
        raise RelayError(
            f"register: the evaluation has no {path.name}. Make it again: steps=evaluate+"
        )
    table = read_parquet(path)
    class_columns = [name for name in table.columns if name.startswith(PROBABILITY)]
    return ScoredPredictions(
        task,
        table[ACTUAL].to_numpy(),
        table[PREDICTION].to_numpy(),
        table[class_columns].to_numpy(dtype=np.float64) if class_columns else None,
        [name.removeprefix(PROBABILITY) for name in class_columns],
        table[SCALE].to_numpy(dtype=np.float64) if task == "forecast" else None,
    )
