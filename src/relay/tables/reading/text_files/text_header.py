"""The header of separated text: inferred, or in the lines that a setting names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from relay.tables.reading.header import (
    has_no_names,
    has_row_names,
    header_row,
    is_second_header,
    joined_names,
    made_names,
)
from relay.tables.reading.text_files.head import Head, lone_return, shortened
from relay.tables.reading.text_files.lines import Lines, Record, read_records, split_line
from relay.tables.reading.text_files.separators import separator_advice
from relay.util.errors import RelayError
from relay.util.setting_text import setting

_MOSTLY = 0.9


@dataclass(frozen=True)
class TextHeader:
    """The names, the number of lines above them, their last line, and the records below."""

    names: list[str]
    above: int
    end: int
    below: list[Record]
    beside: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    """The fields of its rows, as in the file."""


def find_header(head: Head, separator: str, top: int, missing: Sequence[str]) -> TextHeader:
    """Return the header that is inferred from the records: below titles, or none.

    Raises RelayError if there are no rows, or if the next line can belong to the header as well.
    """
    records = head.records(separator, top)
    if not records:
        raise RelayError(f"{head.name} has no rows. Check data.url, data.read.skip and comment.")
    place = header_row(fields_of(records))
    if place and (line := records[place].first_line - 1) in head.lone_returns:
        raise lone_return(
            head.name, sum(record not in head.lone_returns for record in range(1, line)) + 1
        )
    first, below = records[place], records[place + 1 :]
    if has_no_names(first.fields, fields_of(below)):
        header = make_header(records[place:], first.first_line - 1)
        return _commented_header(head, separator, header) or header
    if below and is_second_header(first.fields, fields_of(below), missing):
        raise _second_header(head, first, below[0])
    names = _without_comment_mark([field.strip() for field in first.fields], below)
    if has_row_names(names, fields_of(below)):
        names = ["", *names]
    above = records[place - 1] if place else first
    is_part = place and sum(bool(field.strip()) for field in above.fields) > 1
    beside = shortened("".join(above.lines)) if is_part else ""
    rows = (_stripped(first.fields),)
    return TextHeader(names, first.first_line - 1, first.last_line, below, beside, rows)


def read_named_header(head: Head, separator: str, lines: Sequence[int]) -> TextHeader:
    """Return the header in the `lines` that data.read.header names.

    Raises RelayError if they do not exist, or are blank.
    """
    last = lines[-1]
    if last > len(head.lines):
        raise RelayError(
            f"data.read.header: {head.name} has {len(head.lines)} lines, not {last}. Name a line "
            "of the file."
        )
    if len(lines) == 1:
        below_titles = Lines(head.lines, above=last - 1)
        record = next(read_records(below_titles, separator))
        rows, last = [record.fields], record.last_line
    else:
        rows = [split_line(head.lines[line - 1], separator) for line in lines]
    if not any(field.strip() for row in rows for field in row):
        raise RelayError(
            f"data.read.header: line {lines[0]} of {head.name} is blank. "
            "Name the line with the names."
        )
    below = head.records(separator, last)
    names = _without_comment_mark(joined_names(rows), below)
    if has_row_names(names, fields_of(below)):
        names = ["", *names]
    return TextHeader(names, lines[0] - 1, last, below, rows=tuple(map(_stripped, rows)))


def make_header(records: list[Record], above: int) -> TextHeader:
    """Return a header of made-up names, as many as most records have fields."""
    widths = Counter(len(record.fields) for record in records)
    return TextHeader(
        made_names(max(widths, key=widths.__getitem__, default=0)), above, above, records
    )


def _commented_header(head: Head, separator: str, header: TextHeader) -> TextHeader | None:
    """Return the header in the comment right above the rows, as numpy writes it; or None."""
    first = header.below[0].first_line
    line = head.lines[first - 2].lstrip() if first > 1 else ""
    if not head.comment or not line.startswith(head.comment):
        return None
    names = [field.strip() for field in split_line(line.removeprefix(head.comment), separator)]
    if len(names) != len(header.names) or has_no_names(names, fields_of(header.below)):
        return None
    return replace(header, names=names, above=first - 2, end=first - 1)


def _without_comment_mark(names: list[str], below: Sequence[Record]) -> list[str]:
    """Return `names` without a # that marks the whole line of the header."""
    first, *others = names
    if first == "#" and below and len(below[0].fields) == len(others):  # between blanks
        return others
    marked = first.startswith("#") and first.strip("# ")
    if marked and not any(name.startswith("#") for name in others):
        return [first.lstrip("# "), *others]
    return names


def without_empty_ends(header: TextHeader) -> TextHeader:
    """Return `header` without empty names at its end for which no record has a field."""
    widest = max((len(record.fields) for record in header.below), default=len(header.names))
    names = list(header.names)
    while len(names) > max(widest, 1) and not names[-1]:
        names.pop()
    return replace(header, names=names)


def count_unnamed(head: Head, header: TextHeader, separator: str) -> int:
    """Return how many fields of the first record have no name.

    Raises RelayError if such fields are filled, or if the header is not the right line.
    """
    if not header.below:
        return 0
    first, named = header.below[0], len(header.names)
    width = len(first.fields)
    if named == 1 and (line := next((line for line in header.below if len(line.fields) > 2), None)):
        raise _below_titles(head, line)
    if width == named or (width > named and not any(map(str.strip, first.fields[named:]))):
        return max(0, width - named)
    alike = sum(len(record.fields) == width for record in header.below)
    broken = width < named and (head.lone_returns or '"' in first.lines[0])
    if not broken and alike >= _MOSTLY * len(header.below):
        raise _other_width(head, header, width, separator)
    return 0 if width < named else _raise_wide(head, header, separator)


def _below_titles(head: Head, record: Record) -> RelayError:
    line = record.first_line
    return RelayError(
        f"{head.name}, line {line}: it has {len(record.fields)} fields, the line taken for the "
        f"header 1. If the names are in line {line}: data.read.header={line}."
    )


def _raise_wide(head: Head, header: TextHeader, separator: str) -> int:
    first = header.below[0]
    lines = ["".join(record.lines) for record in header.below]
    raise RelayError(
        f"{head.name}, line {first.first_line}: it has {len(first.fields)} fields, the header "
        f"{len(header.names)}. Correct the line (a text with the separator in it needs quotes)."
        f"{separator_advice(lines, separator)}"
    )


def _other_width(head: Head, header: TextHeader, width: int, separator: str) -> RelayError:
    """Return the error for a header with another number of fields than nearly all records."""
    end = header.end
    lines = [head.lines[end - 1], *("".join(record.lines) for record in header.below)]
    other = separator_advice(lines, separator)
    rows = fields_of(header.below)
    names = header.below[0].first_line
    advice = f"If line {end} is not the header: data.read.skip={end} leaves it out"
    if has_no_names(rows[0], rows[1:]):
        advice += ", and the columns are column_1, column_2, ..."
    else:
        advice += f", and data.read.header={names} takes the names from line {names}."
    return RelayError(
        f"{head.name}, line {end}: as the header it has {len(header.names)} fields "
        f"('{head.show(end)}'), nearly all lines below it {width}. {advice}{other}"
    )


def _second_header(head: Head, header: Record, second: Record) -> RelayError:
    line, other = header.first_line, second.first_line
    return RelayError(
        f"{head.name}, line {other}: '{shortened(''.join(second.lines))}' is above columns of "
        f"numbers, as a line of names would. {setting('data.read.header', [line, other])} joins "
        "both lines, "
        f"data.read.header={other} takes the names from this one alone, and "
        f"data.read.header={line} takes it for a row."
    )


def _stripped(fields: Sequence[str]) -> tuple[str, ...]:
    return tuple(field.strip() for field in fields)


def fields_of(records: Sequence[Record]) -> list[list[str]]:
    """Return the fields of each record."""
    return [record.fields for record in records]
