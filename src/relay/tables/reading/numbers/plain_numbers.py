"""Whole numbers and decimals as programs write them; codes and too long ones stay texts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relay.tables.reading.arrow_texts import as_arrow, from_arrow
from relay.tables.reading.numbers.integers import FLOATS_HOLD, floats_hold, integers_in_texts

TOO_LONG = "integers too long for numbers, kept as texts"
_LONGEST_INTEGER = 18
_LONG_INTEGER = rf"^[-+]?\d{{{_LONGEST_INTEGER + 1},}}$"


def as_plain_numbers(values: pd.Series) -> pd.Series | None:
    """Return texts that are all numbers as programs write them as int64, Int64 or float64.

    None for other texts, and for codes such as 007.
    """
    array = as_arrow(values)
    whole = integers_in_texts(values)
    if whole is not None:
        return None if _has_zeros_before(array) else whole
    try:
        numbers = from_arrow(pc.cast(array, pa.float64()), values)
    except pa.ArrowInvalid:
        return None
    return None if _is_too_long(array) or len(too_long(values, numbers)) else numbers


def codes_note(values: pd.Series) -> str:
    """Return why whole numbers stay texts; "" if they are numbers, or not all are whole numbers."""
    array = as_arrow(values)
    whole = integers_in_texts(values)
    if whole is not None and not floats_hold(whole):
        return TOO_LONG
    if not pc.all(pc.match_substring_regex(array, r"^[-+]?\d[\dxX]*$")).as_py():
        return ""
    if _has_zeros_before(array):
        return "codes with zeros before them, kept as texts"
    return TOO_LONG if _is_too_long(array) else ""


def too_long(texts: pd.Series, numbers: pd.Series) -> pd.Series:
    """Return the `texts` that are so long that different ones are equal as `numbers`."""
    sizes = np.abs(numbers.to_numpy())
    long = (sizes >= FLOATS_HOLD) & np.isfinite(sizes)
    if not long.any():
        return texts.iloc[:0]
    chosen: pd.Series = texts[
        long & ~texts.str.contains("[eE]").to_numpy(dtype=bool, na_value=True)
    ]
    return chosen if chosen.nunique() > numbers[chosen.index].nunique() else chosen.iloc[:0]


def _has_zeros_before(array: pa.ChunkedArray | pa.Array) -> bool:
    """Return True if a whole number begins with a zero: 007 is a code."""
    zeros = array.filter(pc.starts_with(array, "0"))
    return bool(pc.any(pc.greater(pc.utf8_length(zeros), 1)).as_py())


def _is_too_long(array: pa.ChunkedArray | pa.Array) -> bool:
    """Return True if one of the texts is an integer with more digits than a number can hold."""
    longest = pc.max(pc.utf8_length(array)).as_py() or 0
    if longest <= _LONGEST_INTEGER:
        return False
    return bool(pc.any(pc.match_substring_regex(array, _LONG_INTEGER)).as_py())
