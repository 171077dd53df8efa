"""Separated text as a table of texts, with each field as in the file.

pyarrow reads well-formed files, which are nearly all, on all processors. Others (blanks before
quotes, notes below the table) pandas reads, after each record was checked.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from relay.tables.reading.arrow_texts import as_arrow, equals_row, release_memory, tidied
from relay.tables.reading.header import may_be_repeated
from relay.tables.reading.settings.options import ReadOptions, missing_texts
from relay.tables.reading.text_files.data_lines import open_rows
from relay.tables.reading.text_files.layout import TextFormat
from relay.tables.reading.text_files.left_out_lines import LeftOut
from relay.tables.reading.text_files.lines import BLANKS
from relay.tables.reading.text_files.notes import MOST_NOTES, count_notes
from relay.tables.reading.text_files.records import COMMENT, Records, check_records
from relay.tables.reading.text_files.scan import scan_text
from relay.util.errors import RelayError

_CHUNK = 1 << 20
_FEWEST_IN_CHUNK = 1_000


class TextTable:
    """The texts in a file with the layout `layout`, in columns with its names.

    The file is scanned once, and read each time. Raises RelayError, with the place and the setting
    that helps, if it is broken.
    """

    def __init__(self, layout: TextFormat, options: ReadOptions) -> None:
        self.layout = layout
        self.left_out = LeftOut(layout)
        layout.require_rows()
        self._scan = scan_text(layout, options)
        self._missing = missing_texts(options)
        self._columns = [str(place) for place in range(len(layout.header) + layout.unnamed)]
        self._records: Records | None = None

    @property
    def encoding(self) -> str:
        """Return the encoding of the whole file."""
        return self._scan.encoding

    def read(self) -> pd.DataFrame:
        """Read all rows."""
        table = self._by_pyarrow()
        if table is None or self._may_mislead(len(table), self._has_odd_fields(table)):
            self._records = check_records(self.layout, self._scan.codec)
        if table is None:
            table = pd.concat(self._by_pandas(None))
        table = self._finished(table)
        self._end()
        if table.empty:
            raise self.layout.no_rows()
        return table

    def check(self) -> None:
        """Check for broken records before the first piece is read. Raises RelayError if one is."""
        rows, odd = 0, self._is_odd()
        try:
            with open_rows(self.layout, self._scan) as file:
                for batch in () if odd else pa_csv.open_csv(file, **self._options()):
                    rows += batch.num_rows
                    odd = odd or self._has_odd_fields(batch)
        except pa.ArrowInvalid:
            odd = True
        if self._may_mislead(rows, odd):
            self._records = check_records(self.layout, self._scan.codec)

    def read_pieces(self, rows: int) -> Iterator[pd.DataFrame]:
        """Yield the rows from the beginning, `rows` of them at a time."""
        done = self.left_out.repeated = 0
        head = last = None
        for piece in map(self._finished, self._by_pandas(rows)):
            head = piece if head is None else head
            if last is None:
                last = piece
            elif len(piece) > MOST_NOTES:
                yield last
                last = piece
            else:  # all notes must be in the last piece
                last = pd.concat([last, piece], ignore_index=True)
            done += len(piece)
        if last is None or not done:
            raise self.layout.no_rows()
        last = self._without_notes(last, head)
        self._end()
        yield last

    def _without_notes(self, table: pd.DataFrame, head: pd.DataFrame | None) -> pd.DataFrame:
        """Return the last piece without the notes below the rows."""
        below = count_notes(table, head, self.layout.missing)
        if below:
            self.left_out.notes_in_table = list(map(str, table.iloc[-below:, 0]))
        return table.iloc[: len(table) - below]

    def _is_odd(self) -> bool:
        """Return True if pyarrow would read the text differently from pandas, or not at all."""
        scan = self._scan
        strange = scan.quote_after_blank or scan.cut_letter or scan.quotes % 2 == 1
        return strange or self.layout.separator == BLANKS

    def _may_mislead(self, rows: int, odd: bool) -> bool:
        """Return True if pyarrow can have read `rows` rows differently from a person.

        Fields have ends of lines in them, quotes can be letters, or some are `odd`.
        """
        spread = self._scan.quotes > 0 and self._scan.lines - self.layout.header_end > rows
        return odd or spread or self._scan.quote_within

    def _has_comments(self, first: pa.Array | pa.ChunkedArray) -> bool:
        """Return True if texts in the first column, of numbers, begin like a comment."""
        if 0 not in self.layout.numbers:
            return False
        return bool(pc.any(pc.match_substring_regex(first, COMMENT)).as_py())

    def _has_odd_fields(self, table: pd.DataFrame | pa.RecordBatch) -> bool:
        """Return True if fields without a name are filled, or lines seem to be comments."""
        named = len(self.layout.header)
        if isinstance(table, pd.DataFrame):
            filled = bool(table.iloc[:, named:].notna().any(axis=None))
            return filled or self._has_comments(as_arrow(table.iloc[:, 0]))
        filled = any(column.null_count < len(column) for column in table.columns[named:])
        return filled or self._has_comments(table.column(0))

    def _by_pyarrow(self) -> pd.DataFrame | None:
        """Return all rows, or None if they are not well formed."""
        if self._is_odd():
            return None
        try:
            with open_rows(self.layout, self._scan) as file:
                table = pa_csv.read_csv(file, **self._options())
        except pa.ArrowInvalid:
            return None
        if table.num_columns and len(table) < _FEWEST_IN_CHUNK * table.column(0).num_chunks:
            table = table.combine_chunks()  # work on a column costs the same for each chunk
        release_memory()
        texts: pd.DataFrame = table.to_pandas()
        return texts

    def _options(self) -> dict[str, Any]:
        """Return the options by which pyarrow reads texts only."""
        return {
            "read_options": pa_csv.ReadOptions(column_names=self._columns, block_size=_CHUNK),
            "parse_options": pa_csv.ParseOptions(
                delimiter=self.layout.separator, newlines_in_values=self._scan.quotes > 0
            ),
            "convert_options": pa_csv.ConvertOptions(
                column_types=dict.fromkeys(self._columns, pa.large_string()),
                null_values=self._missing,
                strings_can_be_null=True,
                check_utf8=False,  # the scan has decoded it
            ),
        }

    def _by_pandas(self, rows: int | None) -> Iterator[pd.DataFrame]:
        """Yield all rows, in pieces of `rows` rows."""
        left = sys.maxsize if self._records is None else self._records.rows
        try:
            with warnings.catch_warnings(), open_rows(self.layout, self._scan) as file:
                warnings.simplefilter("ignore", pd.errors.ParserWarning)
                for piece in pd.read_csv(
                    file,
                    sep=self.layout.separator,
                    header=None,
                    names=self._columns,
                    index_col=False,
                    dtype="str",
                    skipinitialspace=True,
                    keep_default_na=False,
                    na_values=self._missing,
                    encoding="utf-8",
                    encoding_errors=self._scan.codec[1],
                    low_memory=False,
                    chunksize=rows or sys.maxsize,
                ):
                    yield piece.iloc[:left]
                    left -= len(piece)
                    if left <= 0:
                        break
        except pd.errors.EmptyDataError as error:
            raise self.layout.no_rows() from error
        except pd.errors.ParserError as error:
            raise RelayError(f"{self.layout.source.name} cannot be read: {error}") from error

    def _finished(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return `table` with the header's names, and without rows that repeat the header."""
        table = tidied(table, self._missing if self._scan.has_blanks else [])
        table = table.iloc[:, : len(self.layout.header)]
        table.columns = self.layout.header
        for names in self.layout.header_rows:
            repeated = equals_row(table, names) if may_be_repeated(names) else None
            if repeated is not None and repeated.any():
                self.left_out.repeated += int(repeated.sum())
                table = table[~repeated].reset_index(drop=True)
        return table

    def _end(self) -> None:
        """Report the lines that were left out, after all rows were read."""
        self.left_out.comments = self._scan.comments
        if self._records is not None:
            self.left_out.notes = self._records.notes
            self.left_out.cut_off = self._records.cut_off
        self.left_out.warn()
