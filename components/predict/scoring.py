"""Metrics of predictions where the target happens to be in the table: a courtesy, no more."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from relay import RelayError
from relay.models.loading import Model, Predictions
from relay.tables.reading.dtypes import to_dtype

log = logging.getLogger("relay")

MOST_ROWS = 1_000_000


@dataclass
class Score:
    """Gathers the rows whose target is known, up to a million of them."""

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
        known = table[self.target].notna().to_numpy()
        probabilities = predictions.probabilities
        self._actual.append(table.loc[known, self.target])
        self._predictions.append(
            Predictions(
                predictions.values[known], None if probabilities is None else probabilities[known]
            )
        )
        self._rows += int(known.sum())
        if self._rows >= MOST_ROWS:
            log.info("Metrics are those of the first %s rows.", f"{self._rows:,}")

    def metrics(self) -> dict[str, float]:
        """Return the metrics of the added rows; empty if there are none that can be scored."""
        if not self._rows:
            return {}
        values = np.concatenate([one.values for one in self._predictions])
        parts = [one.probabilities for one in self._predictions]
        known = [part for part in parts if part is not None]
        probabilities = np.concatenate(known) if len(known) == len(parts) else None
        actual = pd.concat(self._actual, ignore_index=True)
        try:
            if self.word is not None:
                actual = to_dtype(actual, self.word)
            return self.model.compare(actual, Predictions(values, probabilities)).metrics
        except RelayError as error:
            log.info("The table has the target, but cannot be scored: %s", error)
            return {}
