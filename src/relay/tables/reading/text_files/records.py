"""A check of each record of a text, for broken records and the end of the table. Light: no pandas.

It is slower than parsing, so it is for files in which a parser met, or can miss, something odd.
"""

from __future__ import annotations

import csv
import re
import sys
from dataclasses import dataclass, field
from itertools import islice

from relay.tables.reading.header import is_number
from relay.tables.reading.text_files.data_lines import Codec, open_text
from relay.tables.reading.text_files.head import lone_return, shortened
from relay.tables.reading.text_files.layout import TextFormat
from relay.tables.reading.text_files.lines import (
    BLANKS,
    Lines,
    Record,
    lines_of,
    read_records,
    split_line,
)
from relay.util.errors import RelayError
from relay.util.setting_text import setting

_MOST_NOTES = 10
_MOST_PARTS = 10
"""If carriage returns break a line into more parts than these, they are ends of lines."""
_NARROWEST_WITH_NOTES = 3
_ROWS_IN_WORDS = 4
"""So many lines are rows by themselves, also if no numbers show it."""
COMMENT = r"^\s*(#|%|//|!|;|\*|--)"
"""The usual beginnings of comment lines."""


@dataclass
class Records:
    """The records below the header: rows, and then notes."""

    rows: int = 0
    notes: list[Record] = field(default_factory=list)
    cut_off: Record | None = None
    """The last row, if it has no end and lacks fields."""


def check_records(layout: TextFormat, codec: Codec, most: int = sys.maxsize) -> Records:
    """Check each record below the header of `layout`, `most` of them at most.

    A record that ends before the last column with a value in it is broken, except notes below the
    table, and the last line of a file that was cut off. Raises RelayError, with the line, if a
    record is broken.
    """
    rows = widest = longest = 0
    first_are_numbers = True
    tail: list[Record] = []  # records at the end that can be notes
    short: dict[int, Record] = {}  # the first record of each width that is less than the header's
    with open_text(layout, codec) as text:
        lines = Lines(text, layout.comment, above=layout.header_end)
        for record in islice(read_records(lines, layout.separator), most):
            if record.is_blank:
                continue
            _check_quotes(layout, record)
            _check_width(layout, record)
            if len(record.fields) < widest or _is_note(record):
                tail.append(record)
                if len(tail) <= _MOST_NOTES:
                    continue
            for row in tail if tail and tail[-1] is record else [*tail, record]:
                _check_comment(layout, row)
                rows, first = rows + 1, row.fields[0].strip()
                first_are_numbers = first_are_numbers and (not first or is_number(first))
                longest = max(longest, len(row.fields))
                if widest < len(layout.header):
                    widest = max(widest, _filled_width(row))
                if len(row.fields) < len(layout.header):
                    short.setdefault(len(row.fields), row)
            tail.clear()
    # If no row has all fields, the last ones were not left out because they are empty.
    widest = widest if longest >= len(layout.header) else len(layout.header)
    broken = [record for width, record in short.items() if width < widest]
    if broken:
        raise _too_short(layout, codec, min(broken, key=lambda record: record.first_line))
    if rows + len(tail) >= most:  # only the rest of the file shows whether the last ones are notes
        return Records(rows + len(tail))
    return _with_tail(layout, codec, Records(rows), tail, widest, first_are_numbers)


def _with_tail(
    layout: TextFormat,
    codec: Codec,
    records: Records,
    tail: list[Record],
    widest: int,
    first_are_numbers: bool,
) -> Records:
    """Return `records` with the `tail` of the file. Raises RelayError if one of it is broken."""
    for record in tail:
        full = len(record.fields) >= min(widest, len(layout.header))
        has_end = record.lines[-1].endswith(("\n", "\r"))
        many = len(layout.header) >= _NARROWEST_WITH_NOTES and (has_end or bool(records.notes))
        first = record.fields[0].strip()
        words = bool(first) and not is_number(first)
        if full and not records.notes:
            records.rows += 1
        elif words and (first_are_numbers or (many and _is_note(record))):
            records.notes.append(record)
        elif not has_end and not records.notes:
            records.cut_off = record
            records.rows += 1
        else:
            raise _too_short(layout, codec, record)
    return records


def _filled_width(record: Record) -> int:
    """Return how many fields there are up to the last one with a value in it."""
    for place in range(len(record.fields), 0, -1):
        if record.fields[place - 1].strip():
            return place
    return 0


def _is_note(record: Record) -> bool:
    """Return True if only the first field is filled, with a text."""
    if len(record.fields) > 1 and (record.fields[1].strip() or record.fields[-1].strip()):
        return False  # as nearly all, and quick
    first, *others = [field.strip() for field in record.fields]
    return bool(first) and not any(others) and not is_number(first)


def _check_width(layout: TextFormat, record: Record) -> None:
    named, fields = len(layout.header), record.fields
    if len(fields) <= named:
        return
    if len(fields) > named + layout.unnamed or any(map(str.strip, fields[named:])):
        raise RelayError(
            f"{layout.source.name}, line {record.first_line}: it has {len(fields)} fields, the "
            f"{_header_word(layout)} {named}. Correct the line (a text with the separator in it "
            f"needs quotes).{_comment_advice(layout, record)}"
        )


def _check_comment(layout: TextFormat, record: Record) -> None:
    """Check that a line with as many fields as a row is not a comment.

    Raises RelayError if it seems to be one.
    """
    if 0 not in layout.numbers or record.lines[0][:1].isalnum():
        return
    advice = _comment_advice(layout, record)
    fields = tuple(map(str.strip, record.fields))
    first = fields[0]
    has_letters = any(map(str.isalpha, first))
    if advice and has_letters and first not in layout.missing and fields not in layout.header_rows:
        raise RelayError(
            f"{layout.source.name}, line {record.first_line}: it begins with '{first}', but the "
            f"other lines with numbers.{advice}"
        )


def _header_word(layout: TextFormat) -> str:
    return "header" if layout.has_header else "other lines"


def _too_short(layout: TextFormat, codec: Codec, record: Record) -> RelayError:
    name, fields = layout.source.name, record.fields
    if line := _line_with_return(layout, codec, record):
        return lone_return(name, line)
    shown = shortened("".join(record.lines))
    has = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
    advice = _comment_advice(layout, record)
    if not layout.has_header and record.first_line == layout.above + 1:
        advice += f" If it is not a row: data.read.skip={record.last_line} leaves it out."
    return RelayError(
        f"{name}, line {record.first_line}: it has {has}, the {_header_word(layout)} "
        f"{len(layout.header)} ('{shown}'). Correct the line.{advice}"
    )


def _comment_advice(layout: TextFormat, record: Record) -> str:
    mark = re.match(COMMENT, record.lines[0])
    if not mark or mark[1] == layout.separator:
        return ""
    return (
        f" If lines that begin with {mark[1]} are comments: "
        f"{setting('data.read.comment', mark[1])} leaves them out."
    )


def _line_with_return(layout: TextFormat, codec: Codec, record: Record) -> int | None:
    """Return the line of `record` by line feeds, if a carriage return ends a part of it."""
    line, parts = 1, 0
    with open_text(layout, codec) as text:
        for number, part in enumerate(text, start=1):
            parts += 1
            if part.endswith("\n"):
                if number >= record.first_line:
                    return line if 1 < parts <= _MOST_PARTS else None
                line, parts = line + 1, 0
    return None


def _check_quotes(layout: TextFormat, record: Record) -> None:
    """Check the quotes of a record. Raises RelayError if one is stray, or not closed."""
    text, separator = "".join(record.lines), layout.separator
    if '"' not in text or separator == BLANKS:
        return
    spread = len(record.lines) > 1
    between = re.escape(separator)
    within = re.search(rf'(?<=[^{between}\s])"(?=[^{between}"\r\n])', text)
    if not (spread or within or text.count('"') % 2):
        return
    name, first, last = layout.source.name, record.first_line, record.last_line
    try:
        closed = re.sub(rf'"[ \t]+(?={between}|[\r\n]|$)', '"', text)
        list(csv.reader(lines_of(closed), delimiter=separator, skipinitialspace=True, strict=True))
    except csv.Error as error:
        if "end of data" in str(error):
            raise RelayError(
                f"{name}, line {first}: a quote opens and is never closed. Remove it, or "
                f"check whether the file was cut off.{_comment_advice(layout, record)}"
            ) from error
        raise RelayError(
            f"{name}, line {first}: a quote is within a text in quotes "
            f"('{shortened(text)}'). Write it twice (\"\"), or correct the quotes around it."
        ) from error
    if spread and _are_rows(layout, record.lines):
        raise RelayError(
            f"{name}, lines {first} to {last}: a quote that opens in line {first} is closed in "
            f"line {last} only, so that whole rows lie in one field. Correct the quotes: one in "
            'a text in quotes is written twice ("").'
        )


def _are_rows(layout: TextFormat, lines: list[str]) -> bool:
    """Return True if each line of a record is a row by itself, with quotes as letters."""
    width = len(layout.header)
    if not layout.numbers and len(lines) < (_ROWS_IN_WORDS if width < _NARROWEST_WITH_NOTES else 3):
        return False
    return all(_is_row(layout, line.rstrip("\r\n"), width) for line in lines)


def _is_row(layout: TextFormat, line: str, width: int) -> bool:
    for fields in (line.split(layout.separator), split_line(line, layout.separator)):
        if len(fields) == width + layout.unnamed or len(fields) == width:
            values = [fields[place].strip(' "') for place in layout.numbers]
            return all(not value or is_number(value) for value in values)
    return False
