"""Tables in pieces, which can be larger than memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import pandas as pd

from relay.tables.reading.columns.na_values import as_it_stands, mark_missing
from relay.tables.reading.files.parquet import parquet_columns, read_parquet_pieces
from relay.tables.reading.files.source import find_source
from relay.tables.reading.settings.options import ReadOptions
from relay.tables.reading.table import read_raw
from relay.tables.reading.text_files.layout import text_format
from relay.tables.reading.text_files.text_table import TextTable
from relay.tables.reading.totals.total_detection import without_totals

Read = Callable[[int], Iterator[pd.DataFrame]]

_CELLS = 1_000_000
_FEWEST, _MOST = 1_000, 50_000


@dataclass(frozen=True)
class Pieces:
    """The rows of a table in pieces with a continuous index; they can be read again."""

    columns: list[str]
    """The names in the file."""
    read: Read
    """Reads from the beginning, in pieces of so many rows."""

    def __iter__(self) -> Iterator[pd.DataFrame]:
        start = 0
        for piece in self.read(max(_FEWEST, min(_MOST, _CELLS // max(1, len(self.columns))))):
            piece.index = pd.RangeIndex(start, start + len(piece))
            start += len(piece)
            yield piece


def read_in_pieces(path: Path, options: ReadOptions) -> Pieces:
    """Return the table that `read_raw` returns, in pieces; JSON and workbooks are read as a whole.

    Raises RelayError if the file is not a table.
    """
    source = find_source(path, options)
    if source.kind == "text":
        text = TextTable(text_format(source, options), as_it_stands(options))
        text.check()
        read = _marked(text.read_pieces, options)
        return Pieces(text.layout.header, _without_totals(read, source.name, options))
    if source.kind == "parquet":
        read = _marked(partial(read_parquet_pieces, source), options, usual=False)
        return Pieces(parquet_columns(source), _without_totals(read, source.name, options))
    table = read_raw(path, options, find_codes=False).table
    return Pieces(
        list(map(str, table.columns)),
        lambda rows: (table.iloc[at : at + rows].copy() for at in range(0, len(table), rows)),
    )


def _without_totals(read: Read, name: str, options: ReadOptions) -> Read:
    """Return `read` without rows of totals, which are searched if one piece is the whole table.

    They are logged the first time only.
    """
    reported = False

    def read_without(rows: int) -> Iterator[pd.DataFrame]:
        nonlocal reported
        pieces = read(rows)
        first, second = next(pieces, None), next(pieces, None)
        if first is not None and second is None:
            first, _ = without_totals(name, first, options.decimal, reports=not reported)
            reported = True
        yield from chain((piece for piece in (first, second) if piece is not None), pieces)

    return read_without if options.totals == "drop" else read


def _marked(read: Read, options: ReadOptions, *, usual: bool = True) -> Read:
    """Return `read` with missing values for what means "missing"; `usual` is of `mark_missing`."""

    def read_marked(rows: int) -> Iterator[pd.DataFrame]:
        for piece in read(rows):
            mark_missing(piece, options, usual=usual, find_codes=False)
            yield piece

    return read_marked
