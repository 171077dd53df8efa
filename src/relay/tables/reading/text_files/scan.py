"""A scan of all bytes of a text file, for facts that its beginning does not show."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from relay.tables.reading.settings.options import ReadOptions
from relay.tables.reading.text_files.encodings import (
    MIXED,
    EncodedLines,
    codec_of,
    count_lines,
    decoder_of,
    undecodable,
)
from relay.tables.reading.text_files.head import nul_byte
from relay.tables.reading.text_files.layout import TextFormat
from relay.tables.reading.text_files.lines import BOM

log = logging.getLogger("relay")

_NO_BREAK = "\u00a0"
_CHUNK = 1 << 20
_FOUND_OUT = ("utf-8", "utf-8-sig", "cp1252", MIXED)
"""Encodings that are inferred from the beginning of a file, and can be wrong for the rest."""
_LIKE_ASCII = ("utf-8", "utf-8-sig", "cp1252", "latin-1", MIXED)
"""Encodings in which blanks, quotes and ends of lines are the bytes of ASCII."""


@dataclass
class Scan:
    """Facts of all bytes of a file."""

    encoding: str
    is_ascii: bool = True
    cut_letter: bool = False
    """The file was cut in the middle of its last letter."""
    quotes: int = 0
    quote_after_blank: bool = False
    quote_within: bool = False
    """A quote is between other letters, neither beside a separator nor beside a quote."""
    has_blanks: bool = False
    """There are blanks beside separators or at the ends of lines."""
    line_feeds: int = 0
    lone_returns: int = 0
    """Carriage returns without a line feed: ends of lines, or letters of a field."""
    marks: int = 0
    """Byte-order marks within the text."""
    ends: bool = True
    """The last line has an end."""
    comments: int = 0
    """Lines that were left out as comments, once the rows were read."""
    _after_return: bool = False

    @property
    def lines(self) -> int:
        """Return how many lines there are."""
        return self.ended + (not self.ends)

    @property
    def ended(self) -> int:
        """Return how many lines have an end."""
        return self.line_feeds + self.lone_returns

    @property
    def codec(self) -> tuple[str, str]:
        """Return Python's name of the encoding, and how it handles bytes that are not in it."""
        codec, errors = codec_of(self.encoding)
        return codec, "replace" if self.cut_letter else errors

    @property
    def is_plain(self) -> bool:
        """Return True if the bytes of the file can be parsed as they are."""
        in_utf_8 = self.encoding in ("utf-8", "utf-8-sig")
        return in_utf_8 and not self.marks and not self.lone_returns

    def add(self, text: str, codes: bytes, separator: str) -> None:
        """Add a piece of the file: its `text`, and its bytes in an encoding like ASCII, `codes`."""
        self.is_ascii = self.is_ascii and text.isascii()
        self.line_feeds += text.count("\n")
        if "\r" in text or self._after_return:
            goes_on = self._after_return and text.startswith("\n")
            self.lone_returns += text.count("\r") - text.count("\r\n") - goes_on
            self._after_return = text.endswith("\r")
        self.marks += text.count(BOM) if not self.is_ascii else 0
        self.ends = text.endswith(("\n", "\r"))
        quotes = text.count('"')
        if quotes:
            self.quotes += quotes
            self.quote_after_blank |= ' "' in text or (separator != "\t" and '\t"' in text)
            self.quote_within = self.quote_within or _has_quote_within(codes, separator)
        if not self.has_blanks:
            self.has_blanks = _blanks_beside(codes, separator) or _NO_BREAK in text


def scan_text(layout: TextFormat, options: ReadOptions) -> Scan:
    """Scan all of a file. Raises RelayError if it is damaged, or not in its encoding."""
    name = layout.source.name
    if options.encoding or layout.encoding not in _FOUND_OUT:
        try:
            return _scan(layout, layout.encoding)
        except _BadBytes as error:
            raise undecodable(name, layout.encoding, error.line) from error
    try:
        return _scan(layout, "utf-8-sig" if layout.encoding == "utf-8-sig" else "utf-8")
    except _BadBytes:
        with layout.source.open() as file:
            lines = count_lines(file)
    try:
        scan = _scan(layout, lines.encoding)
    except _BadBytes:
        scan = _scan(layout, "latin-1")
    _report_encoding(name, scan.encoding, lines)
    return scan


def _report_encoding(name: str, encoding: str, lines: EncodedLines) -> None:
    if encoding == MIXED:
        log.warning(
            "%s: mixes two encodings, %s. If letters look wrong, set data.read.encoding for the "
            "whole file.",
            name,
            lines.in_words(),
        )
    elif likely := lines.likely_encodings:
        log.warning(
            "%s: is not UTF-8 and was read as %s, but its letters look wrong: '%s'. Set "
            "data.read.encoding, for example to %s.",
            name,
            encoding,
            lines.first_other[1],
            likely,
        )
    else:
        log.info(
            "%s is not UTF-8: read as %s. If letters look wrong, set data.read.encoding.",
            name,
            encoding,
        )


class _BadBytes(Exception):
    """Bytes that are not text in an encoding, and the line that they are in."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def _scan(layout: TextFormat, encoding: str) -> Scan:
    """Decode all of the file once, in pieces. Raises _BadBytes if it is not in `encoding`."""
    decoder = decoder_of(encoding)
    scan = Scan(encoding)
    with layout.source.open() as file:
        while chunk := file.read(_CHUNK):
            try:
                text = decoder.decode(chunk)
            except UnicodeError as error:
                raise _BadBytes(scan.ended + _line_ends_before(error) + 1) from error
            if "\0" in text:
                line = scan.ended + text.count("\n", 0, text.index("\0")) + 1
                raise nul_byte(layout.source.name, line)
            scan.add(text, chunk if encoding in _LIKE_ASCII else text.encode(), layout.separator)
    try:
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        if scan.is_ascii:
            raise _BadBytes(scan.ended + 1) from error
        scan.cut_letter = True
    return scan


def _line_ends_before(error: UnicodeError) -> int:
    """Count the ends of lines before the bad byte in the piece that was decoded."""
    return error.object.count(b"\n", 0, error.start) if isinstance(error, UnicodeDecodeError) else 0


def _has_quote_within(codes: bytes, separator: str) -> bool:
    """Return True if a quote can neither open nor close a field, nor be one of two.

    As in `"3" tube"`, or in `""tube"" of it`; also in `3" tube`, which is right.
    """
    letters = np.frombuffer(codes, np.uint8)
    quotes = np.flatnonzero(letters == ord('"'))
    quotes = quotes[(quotes > 1) & (quotes < letters.size - 1)]
    ends = np.frombuffer(f"{separator[0]}\n\r".encode(), np.uint8)
    quote, before = ord('"'), letters[quotes - 1]
    goes_on = ~np.isin(letters[quotes + 1], ends) & (letters[quotes + 1] != quote)
    within = ~np.isin(before, ends) & (before != quote) & (before != ord(" "))
    doubled_first = (before == quote) & np.isin(letters[quotes - 2], ends)
    return bool((goes_on & (within | doubled_first)).any())


def _blanks_beside(codes: bytes, separator: str) -> bool:
    """Return True if there can be blanks beside separators or at the ends of lines."""
    letters = np.frombuffer(codes, np.uint8)
    blanks = np.flatnonzero(letters == ord(" "))
    if not blanks.size:
        return separator != "\t" and b"\t" in codes
    ends = np.frombuffer(f"{separator[0]}\n\r\t".encode(), np.uint8)
    beside = [blanks[blanks > 0] - 1, blanks[blanks < letters.size - 1] + 1]
    return bool(np.isin(letters[np.concatenate(beside)], ends).any())
