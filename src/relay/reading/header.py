"""Where in its first records a table begins: below titles and notes. Light: no pandas."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_FEWEST_WIDE = 0.8
_LOOKED_AT = 30
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?")
_FRACTION = re.compile(r"[-+]?\d*\.\d+(?:[eE][-+]?\d+)?")


def header_row(records: Sequence[Sequence[str]]) -> int:
    """The place of the header in `records`: 0, but where titles or notes stand above it.

    These have a few fields filled, the header and nearly all records below it have many.
    """
    filled = [sum(bool(field.strip()) for field in record) for record in records]
    if len(records) < 2:
        return 0
    usual = _usual(filled)
    if usual < 2 or not _is_title(filled[0], usual):
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
    """True for so few fields that a row of them is no header: names of columns are not left out."""
    return filled <= 1 if usual < 4 else filled <= usual // 2


def _are_names(record: Sequence[str]) -> bool:
    fields = [field.strip() for field in record if field.strip()]
    numbers = sum(bool(_NUMBER.fullmatch(field)) for field in fields)
    return numbers <= len(fields) // 2 or (len(set(fields)) == len(fields) and numbers == 0)


def has_no_names(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """True where the first record is a row of values: a file without a header.

    It holds a fraction such as 5.1, which is no name of a column, in a place where the records
    below it have numbers as well.
    """
    for place, field in enumerate(first):
        if not _FRACTION.fullmatch(field.strip()):
            continue
        others = [record[place].strip() for record in below[:_LOOKED_AT] if place < len(record)]
        known = [one for one in others if one]
        if known and all(_NUMBER.fullmatch(one) for one in known):
            return True
    return False


def made_names(count: int) -> list[str]:
    """Names for the columns of a file without a header: column_1, column_2, ..."""
    return [f"column_{number}" for number in range(1, count + 1)]
