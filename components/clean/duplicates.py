"""Rows that repeat another row, and whether they do so by chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relay.tables.reading.arrow_texts import codes, is_text

_ODD = 0x9E3779B97F4A7C15
_MIXERS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
_CELLS = 5_000_000
_FEWEST_ROWS = 2_000
_BY_CHANCE_AT_LEAST = 0.25


def repeated_rows(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Return for each row whether it repeats one above it, like `table.duplicated()`.

    Each row has one number; only rows that share theirs are compared.
    """
    suspects = pd.Series(_keys(table)).duplicated(keep=False).to_numpy()
    repeated = np.zeros(len(table), dtype=bool)
    if suspects.any():
        repeated[suspects] = table[suspects].duplicated().to_numpy()
    return repeated


def first_repeats(table: pd.DataFrame, repeated: NDArray[np.bool_], count: int) -> dict[int, int]:
    """Return the first `count` of the `repeated` rows, from 1, with the rows they repeat."""
    keys = _keys(table)
    rows = np.flatnonzero(repeated)[:count]
    return {int(row) + 1: int(np.flatnonzero(keys == keys[row])[0]) + 1 for row in rows}


def are_by_chance(table: pd.DataFrame) -> bool:
    """Return True if a good part of the rows that repeat another can do so by chance.

    Pairs of rows that differ in one column only show how near rows come to each other. As many of
    these pairs would agree in that column, too, as any two rows do; the column with the largest
    number counts. Copies of records have no such neighbours, whatever the columns depend on.
    """
    some = table.iloc[:: max(1, -(-len(table) * table.shape[1] // _rows_times_columns(table)))]
    columns = [_mixed(some, place) for place in range(some.shape[1])]
    keys = _keys(some)
    possible, equal = len(some) * (len(some) - 1) / 2, _pairs(keys)
    if possible <= equal:
        return True
    expected = 0.0
    for column in columns:
        near = _pairs(keys - column) - equal
        agreeing = (_pairs(column) - equal) / (possible - equal)
        expected = max(expected, near * agreeing / (1 - agreeing) if agreeing < 1 else 0.0)
    scale = (len(table) / len(some)) ** 2
    return expected * scale >= _BY_CHANCE_AT_LEAST * _pairs(_keys(table))


def _rows_times_columns(table: pd.DataFrame) -> int:
    """Return the largest number of values to compare."""
    return max(_CELLS, _FEWEST_ROWS * table.shape[1])


def _pairs(keys: NDArray[np.uint64]) -> float:
    """Return how many pairs of equal numbers there are."""
    counts = np.unique(keys, return_counts=True)[1].astype(float)
    return float((counts * (counts - 1)).sum() / 2)


def _keys(table: pd.DataFrame) -> NDArray[np.uint64]:
    """Return a number for each row, the same where rows are the same."""
    keys = np.zeros(len(table), dtype=np.uint64)
    for place in range(table.shape[1]):
        keys += _mixed(table, place)
    return keys


def _mixed(table: pd.DataFrame, place: int) -> NDArray[np.uint64]:
    """Return a number for each value of a column, with its bits mixed (SplitMix64's finalizer)."""
    keys = _as_numbers(table.iloc[:, place]) + np.uint64((place + 1) * _ODD % 2**64)
    for shift, factor in _MIXERS:
        keys = (keys ^ (keys >> np.uint64(shift))) * np.uint64(factor)
    mixed: NDArray[np.uint64] = keys ^ (keys >> np.uint64(31))
    return mixed


def _as_numbers(values: pd.Series) -> NDArray[np.uint64]:
    """Return a number for each value, the same where values are the same."""
    types = pd.api.types
    if isinstance(values.dtype, pd.CategoricalDtype):
        keys = values.cat.codes.to_numpy()
    elif isinstance(values.dtype, np.dtype) and values.dtype.kind in "iubM":
        keys = values.to_numpy()
        keys = keys.view(np.int64) if values.dtype.kind == "M" else keys
    elif values.dtype == np.float64:
        numbers = values.to_numpy() + 0.0  # -0.0 is 0.0
        keys = np.where(np.isnan(numbers), np.nan, numbers).view(np.uint64)
    elif types.is_string_dtype(values.dtype) and is_text(values):
        keys = codes(values)
    else:
        keys = pd.factorize(values)[0]
    return keys.astype(np.uint64)
