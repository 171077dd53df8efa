"""Parquet files as tables."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pandas as pd

from relay.tables.reading.files.source import Source
from relay.tables.reading.numbers.integers import decimals_from_arrow, integers_from_arrow
from relay.util.errors import RelayError
from relay.util.names import column_name

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

log = logging.getLogger("relay")


def parquet_columns(source: Source) -> list[str]:
    """Return the names of a Parquet file's columns, without an unnamed index of pandas."""
    with _open(source) as file:
        names = file.schema_arrow.names
        return [names[place] for place in _places(file)]


def read_parquet(source: Source) -> pd.DataFrame:
    """Return the table in a Parquet file, in the dtypes of later steps.

    Raises RelayError if the file is damaged, or has no rows or a column of nested values.
    """
    with _open(source) as file:
        _require_rows(source, file)
        table = file.read().select(_places(file))
    missing = [table.column(i).null_count > 0 for i in range(table.num_columns)]
    return _plain(source, table, missing, is_whole=True)


def read_parquet_pieces(source: Source, rows: int) -> Iterator[pd.DataFrame]:
    """Yield the table in pieces of about `rows` rows; categories become their values.

    Raises RelayError as `read_parquet` does.
    """
    import pyarrow as pa

    with _open(source) as file:
        _require_rows(source, file)
        places = _places(file)
        missing = [_may_be_missing(file.metadata, place) for place in places]
        for batch in file.iter_batches(rows):
            piece = pa.Table.from_batches([batch]).select(places)
            for i, field in enumerate(piece.schema):
                if pa.types.is_dictionary(field.type):
                    values = piece.column(i).cast(field.type.value_type)
                    piece = piece.set_column(i, field.name, values)
            yield _plain(source, piece, missing)


@contextmanager
def _open(source: Source) -> Iterator[pq.ParquetFile]:
    import pyarrow.parquet as pq

    try:
        with source.open_at_any_place() as file:
            # Old timestamps (INT96) of nanoseconds end in 2262: Spark writes 9999 for open ends.
            yield pq.ParquetFile(file, coerce_int96_timestamp_unit="us")
    except (OSError, ValueError) as error:
        raise RelayError(f"{source.name} is a damaged or cut-off Parquet file: {error}") from error


def _places(file: pq.ParquetFile) -> list[int]:
    """Return the places of the columns; names can occur twice."""
    names = file.schema_arrow.names
    return [i for i, name in enumerate(names) if not name.startswith("__index_level_")]


def _require_rows(source: Source, file: pq.ParquetFile) -> None:
    if file.metadata.num_rows == 0:
        raise RelayError(f"{source.name} has columns, but no rows. Check data.url.")


def _may_be_missing(metadata: Any, place: int) -> bool:
    """Return False if the file's statistics show that no value of the column is missing."""
    for group in (metadata.row_group(i) for i in range(metadata.num_row_groups)):
        if place >= group.num_columns:  # of nested columns, which are refused
            return True
        statistics = group.column(place).statistics
        has_count = statistics is not None and statistics.has_null_count
        if not has_count or statistics.null_count:
            return True
    return False


def _plain(
    source: Source, arrow: pa.Table, missing: Sequence[bool], *, is_whole: bool = False
) -> pd.DataFrame:
    """Return `arrow` in the dtypes of later steps; `missing` shows columns that lack values.

    A piece of a table, which is not `is_whole`, gets dtypes that suit the other pieces.
    """
    import pyarrow as pa

    exact: dict[int, pd.Series] = {}
    for i, field in enumerate(arrow.schema):
        values = _storage(source, field.name, arrow.column(i))
        kind = values.type
        if pa.types.is_uint64(kind) or (pa.types.is_int64(kind) and missing[i]):
            exact[i] = integers_from_arrow(values)
            if not is_whole and missing[i] and pd.api.types.is_numeric_dtype(exact[i].dtype):
                exact[i] = exact[i].astype("Int64")
        elif pa.types.is_decimal(kind):
            exact[i] = decimals_from_arrow(values)
        else:
            if pa.types.is_duration(kind) and is_whole:
                log.info("Column %s: durations (%s), in hours", field.name, kind)
            values = _with_plain_type(values, missing[i])
        if i in exact and pd.api.types.is_string_dtype(exact[i].dtype):
            log.warning(
                "%s, column %s: numbers (%s) have more digits than a number can have. They are "
                "kept as texts. As quantities, rounded: data.dtypes.%s=float.",
                source.name, field.name, kind, column_name(field.name),
            )  # fmt: skip
        arrow = arrow.set_column(i, field.name, values)
    table: pd.DataFrame = arrow.to_pandas(ignore_metadata=True)
    for i, column in exact.items():
        table.isetitem(i, column.array)
    return table


def _storage(source: Source, name: str, values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the values of a column, with extension types as plain ones.

    Raises RelayError if it does not have one plain value per row.
    """
    import pyarrow as pa

    kind = values.type
    extension = getattr(kind, "extension_name", "")
    if extension == "arrow.uuid":
        return pa.chunked_array([pa.array(map(_uuid_text, values.to_pylist()), pa.string())])
    if extension == "arrow.json":
        return values.cast(kind.storage_type)
    refused = (
        pa.types.is_nested, pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view,
        pa.types.is_fixed_size_binary,
    )  # fmt: skip
    if extension or any(is_refused(kind) for is_refused in refused):
        raise RelayError(
            f"{source.name}, column '{name}': has {kind}, not one value per row. Store the "
            "file without this column."
        )
    return values


def _uuid_text(value: Any) -> str | None:
    return None if value is None else str(value)


def _with_plain_type(values: pa.ChunkedArray, may_lack: bool) -> pa.ChunkedArray:
    """Return values other than exact numbers in a type of pandas and the later steps."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, plain = values.type, None
    if pa.types.is_time(kind):
        return pc.replace_substring_regex(values.cast(pa.string()), r"\.0+$", "")
    if pa.types.is_duration(kind):
        per_hour = 3600 * {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[kind.unit]
        return pc.divide(values.cast(pa.int64()).cast(pa.float64(), safe=False), per_hour)
    if pa.types.is_boolean(kind) and may_lack:
        return pc.utf8_capitalize(values.cast(pa.string()))
    if pa.types.is_date(kind):
        plain = pa.timestamp("us")
    elif pa.types.is_timestamp(kind) and kind.tz is not None:
        plain = pa.timestamp(kind.unit)
    elif pa.types.is_float16(kind):
        plain = pa.float64()
    elif pa.types.is_null(kind):
        plain = pa.string()
    return values if plain is None else values.cast(plain)
