"""Parquet files as tables."""

from __future__ import annotations

import pandas as pd

from relay.errors import RelayError
from relay.reading.source import Source


def parquet_columns(source: Source) -> list[str]:
    """The names of the columns of a Parquet file, without an index that pandas left unnamed."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - most files are text

    try:
        with source.open_at_any_place() as file:
            names: list[str] = pq.read_schema(file).names
    except (OSError, ValueError) as error:
        raise RelayError(f"{source.name} is a damaged or cut-off Parquet file: {error}") from error
    return [name for name in names if not name.startswith("__index_level_")]


def read_parquet(source: Source) -> pd.DataFrame:
    """The table in a Parquet file, in dtypes that later steps know."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    columns = parquet_columns(source)
    try:
        with source.open_at_any_place() as file:
            found = pq.read_table(file, columns=columns)
    except (OSError, ValueError) as error:
        raise RelayError(f"{source.name} is a damaged or cut-off Parquet file: {error}") from error
    for i, field in enumerate(found.schema):
        kind = field.type
        if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            raise RelayError(
                f"{source.name}, column '{field.name}' holds {kind}, not one value per row. "
                "Store it without this column."
            )
        plain = None
        if pa.types.is_decimal(kind):
            plain = pa.float64()
        elif pa.types.is_date(kind):
            plain = pa.timestamp("us")
        elif pa.types.is_time(kind) or pa.types.is_duration(kind):
            plain = pa.string() if pa.types.is_time(kind) else pa.int64()
        elif pa.types.is_timestamp(kind) and kind.tz is not None:
            plain = pa.timestamp(kind.unit)
        elif pa.types.is_boolean(kind) and found.column(i).null_count:
            plain = pa.string()
        if plain is not None:
            found = found.set_column(i, field.name, found.column(i).cast(plain))
    if found.num_rows == 0:
        raise RelayError(f"{source.name} holds columns but no rows. Check data.url.")
    table: pd.DataFrame = found.to_pandas(ignore_metadata=True)
    return table
