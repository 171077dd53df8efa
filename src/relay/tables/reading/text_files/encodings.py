"""The inference of a text file's encoding, also if it mixes two. Light: no pandas."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass

from relay.tables.reading.files.file_kinds import byte_order_encoding
from relay.util.errors import RelayError

MIXED = "utf-8 and cp1252"
"""UTF-8 in which some bytes are letters of cp1252."""

_HANDLER = "relay-cp1252"
# Letters of Latin scripts and usual signs in UTF-8. In cp1252 the same bytes are pairs such as
# Ã¼ or â€œ, which no text has.
_LATIN_IN_UTF_8 = re.compile(
    rb"\xc2[\xa0-\xbf]|[\xc3-\xc5][\x80-\xbf]|\xe2(?:\x80[\x90-\xbf]|\x82\xac|\x84[\xa2])"
)
_FOREIGN = re.compile(rb"[\x80-\xff]{3}")
"""So many letters beyond ASCII in a row are a word in letters that cp1252 does not have."""
_MISPLACED = re.compile(
    rb"[A-Za-z](?:[\x81-\x84\x86-\x89\x8b\x8d\x8f\x90\x94\x98\x9b\x9d]|(?<=[a-z])[\x8a\x8e\x9f])"
    rb"[a-z\xdf-\xff]"
)
"""Within a word, what is a quotation mark, nothing or a capital letter in cp1252: `gr\x81n`."""
_FEWEST_MISPLACED, _MISPLACED_AT_LEAST = 2, 0.1
_OTHER_SCRIPTS = 20
"""For so many lines of cp1252, one of UTF-8 can be chance, if its letters are not Latin."""


def guess_encoding(head: bytes) -> str:
    """Return the encoding by a file's first bytes: that of a BOM, UTF-8, cp1252, or both mixed."""
    encoding = byte_order_encoding(head)
    if encoding not in (None, "utf-8-sig"):
        return encoding
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return count_lines(head.splitlines()[:-1] or [head]).encoding
    return encoding or "utf-8"


def checked_encoding(name: str) -> str:
    """Return Python's name of the encoding `name`.

    Raises RelayError if there is no such encoding.
    """
    try:
        encoding = codecs.lookup(name).name
    except LookupError as error:
        raise RelayError(
            f"data.read.encoding: there is no encoding '{name}'. "
            "Usual ones: utf-8, cp1252, latin-1, utf-16."
        ) from error
    return "utf-8-sig" if encoding == "utf-8" else encoding


def codec_of(encoding: str) -> tuple[str, str]:
    """Return Python's name of `encoding`, and how it handles bytes that are not in it."""
    if encoding != MIXED:
        return encoding, "strict"
    codecs.register_error(_HANDLER, _as_cp1252)
    return "utf-8-sig", _HANDLER


def decoder_of(encoding: str) -> codecs.IncrementalDecoder:
    """Return a decoder for pieces of a text; it raises UnicodeError for other encodings."""
    codec, errors = codec_of(encoding)
    return codecs.getincrementaldecoder(codec)(errors)


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    try:
        return wrong.decode("cp1252"), error.end
    except UnicodeDecodeError:
        return wrong.decode("latin-1"), error.end


@dataclass
class EncodedLines:
    """The number of lines with letters beyond ASCII that are in UTF-8, and of others.

    With the number and the text of the first line of each.
    """

    utf_8: int = 0
    others: int = 0
    first_utf_8: tuple[int, str] = (0, "")
    first_other: tuple[int, str] = (0, "")
    latin: bool = False
    """Some letters of Latin scripts are in UTF-8."""
    foreign: int = 0
    """Lines that are not in UTF-8 and have words without a letter of ASCII."""
    misplaced: int = 0
    """Lines that are not in UTF-8 and have words with signs that are none in cp1252."""

    @property
    def encoding(self) -> str:
        """Return the encoding of a file with such lines that is not in UTF-8 as a whole."""
        rare = self.utf_8 * _OTHER_SCRIPTS <= self.others
        return "cp1252" if not self.latin and rare else MIXED

    @property
    def likely_encodings(self) -> str:
        """Return encodings that the lines which are not in UTF-8 may be in; "" if cp1252 fits."""
        if self.misplaced >= max(_FEWEST_MISPLACED, self.others * _MISPLACED_AT_LEAST):
            return "cp850 or mac_roman"
        return "cp1251, gbk or shift_jis" if self.foreign * 2 > self.others else ""

    def add(self, number: int, line: bytes) -> None:
        """Count `line`."""
        if line.isascii():
            return
        marked = number == 1 and line.startswith(codecs.BOM_UTF8)
        self.latin = self.latin or marked or _LATIN_IN_UTF_8.search(line) is not None
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            self.others += 1
            self.foreign += _FOREIGN.search(line) is not None
            self.misplaced += _MISPLACED.search(line) is not None
            self.first_other = self.first_other if self.others > 1 else (number, _shown(line))
        else:
            self.utf_8 += 1
            self.first_utf_8 = self.first_utf_8 if self.utf_8 > 1 else (number, _shown(line))

    def in_words(self) -> str:
        """Return a text on the rarer kind of lines in a mixed file, with their place."""
        if self.others <= self.utf_8:
            count, encoding, (number, line) = self.others, "cp1252", self.first_other
            rest = f"the other {self.utf_8} as UTF-8"
        else:
            count, encoding, (number, line) = self.utf_8, "UTF-8", self.first_utf_8
            rest = f"the other {self.others} as cp1252"
        if not count:
            return f"{self.others} lines hold both (first: line {number}, '{line}')"
        lines = "1 line" if count == 1 else f"{count} lines"
        return f"{lines} with such letters read as {encoding} (line {number}: '{line}'), {rest}"


def count_lines(lines: Iterable[bytes]) -> EncodedLines:
    """Count which of a file's `lines` are in UTF-8."""
    counts = EncodedLines()
    for number, line in enumerate(lines, start=1):
        counts.add(number, line)
    return counts


def _shown(line: bytes) -> str:
    codec, errors = codec_of(MIXED)
    text = line.decode(codec, errors).strip()
    return text if len(text) <= 60 else text[:57] + "..."


def undecodable(name: str, encoding: str, line: int) -> RelayError:
    """Return the error for bytes that are not text in the encoding of the settings."""
    return RelayError(
        f"{name}, line {line}: the bytes are not {encoding}. "
        "Set data.read.encoding=latin-1 (or the right one), or leave it out to have it inferred."
    )
