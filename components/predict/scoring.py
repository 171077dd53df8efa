"""Metrics of predictions, if the table has the target as well."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from relay import RelayError
from relay.models.loading import Model, Predictions
from relay.tables.reading.columns.dtypes import to_dtype

log = logging.getLogger("relay")

MOST_ROWS = 1_000_000


@dataclass
class Score:
    """Collects the rows that have the target, up to a million, to score their predictions."""

    model: Model
    target: str
    word: str | None = None
    """The dtype word by which the target is read."""
    _actual: list[pd.Series] = field(default_factory=list)
    _predictions: list[Predictions] = field(default_factory=list)
    _rows: int = 0

    def add(self, table: pd.DataFrame, predictions: Predictions) -> None:
        """Add the rows of `table` with their `predictions`."""
        if self.target not in table.columns or self._rows >= MOST_ROWS:
            return
        has_target = table[self.target].notna().to_numpy()
        probabilities = predictions.probabilities
        self._actual.append(table.loc[has_target, self.target])
        self._predictions.append(
            Predictions(
                predictions.values[has_target],
                None if probabilities is None else probabilities[has_target],
            )
        )
        self._rows += int(has_target.sum())
        if self._rows >= MOST_ROWS:
            log.info("Metrics are of the first %s rows only.", f"{self._rows:,}")

    def metrics(self) -> dict[str, float]:
        """Return the metrics of the added rows; empty if there are none that can be scored."""
        if not self._rows:
            return {}
        values = np.concatenate([part.values for part in self._predictions])
        probabilities = [
            part.probabilities for part in self._predictions if part.probabilities is not None
        ]
        has_all = len(probabilities) == len(self._predictions)
        joined = np.concatenate(probabilities) if has_all else None
        actual = pd.concat(self._actual, ignore_index=True)
        try:
            if self.word is not None:
                actual = to_dtype(actual, self.word)
            return self.model.compare(actual, Predictions(values, joined)).metrics
        except RelayError as error:
            log.info("The table has the target, but cannot be scored: %s", error)
            return {}
