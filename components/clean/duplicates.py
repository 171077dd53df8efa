"""Rows that repeat another row, found without comparing whole rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relay.reading.texts import codes, is_text

_PRIME = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
_LOOKED_AT = 100_000


def repeated_rows(table: pd.DataFrame) -> NDArray[np.bool_]:
    """For each row whether it repeats one above it, as `table.duplicated()` says.

    Rows are told apart by one number each; only those that share theirs are compared.
    """
    key = np.zeros(len(table), dtype=np.uint64)
    for place in range(table.shape[1]):
        key = (key ^ (key >> _SHIFT)) * _PRIME + _as_numbers(table.iloc[:, place])
    suspects = pd.Series(key).duplicated(keep=False).to_numpy()
    repeated = np.zeros(len(table), dtype=bool)
    if suspects.any():
        repeated[suspects] = table[suspects].duplicated().to_numpy()
    return repeated


def chance_repeats(table: pd.DataFrame) -> float:
    """How many pairs of rows would be equal by chance, were the columns independent.

    Where columns go together it is more. Of large tables some rows are looked at.
    """
    pairs = len(table) * (len(table) - 1) / 2
    some = table.iloc[:: max(1, -(-len(table) // _LOOKED_AT))]
    possible = len(some) * (len(some) - 1)
    for place in range(some.shape[1]) if possible else ():
        counts = np.unique(_as_numbers(some.iloc[:, place]), return_counts=True)[1].astype(float)
        pairs *= float((counts * (counts - 1)).sum()) / possible
    return pairs


def _as_numbers(values: pd.Series) -> NDArray[np.uint64]:
    """A number for each value, the same where values are the same."""
    types = pd.api.types
    if isinstance(values.dtype, pd.CategoricalDtype):
        found = values.cat.codes.to_numpy()
    elif isinstance(values.dtype, np.dtype) and values.dtype.kind in "iubM":
        found = values.to_numpy()
        found = found.view(np.int64) if values.dtype.kind == "M" else found
    elif values.dtype == np.float64:
        numbers = values.to_numpy() + 0.0  # -0.0 is 0.0
        found = np.where(np.isnan(numbers), np.nan, numbers).view(np.uint64)
    elif types.is_string_dtype(values.dtype) and is_text(values):
        found = codes(values)
    else:
        found = pd.factorize(values)[0]
    return found.astype(np.uint64)
