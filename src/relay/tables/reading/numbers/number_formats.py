"""Formats of numbers as people write them, and that of a column: 1.234,56  $1,200  12 %  (300)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relay.tables.reading.arrow_texts import as_arrow, from_arrow
from relay.tables.reading.settings.dtype_words import NUMBER_EXAMPLES

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

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """Return `pattern` for Python's texts."""
        return re.compile(self.pattern)


FORMATS = {example: NumberFormat(example[1:-6], example[-3]) for example in NUMBER_EXAMPLES}
"""The formats by their example, in the order in which they are tried."""


def formats_for(decimal: str) -> list[NumberFormat]:
    """Return all formats, those with this decimal mark before the others."""
    return sorted(FORMATS.values(), key=lambda form: form.decimal != decimal)


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
    patterns = [form.compiled for form in FORMATS.values()]
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
