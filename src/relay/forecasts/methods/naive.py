"""The seasonal naive forecast: the value of one season before. Every model is compared with it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from relay.forecasts.series import Floats, Series


def seasonal_naive(known: Sequence[Series], horizon: int, season: int) -> Floats:
    """Return the last season of each series again and again; of a shorter one, its last value."""
    rows = []
    for series in known:
        step = season if len(series) >= season else 1
        places = len(series) - step + np.arange(horizon) % step
        rows.append(series.values[places])
    return np.array(rows)
