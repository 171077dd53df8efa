"""Tables read from files of any supported format, with the names of their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from relay.tables.reading.columns.na_values import Marked, as_it_stands, mark_missing
from relay.tables.reading.files.json_lines import read_json
from relay.tables.reading.files.parquet import read_parquet
from relay.tables.reading.files.source import Source, find_source
from relay.tables.reading.settings.options import ReadOptions
from relay.tables.reading.text_files.double_encoding import (
    warn_of_double_encoding,
    warn_of_lost_letters,
)
from relay.tables.reading.text_files.layout import text_format
from relay.tables.reading.text_files.left_out_lines import warn_of_notes
from relay.tables.reading.text_files.notes import count_notes, warn_of_comments
from relay.tables.reading.text_files.text_table import TextTable
from relay.tables.reading.totals.total_detection import labels_among_numbers, without_totals
from relay.tables.reading.workbooks.excel import read_excel


@dataclass(frozen=True)
class RawTable:
    """A table with the names of its file, and facts of the file."""

    table: pd.DataFrame
    about: dict[str, Any] = field(default_factory=dict)
    marked: Marked = field(default_factory=Marked)
    """The texts that were taken as missing."""
    labels: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """For columns of numbers, by place, the rows of totals that are kept and have a word in it."""


def read_raw(path: Path, options: ReadOptions, *, find_codes: bool = True) -> RawTable:
    """Read the table in `path`: separated text, JSON, Parquet or Excel, by its content.

    Columns of separated text are all texts; those of other formats can also be numbers, booleans
    (none missing), times and categories. `find_codes` is that of `mark_missing`.

    Raises RelayError, with the place and the setting that helps, if the file is not a table.
    """
    source = find_source(path, options)
    about: dict[str, Any] = {"kind": source.kind}
    if source.packing is not None:
        about["packing"] = source.packing
    if source.member:
        about["member"] = source.member
    if source.kind == "text":
        text = TextTable(text_format(source, options), as_it_stands(options))
        table = text.read()
        about |= {"separator": text.layout.separator, "encoding": text.encoding}
        about |= text.left_out.facts()
        warn_of_comments(text.layout, table)
        if not text.layout.has_header:
            about["header"] = "none"
    else:
        table, uncomputed = _read_other(source, options)
        if uncomputed:
            about["uncomputed"] = uncomputed
    warn_of_double_encoding(source.name, table)
    warn_of_lost_letters(source.name, table)
    # Parquet has missing values of its own.
    usual = source.kind != "parquet"
    marked = mark_missing(table, options, usual=usual, find_codes=find_codes)
    below = count_notes(table)
    if below:
        about["lines_below"] = about.get("lines_below", 0) + below
        warn_of_notes(source.name, list(map(str, table.iloc[-below:, 0])))
        table = table.iloc[: len(table) - below].reset_index(drop=True)
    if options.totals == "drop":
        table, totals = without_totals(source.name, table, options.decimal)
        about |= {"totals": totals} if totals else {}
        return RawTable(table, about, marked)
    return RawTable(table, about, marked, labels_among_numbers(table, options.decimal))


def _read_other(source: Source, options: ReadOptions) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the table and, by column, the number of formulas without a result."""
    if source.kind == "excel":
        return read_excel(source, options)
    return read_json(source, options) if source.kind == "json" else read_parquet(source), {}
