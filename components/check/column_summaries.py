"""A summary of each column of a table, as plain values for a report."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

_TOP = 5
_ROUNDING = 1e-12
"""A mean that is smaller than this share of the largest value is 0 with a rounding error."""


def summarise(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return for each column dtype, missing, distinct, and min, max and mean or the top values."""
    return {str(name): _column(table[name]) for name in table.columns}


def _column(values: pd.Series) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "dtype": str(values.dtype),
        "missing": int(values.isna().sum()),
        "distinct": int(values.nunique()),
    }
    types = pd.api.types
    is_number = types.is_numeric_dtype(values) and not types.is_bool_dtype(values)
    if is_number or types.is_datetime64_any_dtype(values):
        low, high, mean = (to_json(getattr(values, name)()) for name in ("min", "max", "mean"))
        if isinstance(mean, float) and abs(mean) < _ROUNDING * max(abs(low), abs(high)):
            mean = 0.0
        return summary | {"min": low, "max": high, "mean": mean}
    top = values.value_counts().head(_TOP)
    return summary | {"top": {str(value): int(count) for value, count in top.items()}}


def to_json(value: Any) -> Any:
    """Return `value` as JSON can hold it: times in ISO 8601, missing and infinite as None."""
    if isinstance(value, pd.Timestamp) and value is not pd.NaT:
        return value.isoformat()
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if isinstance(value, bool | int | str) else str(value)
