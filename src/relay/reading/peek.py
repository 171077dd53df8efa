"""The names of a file's columns, without reading all of it. Light: no pandas for texts."""

from __future__ import annotations

from pathlib import Path

from relay.reading.encodings import codec_of
from relay.reading.head import SAMPLE_RECORDS
from relay.reading.layout import text_format
from relay.reading.options import ReadOptions
from relay.reading.records import check_records
from relay.reading.source import find_source


def read_columns(path: Path, options: ReadOptions) -> list[str]:
    """The names of the columns in `path` as they stand there; RelayError if it holds no table."""
    source = find_source(path, options)
    if source.kind == "text":
        layout = text_format(source, options)
        layout.require_rows()
        check_records(layout, (codec_of(layout.encoding)[0], "replace"), SAMPLE_RECORDS)
        return layout.header
    if source.kind == "json":
        from relay.reading.json_lines import json_columns

        return json_columns(source, options)
    if source.kind == "excel":
        from relay.reading.excel import excel_columns

        return excel_columns(source, options)
    from relay.reading.parquet import parquet_columns

    return parquet_columns(source)
