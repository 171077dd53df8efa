"""Periods of time, such as 2000Q1, 2021-W05, 2019M01 and Jan-19, as the day they begin."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence

import pandas as pd

from relay.tables.reading.settings.dtype_words import PERIOD

_NAMED_MONTHS = tuple(
    form
    for mark in ("-", " ", "/", ".", "'")
    for form in (f"%b{mark}%y", f"%b{mark}%Y", f"%B{mark}%Y", f"%B{mark}%y", f"%Y{mark}%b")
)


def _by_months(months: int) -> Callable[[int, int], datetime.date]:
    return lambda year, part: datetime.date(year, (part - 1) * months + 1, 1)


def _of_week(year: int, week: int) -> datetime.date:
    return datetime.date.fromisocalendar(year, week, 1)


_LETTERS: dict[str, Callable[[int, int], datetime.date]] = {
    "Q": _by_months(3), "H": _by_months(6), "M": _by_months(1), "W": _of_week,
}  # fmt: skip
_CODES = [
    (re.compile(pattern, re.IGNORECASE), start)
    for letter, start in _LETTERS.items()
    for pattern in (
        rf"(?P<year>\d{{4}})[- /]?{letter}(?P<part>\d{{1,2}})",
        rf"{letter}(?P<part>\d{{1,2}})[- /]?(?P<year>\d{{4}})",
        rf"(?P<part>\d){letter}[- /]?(?P<year>\d{{4}})",
    )
]


def find_period_form(texts: pd.Series, examples: Sequence[str]) -> str | None:
    """Return the format in which all `texts` are periods, `period` for codes; else None."""
    if examples and all(map(_starts, examples)):
        kinds = {re.sub(r"[^A-Z]", "", text.upper()) for text in examples}
        return PERIOD if len(kinds) == 1 and _all_are(begin_of(texts), texts) else None
    for form in _NAMED_MONTHS:
        some = pd.to_datetime(pd.Series(examples, dtype="str"), format=form, errors="coerce")
        if len(some) and some.notna().all():
            times = pd.to_datetime(texts, format=form, errors="coerce")
            return form if _all_are(times, texts) else None
    return None


def begin_of(texts: pd.Series) -> pd.Series:
    """Return the first days of periods written as codes, weeks by ISO 8601; missing for others."""
    days = texts.map(lambda text: _starts(text) if isinstance(text, str) else None)
    return pd.to_datetime(days, errors="coerce").astype("datetime64[us]")


def _starts(text: str) -> datetime.date | None:
    for pattern, start in _CODES:
        match = pattern.fullmatch(text.strip())
        if match:
            try:
                return start(int(match["year"]), int(match["part"]))
            except ValueError:  # there is no such quarter, month or week
                return None
    return None


def _all_are(times: pd.Series, texts: pd.Series) -> bool:
    return bool((times.notna() | texts.isna()).all())
