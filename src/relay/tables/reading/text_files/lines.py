"""The lines of a text, numbered as in the file, without those that are left out. Light."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

BLANKS = r"\s+"
"""The separator of any number of blanks and tabs."""
BOM = "\ufeff"

_NOTHING = " \t\r\n\v\f\x1a"
"""Blanks, and what DOS writes at the end of a file."""
_LONGEST_FIELD = 2**31 - 1
_FIELD = re.compile(r'"(?:[^"]|"")*"|\S+')


class Lines:
    """The lines of a text from its beginning on, without comments and marks of byte order.

    A mark is within a text if files were put one after the other. `number` is the number in the
    file, from 1, of the last line, `taken` are the lines since this list was emptied, and
    `comments` counts the lines that were left out.
    """

    def __init__(self, lines: Iterable[str], comment: str | None = None, *, above: int = 0) -> None:
        self.number = 0
        self.comments = 0
        self.taken: list[str] = []
        self._lines = iter(lines)
        self._comment = comment
        self._in_quotes = False
        for _ in range(above):
            next(self._lines, None)
            self.number += 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        for line in self._lines:
            self.number += 1
            text = line[1:] if line.startswith(BOM) else line
            if self._comment:
                if not self._in_quotes and text.lstrip(" ").startswith(self._comment):
                    self.comments += 1
                    continue
                self._in_quotes ^= text.count('"') % 2 == 1
            self.taken.append(text)
            return text
        raise StopIteration


@dataclass(frozen=True)
class Record:
    """A record of a text: its fields, and its lines in the file, from 1."""

    first_line: int
    last_line: int
    fields: list[str]
    lines: list[str]

    @property
    def is_blank(self) -> bool:
        return len(self.fields) < 2 and not "".join(self.fields).strip(_NOTHING)


def read_records(lines: Lines, separator: str) -> Iterator[Record]:
    """Yield the records in `lines`, blank lines among them."""
    if separator == BLANKS:
        for line in lines:
            lines.taken.clear()
            yield Record(lines.number, lines.number, _between_blanks(line), [line])
        return
    csv.field_size_limit(_LONGEST_FIELD)
    for fields in csv.reader(lines, delimiter=separator, skipinitialspace=True):
        taken, lines.taken = lines.taken, []
        yield Record(lines.number - len(taken) + 1, lines.number, fields, taken)


def split_line(line: str, separator: str) -> list[str]:
    """Return the fields of one line, as if no quotes were open."""
    return next(read_records(Lines([line]), separator), Record(1, 1, [], [])).fields


def lines_of(text: str) -> Iterator[str]:
    """Return the lines of `text`, with all ends of lines as line feeds."""
    return io.StringIO(text, newline=None)


def _between_blanks(line: str) -> list[str]:
    fields = _FIELD.findall(line)
    return [field[1:-1].replace('""', '"') if field[:1] == '"' else field for field in fields]
