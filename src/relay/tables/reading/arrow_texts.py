"""Columns of texts as Arrow arrays, which are quick to search."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_TRIED = 100


def is_text(values: pd.Series) -> bool:
    """Return True for a column of texts with at least one in it."""
    if not isinstance(values.dtype, pd.StringDtype):
        return bool(pd.api.types.is_string_dtype(values.dtype)) and bool(values.notna().any())
    return bool(as_arrow(values).null_count < len(values))


def as_arrow(values: pd.Series) -> pa.ChunkedArray | pa.Array:
    """Return the texts of `values`, without a copy."""
    return pa.array(values, pa.large_string(), from_pandas=True)


def release_memory() -> None:
    """Return the memory of deleted texts to the system; Arrow would keep it."""
    pa.default_memory_pool().release_unused()


def from_arrow(array: pa.ChunkedArray | pa.Array, like: pd.Series) -> pd.Series:
    """Return `array` as a column with the name and the index of `like`."""
    values: pd.Series = array.to_pandas()
    values.index, values.name = like.index, like.name
    return values


def sample(values: pd.Series) -> list[str]:
    """Return some of the different texts of `values`, from its beginning and from all parts."""
    array = as_arrow(values)
    all_over = np.arange(0, len(array), len(array) // _TRIED + 1)
    some = [*array.slice(0, _TRIED).to_pylist(), *array.take(all_over).to_pylist()]
    if all(text is None for text in some):
        some = array.drop_null().slice(0, _TRIED).to_pylist()
    return [text for text in dict.fromkeys(some) if text is not None]


def have_digits(texts: Sequence[str]) -> bool:
    """Return True if one of `texts` has a digit, of any script."""
    return any(map(str.isdecimal, "".join(texts)))


def last_bytes_in(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Return for each of the 256 bytes whether one of `texts` ends with it."""
    ends = np.zeros(256, dtype=bool)
    ends[[text.encode()[-1] for text in texts if text]] = True
    return ends


def may_hold(array: pa.ChunkedArray | pa.Array, ends: NDArray[np.bool_]) -> bool:
    """Return False if no text in `array` ends with one of the bytes `ends`.

    Few numbers end like the texts that mean "missing", so nearly all columns of numbers need no
    further search.
    """
    return any(bool(ends[_last_bytes(chunk)].any()) for chunk in chunks_of(array))


def may_have_letters(array: pa.ChunkedArray | pa.Array) -> bool:
    """Return False if the texts in `array` are digits, blanks and marks only."""
    return _has_bytes(array, ord("A"))


def is_ascii(array: pa.ChunkedArray | pa.Array) -> bool:
    """Return True if all texts in `array` have letters of ASCII only."""
    return not _has_bytes(array, 0x80)


def _has_bytes(array: pa.ChunkedArray | pa.Array, lowest: int) -> bool:
    """Return True if a byte of the texts in `array` is `lowest` or above."""
    for chunk in chunks_of(array):
        offsets, data = _buffers(chunk)
        if data.size and (data[offsets[0] : offsets[-1]] >= lowest).any():
            return True
    return False


def chunks_of(array: pa.ChunkedArray | pa.Array) -> list[pa.Array]:
    """Return the plain arrays that `array` consists of."""
    return array.chunks if isinstance(array, pa.ChunkedArray) else [array]


def _last_bytes(array: pa.Array) -> NDArray[np.uint8]:
    """Return the last byte of each text that is not empty."""
    bounds, data = _buffers(array)
    filled = bounds[1:][bounds[1:] > bounds[:-1]]
    return data[filled - 1]


def _buffers(array: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return the start of each text of `array`, with the end of the last, and all bytes."""
    _, offsets, data = array.cast(pa.large_string()).buffers()
    if data is None or not len(array):
        return np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.uint8)
    bounds = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    return bounds, np.frombuffer(data, dtype=np.uint8)


def tidied(table: pd.DataFrame, missing: Sequence[str]) -> pd.DataFrame:
    """Return `table` without blanks at the ends of its texts; those in `missing` become missing.

    Nothing changes if `missing` is empty.
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
    """Return for each row of `table`, all of texts, whether it equals `row`; "" is missing."""
    alike = np.ones(len(table), dtype=bool)
    for place, text in enumerate(row):
        if not alike.any():
            break
        values = as_arrow(table.iloc[:, place])
        same = pc.fill_null(pc.equal(values, text), False) if text else pc.is_null(values)
        alike &= same.to_numpy(zero_copy_only=False)
    return alike


def codes(values: pd.Series) -> NDArray[np.int64]:
    """Return a number for each distinct text, -1 for a missing one."""
    return _encoded(values)[1]


def _encoded(values: pd.Series) -> tuple[pa.Array, NDArray[np.int64]]:
    """Return the distinct texts, and for each value its place among them, -1 for a missing one."""
    encoded = as_arrow(values).dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    places = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return encoded.dictionary, places


def on_distinct(values: pd.Series, change: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Return `change(values)`, computed once for each distinct text if many are alike."""
    distinct, places = _encoded(values)
    if len(distinct) * 2 > len(values):
        return change(values)
    texts = pd.Series(distinct.to_pandas(), dtype="str", name=values.name)
    changed = change(pd.concat([texts, pd.Series([None], dtype="str")], ignore_index=True))
    expanded: pd.Series = changed.take(places)  # -1 is the last, the missing one
    expanded.index, expanded.name = values.index, values.name
    return expanded
