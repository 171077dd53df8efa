"""Which rows are learnt from and which are held out: at random, by groups, or by time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
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

PARTS = 5
"""One row in so many is held out to find something, and of a large table one in twice as many."""
ENOUGH_HELD_OUT = 2000
"""With so many rows held out, what is found on them is not chance any more."""


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


def no_folds(data: Data, count: int) -> str:
    """Why `folds` makes none of `count`, and what to do about it; "" where it makes some."""
    if count < 2 or next(folds(data, count, seed=0), None) is not None:
        return ""
    if data.groups is not None:
        return (
            f"all {len(data)} rows of the train set belong to one group, and a fold has to hold "
            "out another one. Take a column with more groups (split.group_column), or random "
            "folds with train.group_column=null"
        )
    if data.times is not None:
        return (
            f"the train set has only {len(np.unique(data.times))} different times, and each fold "
            "has to be newer than what is learned from. Take a column with more of them "
            "(split.time_column), or random folds with train.time_column=null"
        )
    return f"the train set has only {len(data)} rows"


def hold_outs(data: Data, seed: int) -> list[tuple[Rows, Rows]]:
    """Parts to find something on that is not to be learned: (learned from, held out) of each.

    Of few rows all are held out once, in five parts, since a single part would show chance; of
    many, as many parts as make up 2000 rows; of a large table one tenth. With times it is the
    newest tenth. Where groups or times make no parts, rows are held out at random. None where
    there are fewer than four rows.
    """
    if len(data) >= PARTS * ENOUGH_HELD_OUT or data.times is not None:
        parts = list(folds(data, 2 * PARTS, seed))[-1:]
    else:
        parts = list(folds(data, PARTS, seed))[: math.ceil(PARTS * ENOUGH_HELD_OUT / len(data))]
    return parts or list(folds(replace(data, groups=None, times=None), PARTS, seed))


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
