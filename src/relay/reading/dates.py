"""Dates and times as people write them: the format that fits a column of texts."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

import pandas as pd

from relay.reading.dtype_words import ISO_8601, datetime_word
from relay.reading.texts import on_distinct

log = logging.getLogger("relay")

_ISO = re.compile(
    r"\d{4}-\d\d(-\d\d([T ]\d\d(:?\d\d(:?\d\d([.,]\d+)?)?)?\s*(Z|[-+]\d\d:?\d\d)?)?)?"
)
_COMPACT = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_FEWEST_COMPACT = 10
_DATES = (
    (re.compile(r"\d{1,2}(?P<mark>[-/.])\d{1,2}(?P=mark)\d{4}"), ("%m{0}%d{0}%Y", "%d{0}%m{0}%Y")),
    (re.compile(r"\d{1,2}(?P<mark>[-/.])\d{1,2}(?P=mark)\d\d"), ("%m{0}%d{0}%y", "%d{0}%m{0}%y")),
    (re.compile(r"\d{4}(?P<mark>[-/.])\d{1,2}(?P=mark)\d{1,2}"), ("%Y{0}%m{0}%d",)),
    (re.compile(r"\d{1,2}(?P<mark>[- ])[a-z]{3,9}(?P=mark)\d{4}", re.I),
     ("%d{0}%b{0}%Y", "%d{0}%B{0}%Y")),
    (re.compile(r"\d{1,2}(?P<mark>[- ])[a-z]{3}(?P=mark)\d\d", re.I), ("%d{0}%b{0}%y",)),
    (re.compile(r"[a-z]{3,9}(?P<mark> )\d{1,2}, \d{4}", re.I), ("%b %d, %Y", "%B %d, %Y")),
    (re.compile(r"[a-z]{3,9}(?P<mark> )\d{1,2} \d{4}", re.I), ("%b %d %Y", "%B %d %Y")),
    (re.compile(r"[a-z]{3,9}(?P<mark>[- ])\d{4}", re.I), ("%b{0}%Y", "%B{0}%Y")),
    (re.compile(r"\d{1,2}(?P<mark>/)\d{4}"), ("%m/%Y",)),
)  # fmt: skip
_TIMES = (
    (re.compile(r""), ""),
    (re.compile(r"(?P<gap>[T ]|, )\d{1,2}:\d\d"), "{0}%H:%M"),
    (re.compile(r"(?P<gap>[T ]|, )\d{1,2}:\d\d:\d\d"), "{0}%H:%M:%S"),
    (re.compile(r"(?P<gap>[T ]|, )\d{1,2}:\d\d:\d\d\.\d+"), "{0}%H:%M:%S.%f"),
    (re.compile(r"(?P<gap>[T ]|, )\d{1,2}:\d\d ?[ap]m", re.I), "{0}%I:%M %p"),
    (re.compile(r"(?P<gap>[T ]|, )\d{1,2}:\d\d:\d\d ?[ap]m", re.I), "{0}%I:%M:%S %p"),
)


def find_time_format(values: pd.Series, examples: Sequence[str]) -> str | None:
    """The format in which all of `values` are times, or None; `examples` are some of them.

    Where both day-first and month-first fit, month-first is taken, and the setting for the other
    is logged; dates with dots have the day first.
    """
    if not examples:
        return None
    fitting = [form for form in _formats_like(examples[0]) if _all_parse(pd.Series(examples), form)]
    for form in fitting:
        if not _all_parse(values, form):
            continue
        other = form.replace("%m", "%?").replace("%d", "%m").replace("%?", "%d")
        if form.startswith(("%m/", "%m-")) and other in fitting and _all_parse(values, other):
            log.info(
                "Column %s: its dates may be month-first or day-first; taken as month-first. "
                'Day-first: data.dtypes.%s="%s".',
                values.name,
                values.name,
                datetime_word(other),
            )
        return form
    return None


def is_compact_date(examples: Sequence[str]) -> bool:
    """True where many whole numbers are all dates such as 20240131."""
    return len(examples) >= _FEWEST_COMPACT and all(map(_COMPACT.fullmatch, examples))


def _formats_like(example: str) -> list[str]:
    """The formats that a text such as `example` may have."""
    text = example.strip()
    if _ISO.fullmatch(text):
        return [ISO_8601]
    if _COMPACT.fullmatch(text):
        return ["%Y%m%d"]
    found = []
    for date, forms in _DATES:
        start = date.match(text)
        if not start:
            continue
        for time, clock in _TIMES:
            rest = time.fullmatch(text, start.end())
            if rest:
                gap = rest["gap"] if clock else ""
                clock_form = clock.format(gap).replace(" %p", "%p" if text[-3] != " " else " %p")
                days = [form.format(start["mark"]) for form in forms]
                if start["mark"] == ".":
                    days.reverse()
                found += [day + clock_form for day in days]
    return found


def to_times(texts: pd.Series, form: str) -> pd.Series:
    """`texts` as times in UTC without a zone, missing where one is no time of the format."""
    return on_distinct(texts, lambda some: _parse(some, form))


def _parse(texts: pd.Series, form: str) -> pd.Series:
    times: pd.Series = pd.to_datetime(texts, format=form, errors="coerce", utc=True)
    return times.dt.tz_localize(None)


def _all_parse(texts: pd.Series, form: str) -> bool:
    return bool((to_times(texts, form).notna() | texts.isna()).all())
