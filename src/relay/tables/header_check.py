"""The check of a file's header before a run: it must have the columns of the settings."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from relay import Facts
from relay.tables.missing_column import describe_missing_column
from relay.tables.reading.files.source import find_source
from relay.tables.reading.header import is_number
from relay.tables.reading.settings.column_names import (
    renamed,
    require_one_target,
)
from relay.tables.reading.settings.options import ReadOptions
from relay.tables.reading.settings.params import ReadParams
from relay.tables.reading.text_files.encodings import codec_of
from relay.tables.reading.text_files.head import SAMPLE_RECORDS
from relay.tables.reading.text_files.layout import text_format
from relay.tables.reading.text_files.records import check_records
from relay.tables.setting_checks import COLUMNS, SOURCE
from relay.util.errors import ConfigError
from relay.util.names import column_name
from relay.util.paths import find_local_path, scheme_of

SKLEARN_TARGET = "target"
"""The name of the target in each data set that scikit-learn contains."""


def look_at_header(
    params: ReadParams, target: str, drop: Sequence[str], facts: Facts
) -> dict[str, Any]:
    """Check that the file of the facts has the column `target`; return its columns.

    Only the beginning of the file is read, and files on the web are not fetched. Raises ConfigError
    or RelayError if the column does not exist, is dropped, or is not the only one of its name.
    """
    source = facts.get(SOURCE)
    if source is None:
        return {}
    target = column_name(target)
    if target in map(column_name, drop):
        raise ConfigError(f"data.drop: '{target}' is the target, which cannot be dropped.")
    header = functools.cache(lambda: _read_header(source, params))

    def columns() -> list[str] | None:
        names = header()
        return None if names is None else renamed(names, params.rename)

    is_in_sklearn = scheme_of(source) == "sklearn" and target == SKLEARN_TARGET
    if not (is_in_sklearn and not params.rename):  # true in any case, and the check takes a second
        _require_in_header(target, columns(), header(), source)
        if names := header():
            require_one_target(target, names, params.rename, drop)
    return {COLUMNS: columns}


def _require_in_header(
    target: str, columns: Sequence[str] | None, names: Sequence[str] | None, source: str
) -> None:
    if columns is not None and names is not None and target not in columns:
        raise ConfigError(
            f"data.target: {describe_missing_column(target, columns, source)}"
            f"{_header_advice(names)}"
        )


def _header_advice(names: Sequence[str]) -> str:
    """Return advice for `names` that can be a row of values, or a line of something else."""
    numbers = [name for name in names if is_number(name)]
    if not numbers:
        return ""
    return (
        f" If '{numbers[0]}' is not a name: data.read.skip leaves out lines above the header, "
        "and with data.read.header=none the columns are column_1, column_2, ..."
    )


def _read_header(source: str, params: ReadParams) -> list[str] | None:
    """Return the names of the columns as in the file; None if they cannot be read."""
    if scheme_of(source) == "sklearn":
        return _sklearn_columns(urlsplit(source).netloc)
    path = find_local_path(source, Path())
    if path is None:
        return None
    try:
        return read_columns(path, params.read_options())
    except OSError:  # such as a folder, for which get_data has the error
        return None


def _sklearn_columns(name: str) -> list[str] | None:
    try:
        load = getattr(importlib.import_module("sklearn.datasets"), f"load_{name}", None)
    except ModuleNotFoundError:
        return None
    return None if load is None else [str(column) for column in load(as_frame=True).frame]


def read_columns(path: Path, options: ReadOptions) -> list[str]:
    """Return the names of the columns in `path` as they stand there, without reading all of it.

    Light: no pandas for texts. Raises RelayError if it holds no table.
    """
    source = find_source(path, options)
    if source.kind == "text":
        layout = text_format(source, options)
        layout.require_rows()
        check_records(layout, (codec_of(layout.encoding)[0], "replace"), SAMPLE_RECORDS)
        return layout.header
    if source.kind == "json":
        from relay.tables.reading.files.json_lines import json_columns

        return json_columns(source, options)
    if source.kind == "excel":
        from relay.tables.reading.workbooks.excel import excel_columns

        return excel_columns(source, options)
    from relay.tables.reading.files.parquet import parquet_columns

    return parquet_columns(source)
