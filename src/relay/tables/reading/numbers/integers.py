"""Exact integers: those that float64 cannot represent are not converted to it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relay.tables.reading.arrow_texts import as_arrow

_LOOKED_AT = 100
FLOATS_HOLD = 2**53
"""Up to here float64 represents every integer; beyond, neighbours become equal."""


def exact_integers(values: Sequence[int | None]) -> pd.Series:
    """Return integers, None for a missing one, as a column of the narrowest dtype for them.

    int64; float64 if some are missing and it can represent the others, else Int64; texts if a value
    needs more than 64 bits.
    """
    try:
        return integers_from_arrow(pa.array(values, pa.int64()))
    except OverflowError:
        return pd.Series([None if value is None else str(value) for value in values], dtype="str")


def integers_from_arrow(array: pa.Array | pa.ChunkedArray) -> pd.Series:
    """Return Arrow's integers of any width, or its decimals of scale 0, in the same dtypes."""
    try:
        whole = pc.cast(array, pa.int64())
    except pa.ArrowInvalid:
        texts: pd.Series = pc.cast(array, pa.large_string()).to_pandas()
        return texts
    ends = pc.min_max(whole).as_py()
    if 0 < whole.null_count < len(whole) and not _in_reach(ends["min"], ends["max"]):
        exact: pd.Series = whole.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
        return exact
    plain: pd.Series = whole.to_pandas()
    return plain


def decimals_from_arrow(array: pa.Array | pa.ChunkedArray) -> pd.Series:
    """Return Arrow's decimals as float64, or as `integers_from_arrow` if they are integers.

    Integers of a type with decimals stay integers only if float64 cannot represent them.
    """
    if array.type.scale <= 0:
        return integers_from_arrow(array)
    try:
        whole = pc.cast(array, pa.int64())
    except pa.ArrowInvalid:  # fractions, or far too long
        whole = None
    ends = pc.min_max(whole).as_py() if whole is not None and whole.null_count < len(whole) else {}
    if ends and not _in_reach(ends["min"], ends["max"]):
        return integers_from_arrow(whole)
    numbers: pd.Series = pc.cast(array, pa.float64()).to_pandas()
    return numbers


def integers_among(values: Sequence[int | float | None]) -> pd.Series | None:
    """Return numbers as `exact_integers` if all are integers, NaN being missing; else None.

    Floats that are so large that digits can be lost do not count as integers.
    """
    if not all(isinstance(value, int) or value is None or _is_integer(value) for value in values):
        return None
    return exact_integers(
        [None if value is None or math.isnan(value) else int(value) for value in values]
    )


def _is_integer(number: float) -> bool:
    return math.isnan(number) or (number.is_integer() and abs(number) < FLOATS_HOLD)


def integers_in_texts(values: pd.Series) -> pd.Series | None:
    """Return texts that are all integers of 64 bits as such, in the same dtypes; else None."""
    array = as_arrow(values)
    if any("." in text for text in array.slice(0, _LOOKED_AT).to_pylist() if text):
        return None  # as in most columns of numbers, and quick
    try:
        whole = pc.cast(array, pa.int64())
    except pa.ArrowInvalid:
        if not pc.any(pc.starts_with(array, "+")).as_py():
            return None
        try:
            whole = pc.cast(pc.utf8_ltrim(array, "+"), pa.int64())
        except pa.ArrowInvalid:
            return None
    numbers = integers_from_arrow(whole)
    numbers.index, numbers.name = values.index, values.name
    return numbers


def floats_merge(values: pd.Series) -> bool:
    """Return True if different ones of the integers `values` would be equal as floats."""
    if not pd.api.types.is_integer_dtype(values.dtype):
        return False
    if floats_hold(values):
        return False
    distinct = values.dropna().drop_duplicates()
    return bool(distinct.astype("float64").nunique() < len(distinct))


def floats_hold(values: pd.Series) -> bool:
    """Return True if floats hold each of the integers `values` exactly."""
    return _in_reach(values.min(), values.max()) if values.notna().any() else True


def _in_reach(low: int, high: int) -> bool:
    return bool(low >= -FLOATS_HOLD and high <= FLOATS_HOLD)
