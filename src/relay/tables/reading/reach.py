"""Numbers too large for models: most of them compute with 32 bits, where larger ones overflow."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relay.tables.reading.dtypes import require_fit

LARGEST = float(np.finfo(np.float32).max)


def are_infinite(values: pd.Series) -> pd.Series:
    """For each of the values of a column whether it is an infinite number."""
    if not pd.api.types.is_float_dtype(values.dtype):
        return pd.Series(False, index=values.index)
    return values.abs().eq(np.inf).fillna(False).astype(bool)


def require_reach(values: pd.Series, rows: NDArray[np.bool_] | bool = True) -> None:
    """RelayError, with column and row, where a finite number in `rows` is beyond 32-bit floats."""
    if not pd.api.types.is_float_dtype(values.dtype):
        return
    beyond = values.abs().gt(LARGEST).fillna(False) & ~are_infinite(values) & rows
    if beyond.any():
        worst = float(values[beyond].iloc[0])
        require_fit(
            values,
            beyond,
            f"a number that models can compute with, up to {LARGEST:.1e}",
            f" Mend the file; or drop such rows, data.ranges.{values.name}=[-1e30,1e30]; or take "
            f"them as missing, data.read.missing_values=[{worst:g}], written as in the file.",
        )
