"""The regular time axis of series: each time has a place, a whole number, and each place a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relay.forecasts.frequencies import MONTHS, SECONDS, parse
from relay.util.errors import RelayError

Places = NDArray[np.int64]

_DAY = 86_400
_EPOCH = np.datetime64("1970-01-01", "D")


@dataclass(frozen=True)
class TimeAxis:
    """A frequency, and where in its steps the times are.

    `shift` is the number of seconds, or for months, quarters and years of months, that the steps
    are moved by; `day` is the day of the month, 0 for the last one.
    """

    frequency: str
    shift: int = 0
    day: int = 1

    @classmethod
    def of(cls, times: pd.DatetimeIndex, frequency: str) -> TimeAxis:
        """Return the axis of `frequency` on which most of `times` are."""
        count, unit = parse(frequency)
        if unit in MONTHS:
            months = _months(times) % (MONTHS[unit] * count)
            are_last = times.is_month_end & (times.day > 1)
            day = 0 if are_last.mean() > 0.5 else min(28, _most_common(np.asarray(times.day)))
            return cls(frequency, _most_common(months), day)
        if unit == "B":
            return cls(frequency, _most_common(_seconds(times) % _DAY))
        return cls(frequency, _most_common(_seconds(times) % (SECONDS[unit] * count)))

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> TimeAxis:
        """Return what `to_json` returned."""
        return cls(str(content["frequency"]), int(content["shift"]), int(content["day"]))

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    def places(self, times: pd.DatetimeIndex) -> Places:
        """Return the place of the step that each of `times` is in."""
        count, unit = parse(self.frequency)
        if unit in MONTHS:
            return (_months(times) - self.shift) // (MONTHS[unit] * count)
        if unit == "B":
            days = times.to_numpy().astype("datetime64[D]")
            return np.busday_count(_EPOCH, np.busday_offset(days, 0, roll="backward"))
        return (_seconds(times) - self.shift) // (SECONDS[unit] * count)

    def times(self, places: Places) -> pd.DatetimeIndex:
        """Return the time of each place."""
        count, unit = parse(self.frequency)
        if unit in MONTHS:
            months = places * MONTHS[unit] * count + self.shift
            starts = months.astype("datetime64[M]")
            if self.day == 0:
                return pd.DatetimeIndex((starts + 1).astype("datetime64[D]") - 1).as_unit("us")
            days = starts.astype("datetime64[D]") + (self.day - 1)
            return pd.DatetimeIndex(days).as_unit("us")
        if unit == "B":
            days = np.busday_offset(_EPOCH, places, roll="forward")
            return pd.DatetimeIndex(days.astype("datetime64[s]") + self.shift).as_unit("us")
        seconds = places * SECONDS[unit] * count + self.shift
        return pd.DatetimeIndex(seconds.astype("datetime64[s]")).as_unit("us")

    def irregular(self, times: pd.DatetimeIndex) -> NDArray[np.bool_]:
        """Return which of `times` are not at the time of their place."""
        return np.asarray(self.times(self.places(times)) != times.as_unit("us"))


def infer_frequency(times: pd.Series, series: pd.Series | None = None) -> str:
    """Return the frequency of `times`, by the median of the steps within each of `series`.

    Raises RelayError if there are too few times, or if the step is none that has a name.
    """
    table = pd.DataFrame({"time": times, "series": 0 if series is None else series})
    table = table.drop_duplicates().sort_values(["series", "time"])
    steps = table.groupby("series", observed=True)["time"].diff().dropna().dt.total_seconds()
    if steps.empty:
        raise RelayError(
            "data.time: no series has two different times, so the frequency is unknown. Check "
            "data.time and data.series."
        )
    step, index = float(steps.median()), pd.DatetimeIndex(table["time"])
    days = step / _DAY
    for frequency, low, high in (("M", 27.5, 31.5), ("Q", 88, 93), ("Y", 360, 367)):
        if low <= days <= high:
            return frequency
    if days == 7:
        return "W"
    if days == 1:
        has_week_ends = (index.day_of_week >= 5).any()
        return "D" if has_week_ends or len(index.unique()) < 10 else "B"
    for unit, seconds in (("D", _DAY), ("h", 3600), ("min", 60), ("s", 1)):
        if step >= seconds and step % seconds == 0:
            count = int(step // seconds)
            return unit if count == 1 else f"{count}{unit}"
    raise RelayError(
        f"data.frequency: the median step between two times is {step:g} seconds, which is not a "
        "frequency. Set it, such as data.frequency=h: each value then counts for the hour that it "
        "is in, and data.duplicates decides about several values in one."
    )


def _seconds(times: pd.DatetimeIndex) -> Places:
    return np.asarray(times.as_unit("s").asi8, dtype=np.int64)


def _months(times: pd.DatetimeIndex) -> Places:
    return np.asarray(times.year * 12 + times.month - 1 - 1970 * 12, dtype=np.int64)


def _most_common(values: NDArray[Any]) -> int:
    numbers, counts = np.unique(values, return_counts=True)
    return int(numbers[counts.argmax()])
