"""The decimal mark of a file: a point or a comma, as its numbers show it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from relay.tables.reading.numbers.number_formats import FORMATS, PLACEHOLDERS
from relay.util.setting_text import setting


@dataclass(frozen=True)
class Convention:
    """The decimal mark of a file's numbers, and whether its values leave no other."""

    decimal: str = "."
    is_evident: bool = False

    @property
    def evident(self) -> str | None:
        """Return the decimal mark, or None if it was taken by default."""
        return self.decimal if self.is_evident else None


def find_convention(
    samples: Iterable[Sequence[str]], *, decimal: str | None = None, separator: str | None = None
) -> Convention:
    """Return the convention of a file, from samples of its columns of texts, or by `decimal`.

    A column shows a decimal mark if its numbers can be read with no other: 1,5 and 0,125 and
    1.234,5, but not 1,234. If no column does, semicolons between fields mean a comma.
    """
    if decimal is not None:
        return Convention(decimal, is_evident=True)
    votes = Counter(marks.pop() for marks in map(_decimal_marks, samples) if len(marks) == 1)
    if not votes:
        return Convention("," if separator == ";" else ".")
    return Convention("," if votes[","] > votes["."] else ".", is_evident=True)


def _decimal_marks(texts: Sequence[str]) -> set[str]:
    """Return the decimal marks with which all of `texts` can be read as numbers."""
    counted = [text for text in texts if text.strip().lower() not in PLACEHOLDERS]
    marks: set[str] = set()
    for form in FORMATS.values() if counted else ():
        if form.decimal not in marks and all(map(form.compiled.match, counted)):
            marks.add(form.decimal)
    return marks


def decimal_comma_hint(value: str) -> str:
    """Return advice on a number such as 3,5; "" for other texts."""
    if re.fullmatch(r"-?\d+,\d+", value.strip()):
        return f" If the comma is a decimal comma, set {setting('data.read.decimal', ',')}."
    return ""
