"""Values that repeat far from all others, such as -999: they often stand for a missing one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relay.tables.reading.arrow_texts import is_text
from relay.util.setting_text import setting

_FEWEST_ROWS, _FEWEST_ALIKE, _FEWEST_OTHERS = 20, 3, 10
_ZERO_BEYOND = 3
_USUAL_BELOW = 100
"""Numbers below it, such as 0 and 99, are values of other columns."""
_PLACEHOLDERS = ("1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01", "2099-12-31")
_FIRST, _LAST = np.datetime64("1678-01-01", "us"), np.datetime64("2262-01-01", "us")


def far_value_warning(values: pd.Series, in_file: pd.Series, word: str | None) -> str:
    """Return a warning of a value that repeats and is farther from all others than they span.

    `values` are numbers or times, read from `in_file` as the dtype word `word`; others have none.
    A value is far if it is the lowest or the highest, and the gap to the next is wider than the
    range of all others. 0 must be three times as far, as it often is a value; dates that programs
    write for no date, such as 1900-01-01, need not be that far. Returns "" if there is none.
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
    for extreme in (numbers.min(), numbers.max()):
        alike = numbers == extreme
        if alike.sum() >= _FEWEST_ALIKE and _is_far(extreme, numbers[~alike], is_time=is_time):
            return _warning(present, alike, in_file, word)
    return ""


def _as_numbers(present: pd.Series) -> NDArray[np.float64]:
    if not pd.api.types.is_datetime64_any_dtype(present):
        return present.to_numpy(dtype="float64")
    plain = present.dt.tz_convert(None) if present.dt.tz is not None else present
    moments = plain.to_numpy(dtype="datetime64[us]")
    usual = moments[(moments >= _FIRST) & (moments < _LAST)]  # of others there is a warning
    return usual.astype("float64") if len(usual) == len(moments) else np.empty(0)


def _is_far(extreme: float, others: NDArray[np.float64], *, is_time: bool) -> bool:
    if not len(others) or not np.isfinite([extreme, others.min(), others.max()]).all():
        return False
    span = others.max() - others.min()
    gap = np.abs(others - extreme).min()
    if is_time and str(np.datetime64(int(extreme), "us"))[:10] in _PLACEHOLDERS:
        return bool(gap > span / 20)
    if gap <= span:
        return False
    if not is_time and set(f"{abs(extreme):g}") == {"9"}:  # as in codes: 1, 2, 3, 9
        return bool(span > 0)
    if len(np.unique(others)) < _FEWEST_OTHERS:
        return False
    return is_time or extreme != 0 or bool(gap > span * _ZERO_BEYOND)


def _warning(
    present: pd.Series, alike: NDArray[np.bool_], in_file: pd.Series, word: str | None
) -> str:
    name, is_time = present.name, pd.api.types.is_datetime64_any_dtype(present)
    far, others = present[alike].iloc[0], present[~alike]
    text = str(in_file[present.index[alike][0]]) if is_text(in_file) else _in_words(far)
    stays = word or ("datetime" if is_time else "int" if _is_whole(present) else "float")
    if not is_time and abs(far) < _USUAL_BELOW:
        hint = f"To leave these rows out: {setting('data.filters', [f'{name} != {far:g}'])}"
    elif is_text(in_file) or not is_time:
        absent = setting("data.read.missing_values", [text])
        hint = f"If it means a missing value: {absent}, which is for all columns"
    else:
        hint = "If it means a missing value, leave it out of the file"
    return (
        f"{text} stands in {int(alike.sum())} of {len(present)} rows, far from all other values "
        f"({_in_words(others.min())} to {_in_words(others.max())}): kept. {hint}; if it is right: "
        f"{setting(f'data.dtypes.{name}', stays)}"
    )


def _is_whole(numbers: pd.Series) -> bool:
    return bool((numbers % 1 == 0).all())


def _in_words(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return str(value.date()) if value == value.normalize() else str(value)
    return f"{value:.10g}"
