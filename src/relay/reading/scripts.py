"""Digits of other scripts (Arabic, Devanagari, full-width, ...) as those of ASCII."""

from __future__ import annotations

import re
import unicodedata

import pandas as pd
import pyarrow.compute as pc

from relay.reading.texts import as_arrow, on_distinct

_FOREIGN_DIGIT = r"[^\P{Nd}0-9]"
_DIGIT = re.compile(r"(?![0-9])\d")
_MARKS = {
    "\u066b": ".", "\u066c": ",", "\u066a": "%",  # Arabic
    "\uff0e": ".", "\uff0c": ",", "\uff05": "%", "\uff0b": "+", "\uff0d": "-", "\u3000": " ",
}  # fmt: skip


def with_ascii_digits(values: pd.Series) -> pd.Series:
    """The texts `values`; those that hold digits of another script with ASCII's instead."""
    strange = pc.any(pc.match_substring_regex(as_arrow(values), _FOREIGN_DIGIT)).as_py()
    if not strange:
        return values
    changed = on_distinct(values, lambda texts: texts.map(_in_ascii, na_action="ignore"))
    return changed.astype("str")


def _in_ascii(text: str) -> str:
    if not _DIGIT.search(text):
        return text
    return "".join(
        str(unicodedata.decimal(one)) if one.isdecimal() else _MARKS.get(one, one) for one in text
    )
