"""Tables between steps, in Parquet. Files of other formats are read by the package `reading`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.parquet as pq

from relay.tables.missing_column import describe_missing_column
from relay.util.errors import RelayError

if TYPE_CHECKING:
    from relay import Input

TABLE_FILE = "data.parquet"
MISSING_VALUES, KEEP_TEXTS = "missing_values", "keep_texts"


def read_artifact(source: Input) -> pd.DataFrame:
    """Return the table in an artifact that a step made.

    Raises RelayError if it has none.
    """
    return read_parquet(table_file(source))


def table_file(source: Input) -> Path:
    """Return the file of the table in an artifact.

    Raises RelayError if there is none.
    """
    path = source.path / TABLE_FILE
    if not path.is_file():
        raise RelayError(
            f"{source.version}: the artifact has no {TABLE_FILE}, so it is not a table. Make it "
            "again, or name another artifact."
        )
    return path


def read_parquet(path: Path) -> pd.DataFrame:
    """Return the table that `write_parquet` wrote to `path`, with its dtypes.

    Parquet keeps categories of texts only; those of numbers are restored from pandas' metadata.
    """
    source = pq.read_table(path)
    schema = source.schema
    # Column by column and without keeping `source`: the table is in memory once, not twice.
    table: pd.DataFrame = source.to_pandas(split_blocks=True, self_destruct=True)
    del source
    for column in (schema.pandas_metadata or {}).get("columns", []):
        name = column["name"]
        if column["pandas_type"] == "categorical" and name in table.columns:
            table[name] = table[name].astype("category")
    return table


def write_parquet(table: pd.DataFrame, path: Path) -> Path:
    """Write `table` to `path`, making its folder, and return `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(path, index=False, compression="zstd")
    return path


def table_metadata(table: pd.DataFrame) -> dict[str, Any]:
    """Return the facts of a table for its artifact: rows, columns and their dtypes."""
    dtypes: Mapping[str, Any] = {str(name): str(dtype) for name, dtype in table.dtypes.items()}
    return {"rows": len(table), "columns": list(dtypes), "dtypes": dtypes}


def reading_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the values of a table were read, from the `metadata` of its artifact.

    `read_as` has the dtype words by column; `missing_values` and `keep_texts`, what means "missing"
    besides the usual texts and which of these are values, are there if they were set. Each step
    hands them on, so that `predict` reads other files as the training set was read.
    """
    texts = {key: metadata[key] for key in (MISSING_VALUES, KEEP_TEXTS) if metadata.get(key)}
    return {"read_as": metadata.get("read_as") or {}, **texts}


def require_column(table: pd.DataFrame, name: str, parameter: str) -> None:
    """Check that `table` has a column `name`, the value of the setting `parameter`.

    Raises RelayError, with the nearest name, if it does not.
    """
    if name not in table.columns:
        raise RelayError(f"{parameter}: {describe_missing_column(name, map(str, table.columns))}")


def is_categorical(values: pd.Series) -> bool:
    """Return True for classes (texts, booleans, categories); False for numbers and times.

    The dtype of a clean table's target decides whether the task is classification.
    """
    return not (
        pd.api.types.is_datetime64_any_dtype(values)
        or (pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values))
    )
