"""Digits of other scripts (Arabic, full-width, ...) and other blanks, as those of ASCII."""

from __future__ import annotations

import re
import unicodedata

import pandas as pd
import pyarrow.compute as pc

from relay.tables.reading.arrow_texts import as_arrow, from_arrow, is_ascii, on_distinct

_FOREIGN_DIGIT = r"[^\P{Nd}0-9]"
_BLANK = "[\u00a0\u2000-\u200a\u202f\u205f\u3000]"
_DIGIT = re.compile(r"(?![0-9])\d")
_MARKS = {
    "\u066b": ".", "\u066c": ",", "\u066a": "%",  # Arabic
    "\uff0e": ".", "\uff0c": ",", "\uff05": "%", "\uff0b": "+", "\uff0d": "-", "\u3000": " ",
}  # fmt: skip


def with_plain_characters(values: pd.Series) -> pd.Series:
    """Return the texts `values` with digits and blanks of ASCII in place of others."""
    array = as_arrow(values)
    if is_ascii(array):
        return values
    if pc.any(pc.match_substring_regex(array, _BLANK)).as_py():
        values = from_arrow(pc.replace_substring_regex(array, _BLANK, " "), values)
    if not has_foreign_digits(values):
        return values
    changed = on_distinct(values, lambda texts: texts.map(_in_ascii, na_action="ignore"))
    return changed.astype("str")


def has_foreign_digits(values: pd.Series) -> bool:
    """Return True if some of the texts have a digit of another script."""
    return bool(pc.any(pc.match_substring_regex(as_arrow(values), _FOREIGN_DIGIT)).as_py())


def _in_ascii(text: str) -> str:
    if not _DIGIT.search(text):
        return text
    return "".join(
        str(unicodedata.decimal(character))
        if character.isdecimal()
        else _MARKS.get(character, character)
        for character in text
    )
