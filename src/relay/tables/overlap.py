"""The rows that two tables share: a model of one has seen them in the other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.util import hash_pandas_object

from relay.tables.reading.dates.date_parsing import days_since_1970


def rows_in(table: pd.DataFrame, other: pd.DataFrame) -> NDArray[np.bool_]:
    """Return for each row of `table` whether `other` has it as well, by the columns of both.

    Numbers of different dtypes can be equal, and so can texts and categories.
    """
    columns = [name for name in table.columns if name in other.columns]
    if not columns:
        return np.zeros(len(table), dtype=bool)
    table, other = table[columns], other[columns]
    # Texts take long to compare: they are compared only if all numbers are equal.
    numbers = [name for name in columns if _is_number(table[name]) and _is_number(other[name])]
    if not numbers:
        return np.isin(_hashes(table), _hashes(other))
    ours, theirs = _hashes(table[numbers]), _hashes(other[numbers])
    shared = np.isin(ours, theirs)
    if shared.any() and len(numbers) < len(columns):
        alike = np.isin(theirs, ours[shared])
        shared[shared] = np.isin(_hashes(table[shared]), _hashes(other[alike]))
    return shared


def _is_number(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values))


def _hashes(table: pd.DataFrame) -> NDArray[np.uint64]:
    plain = pd.DataFrame({place: _plain(table.iloc[:, place]) for place in range(table.shape[1])})
    return np.asarray(hash_pandas_object(plain, index=False), dtype=np.uint64)


def _plain(values: pd.Series) -> NDArray[np.float64] | NDArray[np.object_]:
    if pd.api.types.is_datetime64_any_dtype(values):
        return days_since_1970(values)
    if pd.api.types.is_numeric_dtype(values):
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.array(["" if pd.isna(value) else str(value) for value in values], dtype=object)
