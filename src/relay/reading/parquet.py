"""Parquet files as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import pandas as pd

from relay.errors import RelayError
from relay.reading.source import Source

if TYPE_CHECKING:
    import pyarrow as pa


def parquet_columns(source: Source) -> list[str]:
    """The names of the columns of a Parquet file, without an index that pandas left unnamed."""
    import pyarrow.parquet as pq

    try:
        with source.open_at_any_place() as file:
            names: list[str] = pq.read_schema(file).names
    except (OSError, ValueError) as error:
        raise RelayError(f"{source.name} is a damaged or cut-off Parquet file: {error}") from error
    return [name for name in names if not name.startswith("__index_level_")]


def read_parquet(source: Source) -> pd.DataFrame:
    """The table in a Parquet file, in dtypes that later steps know."""
    import pyarrow.parquet as pq

    columns = parquet_columns(source)
    with _reading(source) as file:
        found = pq.read_table(file, columns=columns)
    if found.num_rows == 0:
        raise _no_rows(source)
    missing = [found.column(i).null_count > 0 for i in range(found.num_columns)]
    return _plain(source, found, missing)


def read_parquet_pieces(source: Source, rows: int) -> Iterator[pd.DataFrame]:
    """The same in pieces of about `rows` rows; categories come as their values."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = parquet_columns(source)
    with _reading(source) as opened:
        file = pq.ParquetFile(opened)
        if file.metadata.num_rows == 0:
            raise _no_rows(source)
        missing = [_may_be_missing(file.metadata, name) for name in columns]
        for batch in file.iter_batches(rows, columns=columns):
            piece = pa.Table.from_batches([batch])
            for i, field in enumerate(piece.schema):
                if pa.types.is_dictionary(field.type):
                    values = piece.column(i).cast(field.type.value_type)
                    piece = piece.set_column(i, field.name, values)
            yield _plain(source, piece, missing)


@contextmanager
def _reading(source: Source) -> Iterator[BinaryIO]:
    try:
        with source.open_at_any_place() as file:
            yield file
    except (OSError, ValueError) as error:
        raise RelayError(f"{source.name} is a damaged or cut-off Parquet file: {error}") from error


def _no_rows(source: Source) -> RelayError:
    return RelayError(f"{source.name} holds columns but no rows. Check data.url.")


def _may_be_missing(metadata: Any, name: str) -> bool:
    """False where the file says of each part of column `name` that no value is missing."""
    for group in (metadata.row_group(i) for i in range(metadata.num_row_groups)):
        for column in (group.column(i) for i in range(group.num_columns)):
            known = column.statistics is not None and column.statistics.has_null_count
            if column.path_in_schema == name and not (known and not column.statistics.null_count):
                return True
    return False


def _plain(source: Source, found: pa.Table, missing: Sequence[bool]) -> pd.DataFrame:
    """`found` in dtypes that later steps know; `missing` says which columns may lack values."""
    import pyarrow as pa

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
        elif pa.types.is_boolean(kind) and missing[i]:
            plain = pa.string()
        if plain is not None:
            found = found.set_column(i, field.name, found.column(i).cast(plain))
    table: pd.DataFrame = found.to_pandas(ignore_metadata=True)
    return table
