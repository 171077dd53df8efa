"""Reads the files that people have into tables, with the columns' names as they stand there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from relay.reading.excel import read_excel
from relay.reading.infer import with_plain_dtypes
from relay.reading.json_lines import read_json
from relay.reading.layout import text_format
from relay.reading.options import ReadOptions
from relay.reading.parquet import read_parquet
from relay.reading.source import Source, find_source
from relay.reading.text import read_text


@dataclass(frozen=True)
class RawTable:
    """A table as it stands in its file, and what was found out of the file."""

    table: pd.DataFrame
    about: dict[str, Any] = field(default_factory=dict)


def read_raw(path: Path, options: ReadOptions) -> RawTable:
    """The table in `path`: separated text, JSON lines, Parquet or Excel, told apart by content.

    The first of these holds texts only, numbers as well; from the others also numbers, booleans
    (none missing), times and categories come. RelayError where the file is no table, says where
    it is broken, and names the setting that mends it.
    """
    source = find_source(path, options)
    about: dict[str, Any] = {"kind": source.kind}
    if source.packing is not None:
        about["packing"] = source.packing
    if source.member:
        about["member"] = source.member
    if source.kind == "text":
        layout = text_format(source, options)
        about |= {"separator": layout.separator, "encoding": layout.encoding}
        if layout.above:
            about["lines_above_header"] = layout.above
        if not layout.has_header:
            about["header"] = "none"
        return RawTable(read_text(layout, options), about)
    return RawTable(_read_other(source, options), about)


def _read_other(source: Source, options: ReadOptions) -> pd.DataFrame:
    if source.kind == "json":
        return read_json(source, options)
    if source.kind == "excel":
        return read_excel(source, options)
    return read_parquet(source)


def read_table(path: Path, options: ReadOptions, as_text: Collection[str] = ()) -> pd.DataFrame:
    """As `read_raw`, with columns whose texts are all plain numbers or True and False as such.

    Columns named in `as_text` stay texts (`007` stays `007`), integers with missing values are
    floats.
    """
    table = read_raw(path, options).table
    for place, name in enumerate(table.columns):
        if name not in as_text:
            values = with_plain_dtypes(table.iloc[:, place], options.decimal)
            table.isetitem(place, values.array)
    return table
