"""The beginning of a text file, decoded, from which its layout is inferred. Light: no pandas."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from itertools import islice

from relay.tables.reading.files.file_kinds import SUPPORTED
from relay.tables.reading.files.source import Source
from relay.tables.reading.settings.options import ReadOptions
from relay.tables.reading.text_files.encodings import (
    checked_encoding,
    decoder_of,
    guess_encoding,
    undecodable,
)
from relay.tables.reading.text_files.lines import Lines, Record, lines_of, read_records
from relay.util.errors import RelayError

SAMPLE_BYTES = 1 << 20
SAMPLE_RECORDS = 500
_FEWEST_LINES = 20
_MOST_BYTES = 1 << 26
"""The most bytes that are read for these lines, if they are very long."""
_BINARY = 0.2
"""The share of NUL bytes from which the file is not a damaged text, but binary."""
_MOST_CONTROLS = 0.01
"""The same for other bytes that no text has."""
_CONTROLS = bytes({*range(1, 32)} - set(b"\t\n\v\f\r\x1a\x1b"))
_SEP_LINE = re.compile(r'"?sep=(?P<separator>.)"?\s*$')
_SHOWN = 60


@dataclass(frozen=True)
class Head:
    """The first lines of a text; `whole` if there are no more."""

    name: str
    encoding: str
    lines: list[str]
    whole: bool
    comment: str | None = None
    lone_returns: frozenset[int] = frozenset()
    """The lines that end with a carriage return, if others end with a line feed."""

    @property
    def excels_separator(self) -> str | None:
        """Return the separator in a first line `sep=;`, which Excel writes; None without one."""
        line = _SEP_LINE.match(self.lines[0])
        return line["separator"] if line else None

    def records(self, separator: str, above: int) -> list[Record]:
        """Return the first records below `above` lines, without the last if the text is cut."""
        records = read_records(Lines(self.lines, self.comment, above=above), separator)
        filled = (record for record in records if not record.is_blank)
        sample = list(islice(filled, SAMPLE_RECORDS + 1))
        cut = not self.whole and 1 < len(sample) <= SAMPLE_RECORDS
        return sample[:-1] if cut else sample

    def show(self, line: int) -> str:
        """Return the text of a line, counted from 1, for a message."""
        return shortened(self.lines[line - 1])


def read_head(source: Source, options: ReadOptions) -> Head:
    """Return the beginning of the text in `source`.

    Raises RelayError if it is not a text.
    """
    name = source.name
    head, whole = _first_bytes(source)
    if not head.strip():
        raise RelayError(f"{name} is empty. Check data.url.")
    encoding = checked_encoding(options.encoding) if options.encoding else guess_encoding(head)
    if b"\0" in head and not encoding.startswith(("utf-16", "utf-32")):
        raise _nul_bytes(name, head)
    text = _decoded(name, head, encoding)
    if not whole and not re.search(r"[\r\n]", text):
        raise RelayError(f"{name} is not a table: its first line has no end. {SUPPORTED}")
    return Head(name, encoding, list(lines_of(text)), whole, options.comment, _lone_returns(text))


def _first_bytes(source: Source) -> tuple[bytes, bool]:
    """Return the beginning of a file, and whether that is all of it."""
    with source.open() as file:
        head = file.read(SAMPLE_BYTES)
        size = SAMPLE_BYTES
        while len(head) == size < _MOST_BYTES and _count_lines(head) < _FEWEST_LINES:
            head += file.read(size)
            size *= 2
    return head, len(head) < size


def _count_lines(head: bytes) -> int:
    return max(head.count(b"\n"), head.count(b"\r"))


def shortened(text: str) -> str:
    """Return `text` on one line, shortened for a message."""
    text = " ".join(text.split("\n")).strip()
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def lone_return(name: str, line: int) -> RelayError:
    """Return the error for a carriage return within a line."""
    return RelayError(
        f"{name}, line {line}: a carriage return (CR) within it ends it too early. "
        "Remove the CR, or put quotes around its field."
    )


def _lone_returns(text: str) -> frozenset[int]:
    if "\n" not in text or text.count("\r") == text.count("\r\n"):
        return frozenset()
    lines = io.StringIO(text, newline="")
    return frozenset(number for number, line in enumerate(lines, 1) if line.endswith("\r"))


def nul_byte(name: str, line: int) -> RelayError:
    """Return the error for a NUL byte in a text."""
    return RelayError(
        f"{name}, line {line}: it has a NUL byte (binary zero), so the file is damaged. "
        "Correct the line, or remove the byte."
    )


def _nul_bytes(name: str, head: bytes) -> RelayError:
    places = head.count(b"\0")
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if places < _BINARY * len(head) and controls <= 2 + _MOST_CONTROLS * len(head):
        return nul_byte(name, head.count(b"\n", 0, head.index(b"\0")) + 1)
    advice = ""
    for encoding, first in (("utf-16-le", 1), ("utf-16-be", 0)):
        if head[first::2].count(b"\0") > 0.5 * len(head) / 2:
            advice = (
                f" If it is UTF-16 without a byte-order mark, set data.read.encoding={encoding}."
            )
    return RelayError(f"{name} is not a table: it is binary. {SUPPORTED}{advice}")


def _decoded(name: str, head: bytes, encoding: str) -> str:
    try:
        return decoder_of(encoding).decode(head, final=False)
    except UnicodeDecodeError as error:
        if encoding == "cp1252":
            return head.decode("latin-1")
        raise undecodable(name, encoding, head[: error.start].count(b"\n") + 1) from error
    except UnicodeError as error:
        raise undecodable(name, encoding, 1) from error
