"""Columns of texts, as Arrow has them: the quick way to look at a million of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_TRIED = 100


def is_text(values: pd.Series) -> bool:
    """True for a column of texts with at least one in it."""
    return bool(pd.api.types.is_string_dtype(values.dtype)) and bool(values.notna().any())


def as_arrow(values: pd.Series) -> pa.ChunkedArray | pa.Array:
    """The texts of `values`, without a copy."""
    return pa.array(values, pa.large_string(), from_pandas=True)


def release_memory() -> None:
    """Give back to the system what texts that are gone took: Arrow would keep it for others."""
    pa.default_memory_pool().release_unused()


def from_arrow(array: pa.ChunkedArray | pa.Array, like: pd.Series) -> pd.Series:
    """`array` as a column with the name and the index of `like`."""
    values: pd.Series = array.to_pandas()
    values.index, values.name = like.index, like.name
    return values


def sample(values: pd.Series) -> list[str]:
    """Some of the different texts of `values`, from its beginning and from all over it."""
    array = as_arrow(values)
    places = [*range(min(_TRIED, len(array))), *range(0, len(array), len(array) // _TRIED + 1)]
    found = {array[place].as_py(): None for place in places}
    if found.keys() == {None}:
        found = dict.fromkeys(array.drop_null().slice(0, _TRIED).to_pylist())
    return [one for one in found if one is not None]


def may_hold(array: pa.ChunkedArray | pa.Array, texts: Sequence[str]) -> bool:
    """False where none of the texts in `array` ends as one of `texts`: so few numbers do that this
    spares a closer look at nearly all of their columns.
    """
    ends = np.zeros(256, dtype=bool)
    ends[[text.encode()[-1] for text in texts if text]] = True
    chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
    return any(bool(ends[_last_bytes(chunk)].any()) for chunk in chunks)


def _last_bytes(array: pa.Array) -> NDArray[np.uint8]:
    """The last byte of each text that is not empty."""
    _, offsets, data = array.cast(pa.large_string()).buffers()
    if data is None or not len(array):
        return np.zeros(0, dtype=np.uint8)
    bounds = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    filled = bounds[1:][bounds[1:] > bounds[:-1]]
    return np.frombuffer(data, dtype=np.uint8)[filled - 1]


def tidied(table: pd.DataFrame, missing: Sequence[str]) -> pd.DataFrame:
    """`table` without blanks at the ends of its texts; those in `missing` are missing then.

    With nothing in `missing` there are no such blanks.
    """
    if not missing:
        return table
    absent = pa.array(missing, pa.large_string())
    for place, dtype in enumerate(table.dtypes):
        if pd.api.types.is_string_dtype(dtype):
            values = table.iloc[:, place]
            texts = pc.utf8_trim_whitespace(as_arrow(values))
            texts = pc.if_else(pc.is_in(texts, absent), None, texts)
            table.isetitem(place, from_arrow(texts, values).array)
    return table


def equals_row(table: pd.DataFrame, row: Sequence[str]) -> NDArray[np.bool_]:
    """For each row of `table`, all of texts, whether it holds those of `row`; "" is missing."""
    alike = np.ones(len(table), dtype=bool)
    for place, text in enumerate(row):
        if not alike.any():
            break
        values = as_arrow(table.iloc[:, place])
        same = pc.fill_null(pc.equal(values, text), False) if text else pc.is_null(values)
        alike &= same.to_numpy(zero_copy_only=False)
    return alike


def codes(values: pd.Series) -> NDArray[np.int64]:
    """A number for each distinct text, -1 for a missing one."""
    return _encoded(values)[1]


def _encoded(values: pd.Series) -> tuple[pa.Array, NDArray[np.int64]]:
    """The distinct texts, and for each value its place among them, -1 for a missing one."""
    encoded = as_arrow(values).dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    places = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return encoded.dictionary, places


def on_distinct(values: pd.Series, change: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """`change(values)`, worked out once for each distinct text where many are alike."""
    distinct, places = _encoded(values)
    if len(distinct) * 2 > len(values):
        return change(values)
    texts = pd.Series(distinct.to_pandas(), dtype="str", name=values.name)
    changed = change(pd.concat([texts, pd.Series([None], dtype="str")], ignore_index=True))
    result: pd.Series = changed.take(places)  # -1 is the last, the missing one
    result.index, result.name = values.index, values.name
    return result
