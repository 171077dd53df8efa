"""Numbers that are too large for models: most compute with 32 bits, and overflow."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relay.tables.reading.columns.dtypes import require_fit
from relay.util.setting_text import setting

LARGEST = float(np.finfo(np.float32).max)


def are_infinite(values: pd.Series) -> NDArray[np.bool_]:
    """Return for each of the values of a column whether it is an infinite number."""
    if not pd.api.types.is_float_dtype(values.dtype):
        return np.zeros(len(values), dtype=bool)
    return np.isinf(_floats(values))


def _floats(values: pd.Series) -> NDArray[np.float64]:
    return values.to_numpy(dtype="float64", na_value=np.nan)


def require_float32_range(values: pd.Series, rows: NDArray[np.bool_] | bool = True) -> None:
    """Check that the finite numbers in `rows` are within 32-bit floats.

    Raises RelayError, with column and row, if one is not.
    """
    if not pd.api.types.is_float_dtype(values.dtype):
        return
    numbers = np.abs(_floats(values))
    beyond = (numbers > LARGEST) & np.isfinite(numbers) & rows
    if beyond.any():
        worst = float(values[beyond].iloc[0])
        bounds = setting(f"data.ranges.{values.name}", [-1e30, 1e30])
        require_fit(
            values,
            pd.Series(beyond, index=values.index),
            f"a number that models can compute with, up to {LARGEST:.1e}",
            f" Correct the file; or drop such rows, {bounds}; or "
            f"take them as missing, {setting('data.read.missing_values', [worst])}, written as in "
            "the file.",
        )
