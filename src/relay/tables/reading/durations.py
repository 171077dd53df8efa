"""Times of day and durations as hours: 12:30 is 12.5, and so is 12h 30m."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from relay.tables.reading.dtype_words import DURATION_EXAMPLES
from relay.tables.reading.texts import on_distinct

CLOCK, PARTS = DURATION_EXAMPLES
_HOURS = {
    "w": 168.0, "week": 168.0, "wk": 168.0, "d": 24.0, "day": 24.0, "h": 1.0, "hr": 1.0,
    "hour": 1.0, "std": 1.0, "m": 1 / 60, "min": 1 / 60, "minute": 1 / 60, "s": 1 / 3600,
    "sec": 1 / 3600, "second": 1 / 3600,
}  # fmt: skip
_NAMES = "|".join(sorted(_HOURS, key=len, reverse=True))
_PART = rf"(\d+(?:[.,]\d+)?)\s*({_NAMES})s?\.?"
PATTERNS = {
    CLOCK: r"^[-+]?\d{1,3}:[0-5]\d(:[0-5]\d([.,]\d+)?)?(\s*[AaPp]\.?[Mm]\.?)?$",
    PARTS: rf"^(?i:[-+]?{_PART}(?:,?\s*(?:and\s+)?{_PART})*)$",
}
"""What a text looks like, for RE2 and for Python alike, by the example that stands for it."""


def hours(values: pd.Series, example: str) -> pd.Series:
    """The texts `values`, written as `example`, in hours; NaN where one is not."""
    read, pattern = (_clock if example == CLOCK else _parts), re.compile(PATTERNS[example])

    def of(text: object) -> float:
        return read(text) if isinstance(text, str) and pattern.match(text) else np.nan

    return on_distinct(values, lambda texts: texts.map(of).astype("float64"))


def _clock(text: str) -> float:
    number = text.rstrip("aApPmM. ")
    whole = 0.0
    for place, part in enumerate(number.lstrip("+-").replace(",", ".").split(":")):
        whole += float(part) / 60**place
    if len(number) < len(text):  # 12:05 AM is five minutes past midnight
        whole = whole % 12 + (12 if "p" in text.lower() else 0)
    return -whole if text.startswith("-") else whole


def _parts(text: str) -> float:
    found = re.findall(_PART, text.casefold())
    total = sum(float(number.replace(",", ".")) * _HOURS[name] for number, name in found)
    return -total if text.startswith("-") else total
