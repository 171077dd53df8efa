"""Values that repeat far from all others, such as -999: they often stand for a missing one."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relay.tables.reading.arrow_texts import is_text
from relay.util.setting_text import setting

_FEWEST_ROWS, _FEWEST_ALIKE, _FEWEST_OTHERS = 20, 3, 10
_MOST_FAR = 3
"""So many different values may be far together, such as 97, 98 and 99."""
_ZERO_BEYOND = 3
_CODE = re.compile(r"-?(?:9|9+[5-9])")
_USUAL_BELOW = 100
"""Numbers below it, such as 0 and 99, are values of other columns."""
_PLACEHOLDERS = ("1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01", "2099-12-31")
_FIRST, _LAST = np.datetime64("1678-01-01", "us"), np.datetime64("2262-01-01", "us")


def far_value_warning(values: pd.Series, in_file: pd.Series, word: str | None) -> str:
    """Return a warning of a value that repeats and is farther from all others than they span.

    `values` are numbers or times, read from `in_file` as the dtype word `word`; others have none.
    A value is far if it is the lowest or the highest, and the gap to the next is wider than the
    range of all others; up to three numbers can be far together. 0 must be three times as far, as
    it often is a value; dates that programs write for no date, such as 1900-01-01, need not be that
    far. Returns "" if there is none.
    """
    is_time = pd.api.types.is_datetime64_any_dtype(values)
    if not is_time and (
        not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)
    ):
        return ""
    present = values.dropna()
    numbers = _as_numbers(present)
    if len(numbers) < _FEWEST_ROWS:
        return ""
    for sign in (1, -1):
        far = _far_at_one_end(numbers, sign, is_time=is_time)
        if far:
            return _warning(present, np.isin(numbers, far), in_file, word)
    return ""


def _far_at_one_end(numbers: NDArray[np.float64], sign: int, *, is_time: bool) -> list[float]:
    """Return the lowest numbers, the highest if `sign` is -1, if far from all others; else none."""
    far: list[float] = []
    others = sign * numbers
    while len(others) and len(far) < (1 if is_time else _MOST_FAR):
        lowest = others.min()
        alike = others == lowest
        if alike.sum() < _FEWEST_ALIKE or not np.isfinite(lowest):
            return []
        far.append(float(lowest))
        others = others[~alike]
        is_placeholder = is_time and _day(sign * far[0]) in _PLACEHOLDERS
        if _are_far(far, others, is_time=is_time, is_placeholder=is_placeholder):
            return [sign * value for value in far]
    return []


def _as_numbers(present: pd.Series) -> NDArray[np.float64]:
    if not pd.api.types.is_datetime64_any_dtype(present):
        return present.to_numpy(dtype="float64")
    plain = present.dt.tz_convert(None) if present.dt.tz is not None else present
    moments = plain.to_numpy(dtype="datetime64[us]")
    usual = moments[(moments >= _FIRST) & (moments < _LAST)]  # of others there is a warning
    return usual.astype("float64") if len(usual) == len(moments) else np.empty(0)


def _day(microseconds: float) -> str:
    return str(np.datetime64(int(microseconds), "us"))[:10]


def _are_far(
    far: Sequence[float], others: NDArray[np.float64], *, is_time: bool, is_placeholder: bool
) -> bool:
    """Return True if the numbers `far`, which rise, are far below all `others`."""
    if not len(others) or not np.isfinite(others).all():
        return False
    span, gap = others.max() - others.min(), others.min() - far[-1]
    if is_placeholder:
        return bool(gap > span / 20)
    if gap <= span or far[-1] - far[0] > gap:
        return False
    if not is_time and all(_CODE.fullmatch(f"{value:g}") for value in far):  # as in 1, 2, 3, 9
        return bool(span > 0)
    if len(np.unique(others)) < _FEWEST_OTHERS:
        return False
    return is_time or 0 not in far or (len(far) == 1 and bool(gap > span * _ZERO_BEYOND))


def _warning(
    present: pd.Series, alike: NDArray[np.bool_], in_file: pd.Series, word: str | None
) -> str:
    name, is_time = present.name, pd.api.types.is_datetime64_any_dtype(present)
    others = present[~alike]
    far = present[alike].drop_duplicates()
    is_from_text = is_text(in_file)
    texts = [
        str(text) if is_from_text else _in_words(text)
        for text in (in_file[far.index] if is_from_text else far)
    ]
    stays = word or ("datetime" if is_time else "int" if _is_whole(present) else "float")
    if not is_time and far.abs().max() < _USUAL_BELOW:
        rows = setting("data.filters", [f"{name} != {value:g}" for value in far])
        hint = f"To leave these rows out: {rows}"
    elif is_from_text or not is_time:
        means = "it means a missing value" if len(far) == 1 else "they mean missing values"
        absent = setting("data.read.missing_values", texts)
        hint = f"If {means}: {absent}, which is for all columns"
    else:
        hint = "If it means a missing value, leave it out of the file"
    right = "it is" if len(far) == 1 else "they are"
    return (
        f"{' and '.join(texts)} {'stands' if len(far) == 1 else 'stand'} in {int(alike.sum())} of "
        f"{len(present)} rows, far from all other values ({_in_words(others.min())} to "
        f"{_in_words(others.max())}): kept. {hint}; if {right} right: "
        f"{setting(f'data.dtypes.{name}', stays)}"
    )


def _is_whole(numbers: pd.Series) -> bool:
    return bool((numbers % 1 == 0).all())


def _in_words(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return str(value.date()) if value == value.normalize() else str(value)
    return f"{value:.10g}"
