"""Columns without a name that number the rows, as many tools write them."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from relay.tables.reading.columns.type_inference import with_plain_dtypes

_NO_NAME = re.compile(r"(Unnamed: \d+(\.\d+)*)?")


def count_row_numbers(table: pd.DataFrame) -> int:
    """Count the columns at the left that have no name and number the rows.

    `table` has its columns named as in the file. A table that was saved twice has two of them.
    """
    count = 0
    while count < table.shape[1] and _NO_NAME.fullmatch(str(table.columns[count])):
        if not _are_row_numbers(with_plain_dtypes(table.iloc[:, count], None)):
            break
        count += 1
    return count


def _are_row_numbers(values: pd.Series) -> bool:
    """Return True for 0, 1, 2, ... or 1, 2, ..., also with gaps or shuffled; not for years."""
    if not len(values) or not pd.api.types.is_integer_dtype(values) or not values.is_unique:
        return False
    steps = np.unique(np.diff(values))
    return bool(values.min() >= 0 and (values.iloc[0] in (0, 1) or len(steps) > 1))
