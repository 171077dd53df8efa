"""Dates of a workbook's column in which some were typed as text, or lost their format."""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from relay.reading.dates import find_time_format, to_times
from relay.reading.texts import sample

log = logging.getLogger("relay")

_DAY_ZERO = dt.datetime(1899, 12, 30)
_NEAR = dt.timedelta(days=3653)
_FEW_DAYS = 12
_FEWEST_EXCHANGED = 5
_SHOWN = 3


def dates_among(name: str, values: Sequence[Any]) -> list[Any]:
    """`values`, some of them dates, with texts and numbers that stand for dates as dates.

    Texts must all have one format, but for those without a digit; numbers are days as workbooks
    count them, near the other dates. What is neither stays as it is. What was read is logged.
    """
    dates = [_as_datetime(value) for value in values if isinstance(value, dt.date)]
    others = [value for value in values if value is not None and not isinstance(value, dt.date)]
    if all(isinstance(other, str) for other in others):
        return _with_texts(name, values, dates)
    if all(isinstance(other, int | float) and type(other) is not bool for other in others):
        return _with_numbers(name, values, dates)
    return list(values)


def _with_texts(name: str, values: Sequence[Any], dates: Sequence[dt.datetime]) -> list[Any]:
    typed = [value for value in values if isinstance(value, str) and re.search(r"\d", value)]
    if not typed:
        return list(values)
    texts = pd.Series(typed, dtype="str", name=name)
    form = find_time_format(texts, sample(texts))
    if form is None:
        return list(values)
    times = dict(zip(typed, to_times(texts, form).dt.to_pydatetime(), strict=True))
    log.warning(
        "Column %s: %d of %d dates are texts in the workbook, such as %s: read by the format %s. "
        "If that is wrong, make them dates in the workbook.%s",
        name, len(typed), len(typed) + len(dates), _examples(typed), form,
        _exchange_note(dates, list(times.values()), form),
    )  # fmt: skip
    return [times.get(value, value) if isinstance(value, str) else value for value in values]


def _exchange_note(dates: Sequence[dt.datetime], typed: Sequence[dt.datetime], form: str) -> str:
    """A sentence where Excel took 3/4/2021 for a date the wrong way round, and 25/4/2021 for none.

    Then all that it took for dates have days up to 12, and all that stayed texts have later ones.
    """
    fewest = min(len(set(dates)), len(set(typed)))
    exchanged = (
        fewest >= _FEWEST_EXCHANGED
        and "%d" in form
        and all(date.day <= _FEW_DAYS for date in dates)
        and all(date.day > _FEW_DAYS for date in typed)
    )
    if not exchanged:
        return ""
    return (
        " Days from 13 on are texts and all others are not: Excel has probably exchanged day and "
        "month in these. Import the file into Excel again with the right format of dates."
    )


def _with_numbers(name: str, values: Sequence[Any], dates: Sequence[dt.datetime]) -> list[Any]:
    first, last = min(dates) - _NEAR, max(dates) + _NEAR
    numbers = [value for value in values if isinstance(value, int | float)]
    lowest, highest = ((end - _DAY_ZERO) / dt.timedelta(days=1) for end in (first, last))
    if not all(lowest <= number <= highest for number in numbers):
        return list(values)
    log.warning(
        "Column %s: %d of %d dates have no date's format in the workbook, such as %s: read as "
        "days since %s. If that is wrong, give the cells their format in the workbook.",
        name, len(numbers), len(numbers) + len(dates), _examples(numbers), _DAY_ZERO.date(),
    )  # fmt: skip
    return [
        _DAY_ZERO + dt.timedelta(days=value) if isinstance(value, int | float) else value
        for value in values
    ]


def _as_datetime(value: dt.date) -> dt.datetime:
    return value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())


def _examples(values: Sequence[Any]) -> str:
    shown = list(dict.fromkeys(values))
    return ", ".join(map(repr, shown[:_SHOWN])) + (", ..." if len(shown) > _SHOWN else "")
