"""Reads a table piece by piece, so that it may be larger than memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from relay.reading.layout import text_format
from relay.reading.options import ReadOptions
from relay.reading.parquet import parquet_columns, read_parquet_pieces
from relay.reading.source import find_source
from relay.reading.table import read_raw
from relay.reading.text import TextPieces

_CELLS = 1_000_000
_FEWEST, _MOST = 1_000, 50_000


@dataclass(frozen=True)
class Pieces:
    """A table's rows, some at a time, as often as one likes; the index counts on."""

    columns: list[str]
    """As they stand in the file."""
    read: Callable[[int], Iterator[pd.DataFrame]]
    """From the beginning, in pieces of so many rows."""

    def __iter__(self) -> Iterator[pd.DataFrame]:
        start = 0
        for piece in self.read(max(_FEWEST, min(_MOST, _CELLS // max(1, len(self.columns))))):
            piece.index = pd.RangeIndex(start, start + len(piece))
            start += len(piece)
            yield piece


def read_in_pieces(path: Path, options: ReadOptions) -> Pieces:
    """What `read_raw` gives, in pieces; JSON and workbooks are read as a whole all the same."""
    source = find_source(path, options)
    if source.kind == "text":
        text = TextPieces(text_format(source, options), options)
        return Pieces(text.layout.header, text.read)
    if source.kind == "parquet":
        return Pieces(parquet_columns(source), partial(read_parquet_pieces, source))
    table = read_raw(path, options).table
    return Pieces(
        list(map(str, table.columns)),
        lambda rows: (table.iloc[at : at + rows].copy() for at in range(0, len(table), rows)),
    )
