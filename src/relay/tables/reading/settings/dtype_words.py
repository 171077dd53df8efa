"""The words by which a data set's config names a column's dtype. Light: no pandas."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from relay.tables.reading.settings.options import USUAL_MISSING
from relay.util.names import nearest

WORDS = ("float", "int", "bool", "str", "category", "datetime")
LOWER_CASE = "str:lower"
"""Texts in which upper case and blanks make no difference."""
ISO_8601 = "ISO8601"
"""In place of a format: times by ISO 8601, of any length."""
EPOCH_MS, EPOCH_S, SERIAL_DAYS = "ms", "s", "excel"
"""In place of a format: milliseconds since 1970, as pandas writes times to JSON; seconds since
1970; days as spreadsheet programs count them."""
PERIOD = "period"
"""In place of a format: the first days of periods such as 2000Q1, 2019M01 and 2021-W05."""
FORMATS_APART = "|"
"""Separates several formats of dates in one dtype word."""

NUMBER_EXAMPLES = ("1,234.56", "1.234,56", "1 234,56", "1 234.56", "1'234.56", "1'234,56")
"""How a number may be written, by an example: what follows `float:`."""

LIMITS, THOUSANDS, MINUS_BEHIND = "limit", "K/M/B", "-"
"""What may stand in the place of a unit: `<0.5` is 0.5 then, 9.9K is 9900, or `5-` is -5."""
MAY_LACK = "?"
"""Behind a unit: some of the numbers are written without it."""
DURATION_EXAMPLES = ("12:30", "1h 20m")
"""Examples of times and durations that are read as hours."""

_DATETIME_FORMAT, _NUMBER_FORMAT, _TEXT_FORMAT = "datetime:", "float:", "str:"
_WITHOUT_THOUSANDS = {"1234.56": "1,234.56", "1234,56": "1.234,56"}
_EXAMPLES = "|".join(map(re.escape, (*NUMBER_EXAMPLES, *_WITHOUT_THOUSANDS)))
_NUMBER_WORD = re.compile(rf"float:({_EXAMPLES})\s*(\D.{{0,30}})?")


@dataclass(frozen=True)
class NumberWord:
    """The meaning of `float:1.234,56 kg`: an example of the numbers, and their unit."""

    example: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{_NUMBER_FORMAT}{self.example}{self.unit and ' '}{self.unit}"


def check_dtype_word(spec: str) -> str:
    """Return `spec`. Raises ValueError, with the choices, if it is not a dtype word."""
    if spec in (*WORDS, LOWER_CASE) or datetime_format(spec) or number_word(spec):
        return spec
    if texts_kept_by(spec):
        return spec
    near = nearest(spec, WORDS)
    hint = f" Did you mean '{near}'?" if near else ""
    raise ValueError(
        f"'{spec}' is not a dtype: use {', '.join(WORDS)}, datetime:%d/%m/%Y, float:1.234,56, "
        f"'float:1234.56 kg' or str:lower.{hint}"
    )


def datetime_format(spec: str) -> str | None:
    """Return the format in `datetime:%d/%m/%Y`, `datetime:ISO8601` or `datetime:ms`, or None.

    There can be several: `datetime:ISO8601|%d.%m.%Y`.
    """
    form = spec.removeprefix(_DATETIME_FORMAT)
    names_one = "%" in form or form in (ISO_8601, EPOCH_MS, EPOCH_S, SERIAL_DAYS, PERIOD)
    return form if spec.startswith(_DATETIME_FORMAT) and names_one else None


def number_word(spec: str) -> NumberWord | None:
    """Return the meaning of words such as `float:1.234,56 kg` or `float:12:30`; None for others."""
    text = spec.removeprefix(_NUMBER_FORMAT)
    if spec.startswith(_NUMBER_FORMAT) and text in DURATION_EXAMPLES:
        return NumberWord(text)
    parts = _NUMBER_WORD.fullmatch(spec)
    if parts is None:
        return None
    example = _WITHOUT_THOUSANDS.get(parts[1], parts[1])
    return NumberWord(example, (parts[2] or "").strip())


def texts_kept_by(spec: str) -> list[str]:
    """Return the texts that a word makes values: NA by `str:NA`, NA and None by `str:NA|None`."""
    texts = spec.removeprefix(_TEXT_FORMAT).split("|")
    return texts if spec.startswith(_TEXT_FORMAT) and USUAL_MISSING.issuperset(texts) else []


def text_word(kept: Iterable[str]) -> str:
    """Return the dtype word of a column of texts in which those `kept` are values."""
    return _TEXT_FORMAT + "|".join(kept)


def datetime_word(form: str) -> str:
    """Return the dtype word of times in the format `form`, the inverse of `datetime_format`."""
    return f"{_DATETIME_FORMAT}{form}"


def is_read_as_text(spec: str) -> bool:
    """Return True if a column of this dtype must not be read as numbers: 007 stays 007."""
    return spec in ("str", "bool", "datetime") or ":" in spec


DtypeWord = Annotated[str, AfterValidator(check_dtype_word)]
