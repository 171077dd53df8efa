"""Warnings of numbers in two parts, which are not read: ranges, feet and inches, degrees."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import pandas as pd

_AT_LEAST = 0.9
_SHOWN = 3
_FEWEST_RANGES, _FEWEST_PARTS = 31, 5
"""Fewer different ranges are classes, such as groups of age."""
_NUMBER = r"\d+(?:[.,]\d+)?"
_RANGE = re.compile(
    rf"({_NUMBER})\s*(?:-|\u2013|\u2014|to|bis|\.\.\.?)\s*({_NUMBER})\s*[^\W\d_]{{0,3}}"
)
_PAIR = re.compile(rf"(?:\d+ )?{_NUMBER}\s*[/xX×:*]\s*{_NUMBER}(?:\s*[xX×*]\s*{_NUMBER})?")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_SHORT_DATE = re.compile(rf"(?:(\d\d?)-({'|'.join(_MONTHS)})|({'|'.join(_MONTHS)})-(\d\d))", re.I)
_FEWEST_BESIDE = 2
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_ORDINAL = re.compile(r"0(?:st|nd|rd|th)\b")
_QUANTITY = re.compile(
    r"(?=.*[^-\s./_:()+,0])(?!.*0[-./_:]0)[^\w\s\[{#@&]{0,2} ?0(?:(?![^\W\d_]0)[^\[{@&])*"
)
"""A number first, and something that codes do not have: 0‰, 0 ± 0, 0 years 0 months, 0th, '0."""
_CODE = re.compile(r"(?<![\d.,])0\d")
_MINUTES = rf"(?:\s*{_NUMBER}\s*['\u2032m])?(?:\s*{_NUMBER}\s*(?:[\"\u2033]|''|s))?"
_PARTS = {
    "feet and inches": re.compile(
        rf"\d+\s*(?:['\u2032]|ft\.?|feet)\s*{_NUMBER}\s*(?:[\"\u2033]|''|in\.?|inches)?", re.I
    ),
    "degrees and minutes": re.compile(rf"[NSEW]?\s*\d+\s*[°º]\s*{_MINUTES}\s*[NSEWO]?", re.I),
    "degrees with a direction": re.compile(rf"{_NUMBER}\s*[°º]\s*[NSEWO]", re.I),
    "pounds and ounces": re.compile(rf"\d+\s*lbs?\.?,?\s*{_NUMBER}\s*oz\.?", re.I),
}


def unread_numbers_warning(values: pd.Series, examples: Sequence[str]) -> str:
    """Return a warning if nearly all `examples` of `values` are numbers in two parts, else "".

    Ranges are reported if there are too many of them for classes.
    """
    setting = _if_texts(values)
    for name, pattern in _PARTS.items():
        alike = [text for text in examples if pattern.fullmatch(text.strip())]
        if len(alike) >= max(_FEWEST_PARTS, _AT_LEAST * len(examples)):
            return (
                f"{name}, such as '{alike[0]}', are not read as numbers: kept as texts. Write each "
                f"as one number in the file. {setting}"
            )
    if dates := of_dates_among_ranges(values, examples):
        return dates
    pairs = [text for text in examples if _PAIR.fullmatch(text.strip())]
    if len(pairs) >= max(_FEWEST_RANGES, _AT_LEAST * len(examples)):
        return (
            f"two numbers in one, such as '{pairs[0]}', are not read as numbers: kept as texts. "
            f"Write them in columns of their own in the file. {setting}"
        )
    ranges = [text for text in examples if _is_range(text)]
    if len(ranges) < max(_FEWEST_RANGES, _AT_LEAST * len(examples)):
        return _of_other_signs(values, examples)
    return (
        f"ranges of numbers, such as '{ranges[0]}', are not read as numbers: kept as texts. Write "
        f"their ends, or their middle, as numbers in columns of the file. {setting}"
    )


def _of_other_signs(values: pd.Series, examples: Sequence[str]) -> str:
    """Return a warning of numbers that all have the same signs or words beside them, else ""."""
    shapes = Counter(_ORDINAL.sub("0th", _DIGITS.sub("0", text.strip())) for text in examples)
    shape, count = shapes.most_common(1)[0] if shapes else ("", 0)
    if count < max(_FEWEST_RANGES, _AT_LEAST * len(examples)) or not _QUANTITY.fullmatch(shape):
        return ""
    if any(map(_CODE.search, examples)):
        return ""
    return (
        f"numbers with other signs, such as '{examples[0]}', are not read as numbers: kept as "
        f"texts. Write the numbers alone in the file. {_if_texts(values)}"
    )


def of_dates_among_ranges(values: pd.Series, examples: Sequence[str]) -> str:
    """Return the warning of dates such as Oct-19 among ranges, which a spreadsheet makes, or ""."""
    ranges = [text for text in examples if _is_range(text)]
    dates = [date for date in map(_SHORT_DATE.fullmatch, map(str.strip, examples)) if date]
    if len(ranges) < _FEWEST_BESIDE or not dates:
        return ""
    shown = ", ".join(f"'{date[0]}' of '{_as_range(date)}'" for date in dates[:_SHOWN])
    return (
        f"dates stand among ranges such as '{ranges[0]}'. A spreadsheet has probably made {shown}. "
        f"They are kept as texts: correct the file. {_if_texts(values)}"
    )


def _if_texts(values: pd.Series) -> str:
    return f"If texts are right: data.dtypes.{values.name}=str"


def _as_range(date: re.Match[str]) -> str:
    """Return `10-19` for Oct-19, and `5-9` for 5-Sep or 9-May."""
    day, month, month_before, rest = date.groups()
    if month_before:
        return f"{_MONTHS.index(month_before.title()) + 1}-{int(rest)}"
    low, high = sorted((int(day), _MONTHS.index(month.title()) + 1))
    return f"{low}-{high}"


def _is_range(text: str) -> bool:
    """Return True for two numbers, the second not below the first; those with zeros are codes."""
    ends = _RANGE.fullmatch(text.strip())
    if ends is None or any(re.match(r"0\d", end) for end in ends.groups()):
        return False
    low, high = (float(end.replace(",", ".")) for end in ends.groups())
    return low <= high
