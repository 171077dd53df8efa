"""Numbers as people write them: 1.234,56  1 234.5  $1,200  12 %  (300)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relay.tables.reading.arrow_texts import as_arrow, from_arrow
from relay.tables.reading.numbers.integers import FLOATS_HOLD, floats_hold, integers_in_texts
from relay.tables.reading.settings.dtype_words import NUMBER_EXAMPLES
from relay.util.setting_text import setting

PLACEHOLDERS = frozenset(
    {"?", "-", "--", "---", "–", "—", ".", "..", "...", "*", "n.a.", "n.a", "na", "n/d", "nd"}
    | {"nil", "none", "missing", "unknown", "not available", "k.a."}
)
"""Texts that mean "missing" in a column of numbers, in lower case."""

_BLANK = "[ \u00a0\u2009\u202f]"
_THOUSANDS = {"": "", ",": ",", ".": r"\.", " ": _BLANK, "'": "['’]"}
_SYMBOLS = "$€£¥₹₽₩₺₫฿₴₪₱₦₵₡"
_CODES = (
    r"(?:US|AU?|CA?|NZ|HK|S|R|MX)\$|Rs\.?|kr|zł|Kč|руб\.?|"
    "USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|SEK|NOK|DKK|PLN|CZK|BRL|MXN"
)
CURRENCY = f"[{_SYMBOLS}]|{_CODES}"
SIGN = "[-+−]"
PLAIN = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:inf|infinity|nan)", re.I)
"""A number as programs write it."""
TOO_LONG = "integers too long for numbers, kept as texts"
_LONGEST_INTEGER = 18
_LONG_INTEGER = rf"^[-+]?\d{{{_LONGEST_INTEGER + 1},}}$"


@dataclass(frozen=True)
class NumberFormat:
    """The marks between a number's thousands ("" for none) and before its decimals."""

    thousands: str
    decimal: str

    @property
    def example(self) -> str:
        """Return 1234.56 in this format, as in a dtype word."""
        return f"1{self.thousands}234{self.decimal}56"

    @property
    def digits(self) -> str:
        """Return a pattern of a number without a sign, for RE2 and Python."""
        gap, mark = _THOUSANDS[self.thousands], re.escape(self.decimal)
        grouped = rf"[1-9]\d{{0,2}}(?:{gap}\d{{2,3}})*{gap}\d{{3}}|" if gap else ""
        return rf"(?:(?:{grouped}\d+)(?:{mark}\d+)?|{mark}\d+)(?:[eE][-+]?\d+)?"

    @cached_property
    def pattern(self) -> str:
        """Return a pattern of a whole value, with currencies, per cent and brackets."""
        bare = rf"{SIGN}?\s*(?:{CURRENCY})?\s*{SIGN}?{self.digits}\s*(?:%|{CURRENCY})?"
        return rf"^(?:{bare}|\({bare}\))$"


FORMATS = {example: NumberFormat(example[1:-6], example[-3]) for example in NUMBER_EXAMPLES}
"""The formats by their example, in the order in which they are tried."""


def formats_for(decimal: str) -> list[NumberFormat]:
    """Return all formats, those with this decimal mark before the others."""
    return sorted(FORMATS.values(), key=lambda form: form.decimal != decimal)


def as_plain_numbers(values: pd.Series) -> pd.Series | None:
    """Return texts that are all numbers as programs write them as int64, Int64 or float64.

    None for other texts, and for codes such as 007.
    """
    array = as_arrow(values)
    whole = integers_in_texts(values)
    if whole is not None:
        return None if _has_zeros_before(array) else whole
    try:
        numbers = from_arrow(pc.cast(array, pa.float64()), values)
    except pa.ArrowInvalid:
        return None
    return None if _is_too_long(array) or len(too_long(values, numbers)) else numbers


def codes_note(values: pd.Series) -> str:
    """Return why whole numbers stay texts; "" if they are numbers, or not all are whole numbers."""
    array = as_arrow(values)
    whole = integers_in_texts(values)
    if whole is not None and not floats_hold(whole):
        return TOO_LONG
    if not pc.all(pc.match_substring_regex(array, r"^[-+]?\d[\dxX]*$")).as_py():
        return ""
    if _has_zeros_before(array):
        return "codes with zeros before them, kept as texts"
    return TOO_LONG if _is_too_long(array) else ""


def too_long(texts: pd.Series, numbers: pd.Series) -> pd.Series:
    """Return the `texts` that are so long that different ones are equal as `numbers`."""
    sizes = np.abs(numbers.to_numpy())
    long = (sizes >= FLOATS_HOLD) & np.isfinite(sizes)
    if not long.any():
        return texts.iloc[:0]
    chosen: pd.Series = texts[
        long & ~texts.str.contains("[eE]").to_numpy(dtype=bool, na_value=True)
    ]
    return chosen if chosen.nunique() > numbers[chosen.index].nunique() else chosen.iloc[:0]


def _has_zeros_before(array: pa.ChunkedArray | pa.Array) -> bool:
    """Return True if a whole number begins with a zero: 007 is a code."""
    zeros = array.filter(pc.starts_with(array, "0"))
    return bool(pc.any(pc.greater(pc.utf8_length(zeros), 1)).as_py())


def _is_too_long(array: pa.ChunkedArray | pa.Array) -> bool:
    """Return True if one of the texts is an integer with more digits than a number can hold."""
    longest = pc.max(pc.utf8_length(array)).as_py() or 0
    if longest <= _LONGEST_INTEGER:
        return False
    return bool(pc.any(pc.match_substring_regex(array, _LONG_INTEGER)).as_py())


def parsed(values: pd.Series, form: NumberFormat) -> pd.Series:
    """Return `values` as float64; NaN for a missing one, or one that does not have the format."""
    array = as_arrow(values)
    array = pc.if_else(pc.match_substring_regex(array, form.pattern), array, None)
    negative = pc.fill_null(
        pc.match_substring_regex(array, rf"^(?:\(|(?:{CURRENCY})?\s*[-−])"), False
    )
    array = pc.replace_substring_regex(array, rf"^\(?{SIGN}?\s*(?:{CURRENCY})?\s*{SIGN}?", "")
    array = pc.replace_substring_regex(array, rf"\s*(?:%|{CURRENCY})?\)?$", "")
    if form.thousands:
        array = pc.replace_substring_regex(array, _THOUSANDS[form.thousands], "")
    if form.decimal != ".":
        array = pc.replace_substring(array, form.decimal, ".")
    numbers = from_arrow(pc.cast(array, pa.float64()), values)
    return numbers.mask(from_arrow(negative, values), -numbers)


def decimal_comma_hint(value: str) -> str:
    """Return advice on a number such as 3,5; "" for other texts."""
    if re.fullmatch(r"-?\d+,\d+", value.strip()):
        return f" If the comma is a decimal comma, set {setting('data.read.decimal', ',')}."
    return ""


def without_placeholders(values: pd.Series) -> pd.Series:
    """Return `values` with `?`, `-`, `n.a.` and the like missing."""
    array = as_arrow(values)
    stands_for_nothing = pc.is_in(pc.utf8_lower(array), pa.array(sorted(PLACEHOLDERS), array.type))
    return from_arrow(pc.if_else(stands_for_nothing, None, array), values)


def find_format(values: pd.Series, decimal: str) -> NumberFormat | None:
    """Return the format in which all texts are numbers of one unit, or None.

    Formats with this decimal mark are tried first.
    """
    array = as_arrow(values).drop_null()
    for form in formats_for(decimal):
        if pc.all(pc.match_substring_regex(array, form.pattern)).as_py():
            return form if _has_one_unit(array) else None
    return None


def _has_one_unit(array: pa.ChunkedArray | pa.Array) -> bool:
    """Return True if there is one currency at most, and percentages are not mixed with others."""
    percent = pc.sum(pc.match_substring(array, "%")).as_py()
    if percent not in (0, len(array)):
        return False
    return len(currencies_in(array).unique()) <= 1


def currencies_in(array: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Return the currencies in the texts of `array` that have one."""
    matches = pc.extract_regex(array, rf"(?P<unit>{CURRENCY})").drop_null()
    return pc.utf8_rtrim(pc.struct_field(matches, "unit"), ".")


def share_of_numbers(texts: Sequence[str]) -> float:
    """Return the share of `texts` that are numbers in some format, placeholders not counted."""
    if texts and _are_plain(texts):
        return 1.0
    counted = [text for text in texts if text.strip().lower() not in PLACEHOLDERS]
    patterns = [_compiled(form) for form in FORMATS.values()]
    numbers = sum(
        bool(PLAIN.fullmatch(text) or any(pattern.match(text) for pattern in patterns))
        for text in counted
    )
    return numbers / len(counted) if counted else 0.0


def _are_plain(texts: Sequence[str]) -> bool:
    """Return True if all texts are numbers as programs write them; quicker than a pattern."""
    try:
        pc.cast(pa.array(texts, pa.large_string()), pa.float64())
    except pa.ArrowInvalid:
        return False
    return True


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
        if form.decimal not in marks and all(map(_compiled(form).match, counted)):
            marks.add(form.decimal)
    return marks


@cache
def _compiled(form: NumberFormat) -> re.Pattern[str]:
    return re.compile(form.pattern)
