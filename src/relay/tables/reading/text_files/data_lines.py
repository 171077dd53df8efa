"""The lines of a text below its header, for a parser of separated text. Light: no pandas."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from relay.tables.reading.text_files.layout import TextFormat
from relay.tables.reading.text_files.lines import Lines

if TYPE_CHECKING:
    from relay.tables.reading.text_files.scan import Scan

Codec = tuple[str, str]
"""Python's name of an encoding, and its way to handle bytes that are not in it."""

_CHUNK = 1 << 20
_LINES_AT_ONCE = 10_000


@contextmanager
def open_rows(layout: TextFormat, scan: Scan) -> Iterator[BinaryIO]:
    """Open the lines below the header, in UTF-8 without comments and byte-order marks."""
    if scan.is_plain and not layout.comment and layout.header_end:
        with layout.source.open() as file:
            for _ in range(layout.header_end):
                file.readline()
            yield file
        return
    with open_text(layout, scan.codec) as text:
        lines = Lines(text, layout.comment, above=layout.header_end)
        yield cast(BinaryIO, io.BufferedReader(_Encoded(lines), _CHUNK))
        scan.comments = lines.comments


@contextmanager
def open_text(layout: TextFormat, codec: Codec) -> Iterator[io.TextIOWrapper]:
    """Open the text of a file; its lines keep their ends."""
    with layout.source.open() as file:
        text = io.TextIOWrapper(file, *codec, newline="")
        yield text
        text.detach()


class _Encoded(io.RawIOBase):
    """Lines as bytes in UTF-8."""

    def __init__(self, lines: Iterator[str]) -> None:
        super().__init__()
        self._lines, self._rest = lines, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            text = "".join(islice(self._lines, _LINES_AT_ONCE))
            self._rest = memoryview(text.encode("utf-8", "surrogatepass"))
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size
