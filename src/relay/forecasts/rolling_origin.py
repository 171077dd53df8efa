"""The backtest of forecasts, from a rolling origin: each window of a test set from all before it.

The windows follow each other without an overlap, each as long as the horizon, so each row of the
test set is forecast once, and no forecast uses a value at or after its origin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relay.forecasts.series import Floats, Layout, Series
from relay.models.predictions import ScoredPredictions
from relay.tables.io import TABLE_FILE, read_parquet
from relay.util.errors import RelayError

HISTORY_FILE = "history.parquet"
"""The values before a test set, in its artifact."""
LAYOUT, HORIZON = "layout", "horizon"
"""Keys of the metadata of a training set and a test set."""

Forecast = Callable[[Sequence[Series], int], Floats]
"""Returns (series x horizon) the values that follow each of the series."""


@dataclass(frozen=True)
class Window:
    """One series from an origin on: what was known before, and the rows of the test set after."""

    known: Series
    rows: NDArray[np.int64]
    steps: NDArray[np.int64]
    """The number of steps from the origin to each row, from 0 on."""


@dataclass(frozen=True)
class Windows:
    """The windows of a test set; `scales` are those of the rows, for mase."""

    layout: Layout
    horizon: int
    actual: Floats
    scales: Floats
    windows: Sequence[Window]

    def predict(self, forecast: Forecast) -> Floats:
        """Return the forecast of each row of the test set."""
        predicted = np.full(len(self.actual), np.nan)
        values = forecast([window.known for window in self.windows], self.horizon)
        for window, row in zip(self.windows, values, strict=True):
            predicted[window.rows] = row[window.steps]
        return predicted

    def score(self, predicted: Floats) -> ScoredPredictions:
        """Return forecasts with the actual values, for their metrics."""
        return ScoredPredictions("forecast", self.actual, predicted, scales=self.scales)

    @property
    def steps(self) -> NDArray[np.int64]:
        """Return the number of steps from its origin to each row of the test set."""
        steps = np.zeros(len(self.actual), dtype=np.int64)
        for window in self.windows:
            steps[window.rows] = window.steps
        return steps


def make_windows(
    layout: Layout, horizon: int, history: Mapping[str, Series], test: Mapping[str, Series]
) -> Windows:
    """Return the windows of `test`, which continues `history`; its rows are in order of the series.

    Origins are `horizon` apart, the same for all series, counted from the first value of the test
    set on. Raises RelayError if a series of the test set has no values before it.
    """
    first = min(series.start for series in test.values())
    windows: list[Window] = []
    scales: list[Floats] = []
    row = 0
    for name, series in test.items():
        if name not in history:
            raise RelayError(
                f"series '{name}' of the test set has no earlier values. Split the data again: "
                "steps=split+"
            )
        known = history[name].followed_by(series)
        scales.append(np.full(len(series), history[name].scale(layout.season)))
        places = np.arange(series.start, series.end)
        numbers = (places - first) // horizon
        for number in np.unique(numbers):
            origin = max(first + number * horizon, series.start)
            inside = np.flatnonzero(numbers == number)
            windows.append(Window(known.until(origin), row + inside, places[inside] - origin))
        row += len(series)
    actual = np.concatenate([series.values for series in test.values()])
    return Windows(layout, horizon, actual, np.concatenate(scales), windows)


def read_windows(folder: Path, metadata: Mapping[str, Any]) -> Windows:
    """Return the windows of the test set in `folder`, an artifact with `metadata`.

    Raises RelayError if it is not a test set of series.
    """
    if LAYOUT not in metadata or not (folder / HISTORY_FILE).is_file():
        raise RelayError(
            "the test set has no series with their time axis. Make it again: "
            "pipeline=forecast steps=split+"
        )
    layout = Layout.from_json(metadata[LAYOUT])
    history = layout.read(read_parquet(folder / HISTORY_FILE))
    test = layout.read(read_parquet(folder / TABLE_FILE))
    return make_windows(layout, int(metadata[HORIZON]), history, test)
