"""Series of numbers on a regular time axis, and the tables that they are stored in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relay.forecasts.time_axis import TimeAxis

Floats = NDArray[np.float64]

THE_SERIES = ""
"""The name of the only series of a table without a column of series."""


@dataclass(frozen=True)
class Layout:
    """The columns of a table with series, its time axis, and the length of a season."""

    target: str
    time: str
    series: str | None
    axis: TimeAxis
    season: int

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Layout:
        """Return what `to_json` returned."""
        axis = TimeAxis.from_json(content["axis"])
        series = content["series"]
        names = (str(content["target"]), str(content["time"]))
        return cls(*names, None if series is None else str(series), axis, int(content["season"]))

    def to_json(self) -> dict[str, Any]:
        """Return plain values, for metadata."""
        return {
            "target": self.target,
            "time": self.time,
            "series": self.series,
            "axis": self.axis.to_json(),
            "season": self.season,
        }

    @property
    def columns(self) -> list[str]:
        """Return the columns of the table, in their order."""
        return [*([] if self.series is None else [self.series]), self.time, self.target]

    def names(self, table: pd.DataFrame) -> NDArray[Any]:
        """Return the name of the series of each row."""
        if self.series is None:
            return np.full(len(table), THE_SERIES, dtype=object)
        return table[self.series].astype(str).to_numpy(dtype=object)

    def places(self, table: pd.DataFrame) -> NDArray[np.int64]:
        """Return the place of each row on the time axis."""
        return self.axis.places(pd.DatetimeIndex(table[self.time]))

    def read(self, table: pd.DataFrame) -> dict[str, Series]:
        """Return the series in `table`, whose rows are in order and without gaps, by name."""
        names, places = self.names(table), self.places(table)
        values = table[self.target].to_numpy(dtype=np.float64)
        starts = [0, *(np.flatnonzero(names[1:] != names[:-1]) + 1), len(table)]
        return {
            str(names[start]): Series(str(names[start]), int(places[start]), values[start:end])
            for start, end in pairwise(starts)
            if end > start
        }


@dataclass(frozen=True)
class Series:
    """The values of one series from the place `start` on, without gaps."""

    name: str
    start: int
    values: Floats

    def __len__(self) -> int:
        return len(self.values)

    @property
    def end(self) -> int:
        """Return the place after the last value."""
        return self.start + len(self.values)

    def until(self, place: int) -> Series:
        """Return the part before `place`."""
        return Series(self.name, self.start, self.values[: max(0, place - self.start)])

    def followed_by(self, more: Series) -> Series:
        """Return this series with the values of `more`, which begins where it ends."""
        return Series(self.name, self.start, np.concatenate([self.values, more.values]))

    def scale(self, season: int) -> float:
        """Return the mean absolute error of the seasonal naive forecast, one step ahead.

        Of the naive one if the series is not longer than a season; NaN if it is constant.
        """
        step = season if len(self.values) > season else 1
        if len(self.values) <= step:
            return float("nan")
        error = float(np.abs(self.values[step:] - self.values[:-step]).mean())
        return error if error > 0 else float("nan")
