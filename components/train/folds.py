"""Which rows are learnt from and which are held out: at random, by groups, or by time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from data import Data
from numpy.typing import NDArray
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)

Rows = NDArray[np.int_]

HELD_OUT = 10  # one row in so many


def folds(data: Data, count: int, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """(learnt from, held out) for each of at most `count` folds; none where 2 cannot be made.

    Classes are spread over the folds as evenly as it goes. Rows of one group are on one side;
    with times, the rows held out are newer than those learnt from, and rows of one moment are
    on one side.
    """
    count = min(count, len(data) // 2)
    if data.times is not None:
        yield from _by_time(data.times, count)
        return
    if data.groups is not None:
        count = min(count, len(np.unique(data.groups)))
    if count >= 2:
        splitter = _splitter(data, count, seed)
        yield from splitter.split(np.arange(len(data)), data.y, data.groups)


def hold_out(data: Data, seed: int) -> tuple[Rows, Rows] | None:
    """One tenth of the rows held out, in the manner of `folds`; None where there are too few."""
    *_, last = [None, *folds(data, HELD_OUT, seed)]
    return last


def _splitter(data: Data, count: int, seed: int) -> Any:
    spread = data.task == "classification" and bool(
        np.unique(data.y, return_counts=True)[1].min() >= count
    )
    if data.groups is not None:
        kind = StratifiedGroupKFold if spread else GroupKFold
    else:
        kind = StratifiedKFold if spread else KFold
    return kind(count, shuffle=True, random_state=seed)


def _by_time(times: NDArray[Any], count: int) -> Iterator[tuple[Rows, Rows]]:
    moments, moment_of = np.unique(times, return_inverse=True)
    count = min(count, len(moments) - 1)
    if count < 2:
        return
    for old, new in TimeSeriesSplit(count).split(moments):
        yield np.flatnonzero(moment_of <= old[-1]), np.flatnonzero(np.isin(moment_of, new))
