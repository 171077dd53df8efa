"""Times that are written as numbers: what is counted, and since when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from relay.tables.reading.settings.dtype_words import EPOCH_MS, EPOCH_S, SERIAL_DAYS

_FEWEST = 3
_TIME_NAME = re.compile(
    r"(^|_)(date|datetime|day|time|timestamp|ts|at|on|created|updated|epoch|unix)$", re.IGNORECASE
)
_DAY_NAME = re.compile(r"(^|_)(date|datum|fecha|data|dt)$", re.IGNORECASE)


@dataclass(frozen=True)
class Count:
    """A way to write a time as a number: so many of `unit` since the day `origin`."""

    what: str
    unit: Literal["D", "s", "ms"]
    origin: str
    low: float
    high: float
    """Numbers from `low` to below `high` are usual times."""
    name: re.Pattern[str]
    """The names of columns in which such numbers are likely to be times."""
    step: int = 0
    """Numbers that are all multiples of it are likely to be times under any name."""


COUNTS = {
    EPOCH_MS: Count("milliseconds since 1970", "ms", "unix", 1e11, 4.1e12, _TIME_NAME, 1000),
    EPOCH_S: Count("seconds since 1970", "s", "unix", 6e8, 2.3e9, _TIME_NAME),
    # From 1970 to 2050, as spreadsheet programs count, which have a 29 February 1900.
    SERIAL_DAYS: Count("days of a spreadsheet", "D", "1899-12-30", 25569, 54789, _DAY_NAME),
}


def counted_times(numbers: pd.Series, word: str) -> pd.Series:
    """Return `numbers` of what `word` counts as times; missing if beyond what times can be."""
    count = COUNTS[word]
    times = pd.to_datetime(numbers, unit=count.unit, origin=count.origin, errors="coerce")
    return times.dt.round("s") if count.unit == "D" else times


def find_count(values: pd.Series) -> str | None:
    """Return the word of what whole numbers probably count, if they are times; else None."""
    low, high = values.min(), values.max()
    for word, count in COUNTS.items():
        if low >= count.low and high < count.high:
            present = values.dropna()
            if (present % 1 != 0).any() or present.nunique() < _FEWEST:
                return None
            is_named = count.name.search(str(values.name)) is not None
            steps = count.step > 0 and bool((present % count.step == 0).all())
            return word if is_named or steps else None
    return None
