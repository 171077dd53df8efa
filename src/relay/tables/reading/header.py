"""The header of a table, among its first records, below titles and notes. Light: no pandas."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

_FEWEST_WIDE = 0.8
_LOOKED_AT = 30
_COMPARED = 100
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?")
_WORD = re.compile(r"[^\W\d].*|[(\[%°].*")
_FEWEST_NUMBERS = 0.9
_NO_NAME = re.compile(r"-\d+|[-+]?\d*\.\d+(?:[eE][-+]?\d+)?")


def header_row(records: Sequence[Sequence[str]]) -> int:
    """Return the place of the header in `records`: 0, unless titles or notes are above it.

    Titles and notes have few fields filled; the header and nearly all records below have many.
    """
    filled = [sum(bool(field.strip()) for field in record) for record in records]
    if len(records) < 2:
        return 0
    usual = _usual(filled)
    if usual < 2 or not _is_title(filled[0], usual) or _lacks_first_name(records[0], usual):
        return 0
    for place in range(1, min(_LOOKED_AT, len(records))):
        if filled[place] >= usual and _are_names(records[place]):
            below = filled[place:]
            wide = sum(not _is_title(count, usual) for count in below)
            return place if wide >= _FEWEST_WIDE * len(below) else 0
    return 0


def _usual(filled: Sequence[int]) -> int:
    return Counter(filled).most_common(1)[0][0]


def _is_title(filled: int, usual: int) -> bool:
    """Return True for so few filled fields that the record is not a header."""
    return filled <= 1 if usual < 4 else filled <= usual // 2


def _lacks_first_name(record: Sequence[str], usual: int) -> bool:
    """Return True if all but the first field are filled: the column of row names has no name."""
    first, *others = [field.strip() for field in record]
    return not first and len(record) == usual and all(others)


def _are_names(record: Sequence[str]) -> bool:
    fields = [field.strip() for field in record if field.strip()]
    numbers = sum(bool(_NUMBER.fullmatch(field)) for field in fields)
    return numbers <= len(fields) // 2 or (len(set(fields)) == len(fields) and numbers == 0)


def has_no_names(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return True if the first record is a row of values: a file without a header.

    It has a fraction or a number below 0 above a column of numbers; or only whole numbers above
    such columns, which do not count up or down as years would; or texts that its columns repeat.
    """
    fields = [field.strip() for field in first]
    columns = list(zip(fields, _columns(fields, below), strict=True))
    numbers = [field for field, values in columns if values and all(map(_NUMBER.fullmatch, values))]
    if any(map(_NO_NAME.fullmatch, numbers)):
        return True
    whole = [field for field in numbers if field.isdecimal()]
    if len(whole) == len(fields):
        return not _counts(list(map(int, whole)))
    texts = [(field, values) for field, values in columns if field and not _NUMBER.fullmatch(field)]
    # A column of one value can be named by it, such as an answer that can be ticked.
    repeats = sum(field in values and len(set(values)) > 1 for field, values in texts)
    return repeats >= max(1 if whole else 2, len(texts) / 2)


def _columns(fields: Sequence[str], below: Sequence[Sequence[str]]) -> Iterator[list[str]]:
    """Yield for each of `fields` the filled values below it, without repeats of the record."""
    rows = [[field.strip() for field in record] for record in below[:_COMPARED]]
    rows = [row for row in rows if row != fields]
    for place in range(len(fields)):
        yield [row[place] for row in rows if place < len(row) and row[place]]


def _counts(numbers: Sequence[int]) -> bool:
    steps = [after - before for before, after in pairwise(numbers)]
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)


def is_second_header(
    names: Sequence[str], below: Sequence[Sequence[str]], missing: Sequence[str] = ()
) -> bool:
    """Return True if the first record `below` the header belongs to it, as units do.

    It has different words above columns of numbers, in two columns or more; or a word in one, and
    a gap in a column that is filled otherwise. Neither `missing` texts nor a repeated header
    (`names`) are words.
    """
    if not below or [field.strip() for field in below[0]] == [name.strip() for name in names]:
        return False
    fields = [field.strip() for field in below[0]]
    columns = list(zip(fields, _columns(fields, below[1:]), strict=True))
    words = [
        field
        for field, values in columns
        if len(values) > 2 and all(map(_NUMBER.fullmatch, values)) and field
    ]
    most = max((len(values) for _, values in columns), default=0)
    has_gap = any(not field and len(values) == most for field, values in columns)
    are_words = all(map(_WORD.fullmatch, words)) and not set(words) & set(missing)
    return are_words and len(set(words)) > (0 if has_gap else 1)


def may_be_repeated(names: Sequence[str]) -> bool:
    """Return True for names that no row would have: not all of them are numbers."""
    return not all(map(_NUMBER.fullmatch, filter(None, names)))


def number_columns(rows: Sequence[Sequence[str]]) -> frozenset[int]:
    """Return the places of the columns that have numbers in nearly all of `rows`."""
    columns = set()
    for place in range(max(map(len, rows), default=0)):
        filled = [row[place].strip() for row in rows if place < len(row) and row[place].strip()]
        numbers = sum(is_number(field) for field in filled)
        if filled and numbers >= _FEWEST_NUMBERS * len(filled):
            columns.add(place)
    return frozenset(columns)


def is_number(field: str) -> bool:
    """Return True for a number as files have it, with points or commas."""
    return _NUMBER.fullmatch(field) is not None


def has_row_names(header: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return True if each record below has one field more than the header: a row name.

    R writes tables like this: there is no name above the row names, which are different texts, or
    numbers in order.
    """
    if not below or any(len(record) != len(header) + 1 for record in below):
        return False
    names = [record[0].strip() for record in below]
    if all(map(str.isdecimal, names)):
        return [int(name) - int(names[0]) for name in names] == list(range(len(names)))
    are_texts = not any(map(_NUMBER.fullmatch, names))
    return are_texts and len(set(names)) == len(names) and any(record[-1] for record in below)


def joined_names(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the names of the columns in a header of several `rows`, from top to bottom.

    In all but the last row a blank field takes the name at its left, as merged cells are saved.
    """
    width = max(map(len, rows), default=0)
    filled = [_filled_to_the_right(row) for row in rows[:-1]] + [list(row) for row in rows[-1:]]
    columns = zip(*([*row, *[""] * (width - len(row))] for row in filled), strict=True)
    return [" ".join(part for part in map(str.strip, column) if part) for column in columns]


def _filled_to_the_right(row: Sequence[str]) -> list[str]:
    filled: list[str] = []
    for field in row:
        filled.append(field if field.strip() or not filled else filled[-1])
    return filled


def made_names(count: int) -> list[str]:
    """Return names for the columns of a file without a header: column_1, column_2, ..."""
    return [f"column_{number}" for number in range(1, count + 1)]
