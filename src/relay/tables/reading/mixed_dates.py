"""Dates of a workbook's column beside numbers and texts that stand for dates, too."""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Sequence
from typing import Any

log = logging.getLogger("relay")

_DAY_ZERO = dt.datetime(1899, 12, 30)
_NEAR = dt.timedelta(days=3653)
_MONTHS = 12
_FEWEST = 5
_SHOWN = 3
_FIRST_NUMBER = re.compile(r"\s*(\d{1,2})[-/.]\d{1,2}[-/.]\d{2,4}\b")


def dates_among(name: str, values: Sequence[Any]) -> list[Any]:
    """`values`, some of them dates, with dates for numbers that are days as workbooks count them.

    These are numbers near the other dates; where one is not, all stay. Texts stay, too: the format
    of a column's texts is found later. What is done, and what to beware of, is logged.
    """
    dates = [_as_datetime(value) for value in values if isinstance(value, dt.date)]
    others = [value for value in values if value is not None and not isinstance(value, dt.date)]
    texts = [value for value in others if isinstance(value, str)]
    if len(texts) == len(others) and _are_exchanged(dates, texts):
        log.warning(
            "Column %s: its dates have days up to 12 only, and its texts later ones, such as %s: "
            "Excel has probably exchanged day and month where it could. Import the file into Excel "
            "again, with the right order of day and month.",
            name, _examples(texts),
        )  # fmt: skip
    numbers = [value for value in others if _is_number(value)]
    if len(numbers) < len(others):
        return list(values)
    lowest, highest = (_days(end) for end in (min(dates) - _NEAR, max(dates) + _NEAR))
    if not all(lowest <= number <= highest for number in numbers):
        return list(values)
    log.warning(
        "Column %s: %d of %d dates are plain numbers in the workbook, such as %s: read as days "
        "since %s. If that is wrong, give these cells their format in the workbook.",
        name, len(numbers), len(numbers) + len(dates), _examples(numbers), _DAY_ZERO.date(),
    )  # fmt: skip
    return [
        _DAY_ZERO + dt.timedelta(days=value) if _is_number(value) else value for value in values
    ]


def _are_exchanged(dates: Sequence[dt.datetime], texts: Sequence[str]) -> bool:
    """True where Excel took 3/4/2021 for a date the wrong way round, and 25/4/2021 for none."""
    starts = [_FIRST_NUMBER.match(text) for text in texts]
    days = [int(start[1]) for start in starts if start]
    return (
        min(len(set(dates)), len(set(texts))) >= _FEWEST
        and len(days) == len(texts)
        and min(days) > _MONTHS
        and max(date.day for date in dates) <= _MONTHS
    )


def _days(date: dt.datetime) -> float:
    return (date - _DAY_ZERO) / dt.timedelta(days=1)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_datetime(value: dt.date) -> dt.datetime:
    return value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())


def _examples(values: Sequence[Any]) -> str:
    shown = list(dict.fromkeys(values))
    return ", ".join(map(repr, shown[:_SHOWN])) + (", ..." if len(shown) > _SHOWN else "")
