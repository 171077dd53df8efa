"""Leakage: columns that alone predict the target almost perfectly, and may be known after it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from drift import numbers, texts
from numpy.typing import NDArray

from relay.tables.io import is_categorical

ROWS = 20_000
CLASSES = 50
FEWEST_ROWS = 30


def find_leaks(table: pd.DataFrame, target: str, *, at_least: float) -> dict[str, float]:
    """Return the columns that alone predict `target` well: {name: score}, `at_least` that score.

    1 is perfect, 0 is no better than a constant prediction. Each row is predicted from the other
    rows with the same value or, for numbers that occur once, from the two nearest: whatever the
    form of the relation, and without a model. At most 20,000 rows are used.
    """
    rows = table[table[target].notna()]
    if len(rows) > ROWS:
        rows = rows.iloc[:: -(-len(rows) // ROWS)]
    if len(rows) < FEWEST_ROWS or rows[target].nunique() < 2:
        return {}
    is_class = is_categorical(rows[target])
    y = _one_hot(rows[target]) if is_class else _ranks(rows[target])
    powers = {
        str(name): _power(rows[name], y, is_class=is_class) for name in rows if name != target
    }
    return {name: power for name, power in powers.items() if power >= at_least}


def _power(values: pd.Series, y: NDArray[np.float64], *, is_class: bool) -> float:
    if values.nunique() < 2:
        return 0.0
    order, starts = _groups(values)
    y = y[order]
    predicted = _without_itself(y, starts, neighbours=not is_categorical(values))
    if is_class:
        right = float((predicted.argmax(axis=1) == y.argmax(axis=1)).mean())
        usual = float(y.mean(axis=0).max())
        return (right - usual) / (1 - usual)
    return 1 - float(np.sum((y - predicted) ** 2) / np.sum((y - y.mean(axis=0)) ** 2))


def _groups(values: pd.Series) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the order of rows by value, missing ones last, and the place where each begins."""
    codes: NDArray[Any]
    if is_categorical(values):
        codes = pd.factorize(texts(values), use_na_sentinel=False)[0]
    else:
        codes = pd.factorize(numbers(values), sort=True, use_na_sentinel=False)[0]
    order = np.argsort(codes, kind="stable")
    return order, np.flatnonzero(np.diff(codes[order], prepend=-1))


def _without_itself(
    y: NDArray[np.float64], starts: NDArray[Any], *, neighbours: bool
) -> NDArray[np.float64]:
    """Return for each row the mean of the others in its group, or of its neighbours if alone."""
    counts = np.diff(starts, append=len(y))
    sums = np.repeat(np.add.reduceat(y, starts), counts, axis=0)
    count = np.repeat(counts, counts)[:, None]
    before = np.vstack([y[1:2], y[:-1]])
    after = np.vstack([y[1:], y[-2:-1]])
    alone = (before + after) / 2 if neighbours else (y.sum(axis=0) - y) / (len(y) - 1)
    return np.where(count > 1, (sums - y) / np.maximum(count - 1, 1), alone)


def _one_hot(target: pd.Series) -> NDArray[np.float64]:
    """Return a column of 0 and 1 for each of the most frequent classes, and one for the rest."""
    labels = texts(target)
    top = labels.value_counts().index[: CLASSES - 1]
    codes = pd.Categorical(labels, categories=top).codes
    return np.eye(len(top) + 1)[np.where(codes < 0, len(top), codes)]


def _ranks(target: pd.Series) -> NDArray[np.float64]:
    """Return the ranks of numbers or times: a few huge values must not decide."""
    return np.asarray(pd.Series(numbers(target)).rank(), dtype=float)[:, None]
