"""Files read as the tests of reading look at them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from relay.tables.header_check import read_columns
from relay.tables.reading.columns.type_inference import with_plain_dtypes
from relay.tables.reading.settings.options import ReadOptions
from relay.tables.reading.table import read_raw


def read_as_it_stands(path: Path, **options: Any) -> pd.DataFrame:
    """Return the table in `path`; `read_columns` must return the same columns."""
    table = read_raw(path, ReadOptions(**options)).table
    assert list(table.columns) == read_columns(path, ReadOptions(**options))
    return table


def read(path: Path, **options: Any) -> pd.DataFrame:
    """Return the same table, with texts that are all plain numbers or booleans as such."""
    table = read_as_it_stands(path, **options)
    for place in range(table.shape[1]):
        values = with_plain_dtypes(table.iloc[:, place], ReadOptions(**options).decimal)
        table.isetitem(place, values.array)
    return table
