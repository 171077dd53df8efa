"""The split of series by time: the last steps of the time axis are the test set."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from relay import RelayError
from relay.forecasts.series import Layout

FEWEST_TRAINED = 3


@dataclass(frozen=True)
class Parts:
    """A training set and a test set; `left_out` are series without a value in the training set."""

    train: pd.DataFrame
    test: pd.DataFrame
    windows: int
    left_out: tuple[str, ...]


def split_by_time(table: pd.DataFrame, layout: Layout, horizon: int, test_size: float) -> Parts:
    """Return the steps before a moment, and those from it on: as many whole horizons as fit.

    The moment is the same for all series, so no series shows the future of another. Raises
    RelayError if too few steps are left to train on.
    """
    places = layout.places(table)
    first, end = int(places.min()), int(places.max()) + 1
    windows = max(1, int(test_size * (end - first) // horizon))
    cut = end - windows * horizon
    if cut - first < FEWEST_TRAINED * horizon:
        raise RelayError(
            f"horizon: with {horizon} steps, {end - first} steps of time are too few: at least "
            f"{(FEWEST_TRAINED + 1) * horizon} are needed. Set a smaller horizon, such as "
            f"horizon={max(1, (end - first) // (FEWEST_TRAINED + 1))}."
        )
    names = layout.names(table)
    begun = set(names[places < cut])
    is_known = pd.Series(names).isin(begun).to_numpy()
    left_out = tuple(sorted(set(names) - begun))
    train, test = table[places < cut], table[(places >= cut) & is_known]
    return Parts(train.reset_index(drop=True), test.reset_index(drop=True), windows, left_out)
