"""The names of a file's columns, without reading all of it. Light: no pandas for texts."""

from __future__ import annotations

from pathlib import Path

from relay.tables.reading.encodings import codec_of
from relay.tables.reading.head import SAMPLE_RECORDS
from relay.tables.reading.layout import text_format
from relay.tables.reading.options import ReadOptions
from relay.tables.reading.records import check_records
from relay.tables.reading.source import find_source


def read_columns(path: Path, options: ReadOptions) -> list[str]:
    """Return the names of the columns in `path` as they stand there.

    Raises RelayError if it holds no table.
    """
    source = find_source(path, options)
    if source.kind == "text":
        layout = text_format(source, options)
        layout.require_rows()
        check_records(layout, (codec_of(layout.encoding)[0], "replace"), SAMPLE_RECORDS)
        return layout.header
    if source.kind == "json":
        from relay.tables.reading.json_lines import json_columns

        return json_columns(source, options)
    if source.kind == "excel":
        from relay.tables.reading.excel import excel_columns

        return excel_columns(source, options)
    from relay.tables.reading.parquet import parquet_columns

    return parquet_columns(source)
