"""Predictions of a test set beside what was true, in memory and as a file of an evaluation."""

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
from relay.models.metrics import score
from relay.tables.io import read_parquet, write_parquet
from relay.util.errors import RelayError

FILE = "predictions.parquet"
ACTUAL, PREDICTION, PROBABILITY = "actual", "prediction", "probability_"


@dataclass(frozen=True)
class Outcome:
    """The `actual` target of rows and what was `predicted`; for classes perhaps probabilities.

    `probabilities` has a column for each of `classes`, in their order.
    """

    task: Task
    actual: NDArray[Any]
    predicted: NDArray[Any]
    probabilities: NDArray[np.float64] | None = None
    classes: Sequence[Any] = field(default=())

    def __len__(self) -> int:
        return len(self.actual)

    @cached_property
    def metrics(self) -> dict[str, float]:
        """All metrics that are defined on these rows."""
        return score(self.task, self.actual, self.predicted, self.probabilities, self.classes)

    def at(self, rows: NDArray[Any]) -> Outcome:
        """The same for some of the rows: their places, or a truth for each row."""
        probabilities = None if self.probabilities is None else self.probabilities[rows]
        return Outcome(
            self.task, self.actual[rows], self.predicted[rows], probabilities, self.classes
        )


def write(outcome: Outcome, folder: Path) -> Path:
    """Write `outcome` into `folder` as a table, a row for each row of the test set."""
    columns: dict[str, Any] = {ACTUAL: outcome.actual, PREDICTION: outcome.predicted}
    if outcome.probabilities is not None:
        for place, name in enumerate(outcome.classes):
            columns[f"{PROBABILITY}{name}"] = outcome.probabilities[:, place]
    if outcome.task == "classification":
        columns |= {name: columns[name].astype(str) for name in (ACTUAL, PREDICTION)}
    return write_parquet(pd.DataFrame(columns), folder / FILE)


def read(folder: Path, task: Task) -> Outcome:
    """What `write` wrote into `folder`; RelayError where it is not there."""
    path = folder / FILE
    if not path.is_file():
        raise RelayError(f"The evaluation holds no {path.name}: run evaluate again.")
    table = read_parquet(path)
    of_classes = [name for name in table.columns if name.startswith(PROBABILITY)]
    return Outcome(
        task,
        table[ACTUAL].to_numpy(),
        table[PREDICTION].to_numpy(),
        table[of_classes].to_numpy(dtype=np.float64) if of_classes else None,
        [name.removeprefix(PROBABILITY) for name in of_classes],
    )
