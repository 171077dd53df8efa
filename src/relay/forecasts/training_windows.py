"""Windows to learn from: the past before an origin, and the values after it.

All numbers are relative to the past of their own origin, so that a model can learn from series of
any size, and none of them is at or after the origin, except the values to be forecast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from relay.forecasts.series import Floats, Series
from relay.util.errors import RelayError

SHORTEST, LONGEST = 12, 60
"""The bounds of the window that is chosen by the season."""


@dataclass(frozen=True)
class Frame:
    """The form of examples: `window` past values, `horizon` values to forecast, the season."""

    window: int
    horizon: int
    season: int
    log: bool

    @classmethod
    def of(
        cls, series: Sequence[Series], *, window: int | None, horizon: int, season: int,
        log: bool | str,
    ) -> Frame:  # fmt: skip
        """Return the frame for a training set; `window` None and `log` "auto" are chosen by it.

        Raises RelayError if the logarithm of a value is not defined.
        """
        are_positive = all((one.values > 0).all() for one in series)
        if log is True and not are_positive:
            raise RelayError(
                "model.log: a value of the target is not above 0, so it has no logarithm. Set "
                "model.log=false."
            )
        chosen = min(max(2 * season, SHORTEST), LONGEST) if window is None else window
        return cls(chosen, horizon, season, are_positive if log == "auto" else bool(log))

    @property
    def reach(self) -> int:
        """Return the number of values before an origin that an example needs."""
        return max(self.window, self.season)

    def transform(self, values: Floats) -> Floats:
        """Return the values that are learned: their logarithms with `log`."""
        return np.log(np.maximum(values, np.finfo(float).tiny)) if self.log else values

    def invert(self, values: Floats) -> Floats:
        """Return what `transform` was given."""
        return np.exp(values) if self.log else values


@dataclass(frozen=True)
class Examples:
    """Origins, one per row, with numbers relative to `level` in units of `scale`.

    `past` are the window's values, oldest first; `seasonal`, for each step to forecast, the newest
    known value of the same place in the season; `phase` and `past_phase` are places in the season,
    from 0 to 1. `target` are the values to forecast, none if they are unknown.
    """

    past: Floats
    past_phase: Floats
    seasonal: Floats
    phase: Floats
    level: Floats
    scale: Floats
    target: Floats | None = None

    def __len__(self) -> int:
        return len(self.past)

    def restore(self, relative: Floats) -> Floats:
        """Return forecasts (origins x steps) in the units of the series, transformed."""
        return relative * self.scale[:, None] + self.level[:, None]


def describe(frame: Frame, known: Sequence[Series]) -> Examples:
    """Return the example of each of `known` at its end; a short one repeats its first value."""
    past, seasonal, ends = [], [], []
    for series in known:
        values = frame.transform(series.values)
        missing = frame.reach - len(values)
        if missing > 0:
            values = np.concatenate([np.full(missing, values[0]), values])
        past.append(values[-frame.window :])
        seasonal.append(values[_newest_of_season(frame, len(values))])
        ends.append(series.end)
    scales = np.array([_scale(frame, series) for series in known])
    return _relative(frame, np.array(past), np.array(seasonal), np.array(ends), scales)


def learnable(frame: Frame, series: Sequence[Series], most: int, seed: int) -> Examples:
    """Return the examples of all origins in `series`, or a random choice of `most` of them.

    Raises RelayError if the series are too short for any.
    """
    parts: list[tuple[Any, ...]] = []
    for one in series:
        values, span = frame.transform(one.values), frame.reach + frame.horizon
        if len(values) < span:
            continue
        rows = sliding_window_view(values, span)
        past = rows[:, frame.reach - frame.window : frame.reach]
        places = _newest_of_season(frame, frame.reach)
        ends = one.start + frame.reach + np.arange(len(rows))
        scales = np.full(len(rows), _scale(frame, one))
        parts.append((past, rows[:, places], rows[:, frame.reach :], ends, scales))
    if not parts:
        longest = max((len(one) for one in series), default=0)
        raise RelayError(
            f"the training set is too short: the longest series has {longest} values, and the "
            f"model needs {frame.reach + frame.horizon}: max(window {frame.window}, season "
            f"{frame.season}) + horizon {frame.horizon}. Set a smaller model.window, data.season "
            "or horizon, or choose model=ets."
        )
    joined = (np.concatenate(part) for part in zip(*parts, strict=True))
    past, seasonal, target, ends, scales = joined
    if len(past) > most:
        chosen = np.sort(np.random.default_rng(seed).choice(len(past), most, replace=False))
        past, seasonal, target = past[chosen], seasonal[chosen], target[chosen]
        ends, scales = ends[chosen], scales[chosen]
    return _relative(frame, past, seasonal, ends, scales, target)


def _newest_of_season(frame: Frame, known: int) -> NDArray[np.int64]:
    """Return, for each step to forecast, the place of the newest value whole seasons before."""
    return known - frame.season + np.arange(frame.horizon) % frame.season


def _relative(
    frame: Frame, past: Floats, seasonal: Floats, ends: NDArray[Any], scales: Floats,
    target: Floats | None = None,
) -> Examples:  # fmt: skip
    # Over whole seasons if the window has one, so that the level does not follow the season.
    whole = frame.window // frame.season * frame.season or frame.window
    level = past[:, -whole:].mean(axis=1)

    def relative(values: Floats) -> Floats:
        centred: Floats = (values - level[:, None]) / scales[:, None]
        return centred

    places = ends[:, None] + np.arange(frame.horizon)
    before = ends[:, None] + np.arange(-frame.window, 0)
    return Examples(
        past=relative(past),
        past_phase=before % frame.season / frame.season,
        seasonal=relative(seasonal),
        phase=places % frame.season / frame.season,
        level=level,
        scale=scales,
        target=None if target is None else relative(target),
    )


def _scale(frame: Frame, series: Series) -> float:
    """Return the standard deviation of a series around its line; 1 if it is on a line."""
    values = frame.transform(series.values)
    if len(values) < 3:
        return 1.0
    places = np.arange(len(values))
    deviation = float(np.std(values - np.polyval(np.polyfit(places, values, 1), places)))
    return deviation if deviation > 1e-9 else 1.0
