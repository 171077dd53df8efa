"""Separated text as a table of texts: each field as it stands there, numbers as well.

pyarrow reads what is well formed, which is nearly all, on all processors. What it does not take
(records of different lengths, blanks before quotes) pandas reads, or says where it is broken.
"""

from __future__ import annotations

import codecs
import csv
import logging
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from relay.errors import RelayError
from relay.reading.layout import BLANKS, TextFormat, undecodable
from relay.reading.options import ReadOptions, missing_texts
from relay.reading.texts import release_memory, tidied

log = logging.getLogger("relay")

_CHUNK = 1 << 20
_TAIL = 1 << 20
_WIDE_ROW = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")
_OPEN_QUOTE = re.compile(r"EOF inside string starting at row (\d+)")


def read_text(layout: TextFormat, options: ReadOptions) -> pd.DataFrame:
    """The texts in a file that is laid out as `layout` says, in columns named as there.

    RelayError where it is broken, which says where, and names the setting that mends it.
    """
    found = _scan_rows(layout, options)
    columns = _columns(layout)
    missing = missing_texts(options)
    table = _by_pyarrow(layout, found, columns, missing)
    if table is None:
        table = pd.concat(_by_pandas(layout, found, columns, missing, None))
    table = _finished(table, layout, missing if found.has_blanks else [])
    if table.empty:
        raise _no_rows(layout)
    return table


class TextPieces:
    """The same, some rows at a time. The file is looked through once, and read each time."""

    def __init__(self, layout: TextFormat, options: ReadOptions) -> None:
        self.layout = layout
        self._found = _scan_rows(layout, options)
        self._missing = missing_texts(options)

    def read(self, rows: int) -> Iterator[pd.DataFrame]:
        """The texts from the beginning, in pieces of `rows` rows."""
        tidy = self._missing if self._found.has_blanks else []
        columns, done = _columns(self.layout), 0
        for piece in _by_pandas(self.layout, self._found, columns, self._missing, rows):
            yield _finished(piece, self.layout, tidy, done)
            done += len(piece)
        if not done:
            raise _no_rows(self.layout)


def _scan_rows(layout: TextFormat, options: ReadOptions) -> _Scan:
    if not layout.has_rows:
        raise _no_rows(layout)
    found = _scan(layout, options)
    _warn_if_cut_off(layout, found.tail)
    return found


def _no_rows(layout: TextFormat) -> RelayError:
    return RelayError(f"{layout.source.name} holds a header but no rows. Check data.url.")


def _columns(layout: TextFormat) -> list[str]:
    """Names that are all different, also for fields without a header."""
    return [str(i) for i in range(len(layout.header) + layout.unnamed)]


def _finished(
    table: pd.DataFrame, layout: TextFormat, tidy: Sequence[str], before: int = 0
) -> pd.DataFrame:
    """`table`, which comes after `before` rows, with the columns that the header names."""
    table = tidied(table, tidy)
    for surplus in _columns(layout)[len(layout.header) :]:
        filled = table.pop(surplus).notna()
        if filled.any():
            raise RelayError(
                f"{layout.source.name}, row {before + int(filled.to_numpy().argmax()) + 1} of the "
                f"data: it has more fields than the header's {len(layout.header)}. Mend the file, "
                "or name the separator: data.read.separator=';'."
            )
    table.columns = layout.header
    return table


@dataclass
class _Scan:
    """What a look at all bytes of a file found."""

    encoding: str
    is_ascii: bool = True
    cut_letter: bool = False
    """The file was cut in the middle of its last letter."""
    quotes: int = 0
    quote_after_blank: bool = False
    has_blanks: bool = False
    """Blanks stand beside separators or at the ends of lines."""
    tail: str = ""
    lines: int = 1

    def add(self, chunk: bytes, text: str, separator: str) -> None:
        self.is_ascii = self.is_ascii and text.isascii()
        self.lines += text.count("\n")
        quotes = text.count('"')
        if quotes:
            self.quotes += quotes
            self.quote_after_blank |= ' "' in text or (separator != "\t" and '\t"' in text)
        if not self.has_blanks:
            self.has_blanks = _blanks_beside(chunk, separator)
        self.tail = (self.tail + text)[-_TAIL:]


def _blanks_beside(chunk: bytes, separator: str) -> bool:
    """True where blanks may stand beside separators or at the ends of lines."""
    codes = np.frombuffer(chunk, np.uint8)
    blanks = np.flatnonzero(codes == ord(" "))
    if not blanks.size:
        return separator != "\t" and b"\t" in chunk
    ends = np.frombuffer(f"{separator[0]}\n\r\t\0".encode(), np.uint8)
    beside = codes[np.concatenate([blanks[blanks > 0] - 1, blanks[blanks < codes.size - 1] + 1])]
    return bool(np.isin(beside, ends).any())


def _scan(layout: TextFormat, options: ReadOptions) -> _Scan:
    """Find the encoding that holds for the whole file, not just for its beginning."""
    candidates = [layout.encoding]
    if not options.encoding and layout.encoding in ("utf-8", "cp1252"):
        candidates = ["utf-8", "cp1252", "latin-1"]
    for encoding in candidates:
        try:
            found = _decode_all(layout, encoding)
        except _BadBytes as error:
            if encoding == candidates[-1]:
                raise undecodable(layout.source.name, encoding, error.line) from error
            continue
        if encoding in ("cp1252", "latin-1") and not options.encoding:
            log.info(
                "%s is not UTF-8: read as %s. If letters look wrong, set data.read.encoding.",
                layout.source.name,
                encoding,
            )
        return found
    raise AssertionError("latin-1 decodes everything")


def _decode_all(layout: TextFormat, encoding: str) -> _Scan:
    """Decode all of the file once, in chunks; _BadBytes where it is not in `encoding`."""
    decoder = codecs.getincrementaldecoder(encoding)()
    found = _Scan(encoding)
    with layout.source.open() as file:
        while chunk := file.read(_CHUNK):
            try:
                text = decoder.decode(chunk)
            except UnicodeError as error:
                raise _BadBytes(found.lines + _line_ends_before(error)) from error
            found.add(chunk, text, layout.separator)
    try:
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        if found.is_ascii:
            raise _BadBytes(found.lines) from error
        found.cut_letter = True
    return found


class _BadBytes(Exception):
    """Bytes that are no text in an encoding, and the line that they are in."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def _line_ends_before(error: UnicodeError) -> int:
    """The ends of lines between the beginning of what was decoded and the bad byte in it."""
    return error.object.count(b"\n", 0, error.start) if isinstance(error, UnicodeDecodeError) else 0


def _warn_if_cut_off(layout: TextFormat, tail: str) -> None:
    lines = re.split(r"\r\n|\r|\n", tail)
    if not lines[-1].strip() or layout.separator == BLANKS:
        return
    try:
        fields = next(csv.reader([lines[-1]], delimiter=layout.separator, skipinitialspace=True))
    except csv.Error:  # a field longer than the csv module takes: there is no telling
        return
    if len(fields) < len(layout.header):
        log.warning(
            "Warning: the last line of %s has %d of %d fields and no end: "
            "the file may be cut off. Its missing fields are read as missing values.",
            layout.source.name,
            len(fields),
            len(layout.header),
        )


def _by_pyarrow(
    layout: TextFormat, found: _Scan, columns: list[str], missing: Sequence[str]
) -> pd.DataFrame | None:
    """The table, or None where pyarrow might read it in another way than a person would."""
    strange = found.quote_after_blank or found.cut_letter or found.quotes % 2
    if strange or layout.separator == BLANKS:
        return None
    utf_8 = found.encoding in ("utf-8", "utf-8-sig")
    with layout.source.open() as file:
        try:
            table = pa_csv.read_csv(
                file,
                read_options=pa_csv.ReadOptions(
                    column_names=columns,
                    skip_rows=layout.header_end,
                    block_size=_CHUNK,
                    encoding="utf8" if utf_8 else found.encoding,
                ),
                parse_options=pa_csv.ParseOptions(
                    delimiter=layout.separator, newlines_in_values=found.quotes > 0
                ),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(columns, pa.large_string()),
                    null_values=missing,
                    strings_can_be_null=True,
                    check_utf8=False,  # the scan has decoded it
                ),
            )
        except pa.ArrowInvalid:
            return None
    release_memory()
    texts: pd.DataFrame = table.to_pandas()
    return texts


def _by_pandas(
    layout: TextFormat, found: _Scan, columns: list[str], missing: Sequence[str], rows: int | None
) -> Iterator[pd.DataFrame]:
    """The table, in pieces of `rows` rows."""
    try:
        with warnings.catch_warnings(), layout.source.open() as file:
            warnings.simplefilter("ignore", pd.errors.ParserWarning)
            yield from pd.read_csv(
                file,
                sep=layout.separator,
                skiprows=layout.above,
                header=0 if layout.has_header else None,
                names=columns,
                index_col=False,
                dtype="str",
                skipinitialspace=True,
                keep_default_na=False,
                na_values=list(missing),
                encoding=found.encoding,
                encoding_errors="replace" if found.cut_letter else "strict",
                low_memory=False,
                chunksize=rows or sys.maxsize,
            )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise _broken_line(layout.source.name, str(error).strip()) from error


def _broken_line(name: str, message: str) -> RelayError:
    if wide := _WIDE_ROW.search(message):
        header, line, fields = wide.groups()
        return RelayError(
            f"{name}, line {line}: it has {fields} fields, the header {header}. Mend the "
            "line (a text with the separator in it needs quotes), or name the separator: "
            "data.read.separator=';'."
        )
    if quote := _OPEN_QUOTE.search(message):
        return RelayError(
            f"{name}, row {int(quote[1])} of the data: a quote opens there and is never "
            "closed. The quote is stray, or the file was cut off."
        )
    return RelayError(f"{name} cannot be read: {message}")
