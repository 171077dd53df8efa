"""Tables from columns of Python values, as those of JSON and workbooks."""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Sequence
from types import NoneType
from typing import Any

import pandas as pd

from relay.tables.reading.arrow_texts import sample, tidied
from relay.tables.reading.numbers.decimal_mark import find_convention
from relay.tables.reading.numbers.integers import FLOATS_HOLD, integers_among
from relay.tables.reading.numbers.number_formats import find_format, parsed
from relay.util.errors import RelayError

log = logging.getLogger("relay")

_DAY_ZERO = dt.datetime(1899, 12, 30)
_NEAR = dt.timedelta(days=3653)
_MONTHS = 12
_FEWEST = 5
_SHOWN = 3
_FIRST_NUMBER = re.compile(r"\s*(\d{1,2})[-/.]\d{1,2}[-/.]\d{2,4}\b")


def table_of(
    names: Sequence[str], columns: Sequence[Sequence[Any]], missing: Sequence[str]
) -> pd.DataFrame:
    """Return a table in which columns of numbers, booleans or times have such dtypes, others texts.

    A value is missing if it is None or one of the texts in `missing`. Raises RelayError, with the
    column, if a text is half of a character.
    """
    absent = frozenset(missing)
    read = {}
    for place, (name, values) in enumerate(zip(names, columns, strict=True)):
        try:
            name.encode()
            read[place] = _column(name, values, absent)
        except UnicodeEncodeError as error:
            raise RelayError(
                f"column {name!r}: has half of a character ({error.object[error.start]!r}), which "
                "is not a text. Write the file again, in UTF-8."
            ) from error
    table = tidied(pd.DataFrame(read), [""])
    table.columns = list(names)
    return table


def _column(name: str, values: Sequence[Any], absent: frozenset[str]) -> pd.Series:
    kinds = set(map(type, values))
    if str in kinds:
        present = [
            None if type(cell) is str and cell.strip() in absent else cell for cell in values
        ]
        kinds = set(map(type, present))
        # If all are texts, those that mean "missing" are replaced when the table is complete.
        values = values if kinds <= {str, NoneType} else present
    lacks_some = NoneType in kinds
    kinds.discard(NoneType)
    if kinds == {bool} and not lacks_some:
        return pd.Series(values, dtype="bool")
    if kinds and kinds <= {int, float}:
        return _numbers(name, values)
    if kinds and kinds <= {dt.date, dt.datetime}:
        return pd.to_datetime(pd.Series(values, dtype="object"), utc=True).dt.tz_localize(None)
    if kinds & {dt.date, dt.datetime}:
        values = dates_among(name, values)
        if all(value is None or isinstance(value, dt.date) for value in values):
            return _column(name, values, absent)
    if str in kinds and kinds & {int, float} and kinds <= {int, float, str}:
        values = _with_typed_numbers(name, values)
    texts = values if kinds <= {str} else [as_text(cell) for cell in values]
    return pd.Series(texts, dtype="str")


def _with_typed_numbers(name: str, values: Sequence[Any]) -> Sequence[Any]:
    """Return `values` with numbers in place of texts with a decimal comma."""
    typed = pd.Series([value for value in values if isinstance(value, str)], dtype="str")
    convention = find_convention([sample(typed)])
    form = find_format(typed, ",") if convention.evident == "," else None
    if form is None or form.decimal != ",":
        return values
    log.warning(
        "Column %s: %d of its numbers are texts with a decimal comma, such as %r: read as %s.",
        name, len(typed), typed.iloc[0], form.example,
    )  # fmt: skip
    numbers = iter(parsed(typed, form))
    return [next(numbers) if isinstance(value, str) else value for value in values]


def _numbers(name: str, values: Sequence[Any]) -> pd.Series:
    whole = integers_among(values)
    if whole is None:
        return pd.Series([float("nan") if value is None else float(value) for value in values])
    if pd.api.types.is_string_dtype(whole.dtype):
        longest = max((value for value in values if value is not None), key=abs)
        log.warning(
            "Column %s: its whole numbers have more digits than a number can have (%d): kept as "
            "texts. As quantities, rounded: data.dtypes.%s=float.",
            name, longest, name,
        )  # fmt: skip
    return whole


def as_text(value: Any) -> str | None:
    """Return a value as in a CSV: 5, not 5.0; times by ISO 8601; None for a missing one."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < FLOATS_HOLD:
        return str(int(value))
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return _as_hours(value)
    return str(value)


def _as_hours(duration: dt.timedelta) -> str:
    """Return 26:05:00 for a day, two hours and five minutes."""
    seconds = abs(duration).total_seconds()
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    sign = "-" if duration < dt.timedelta(0) else ""
    fraction = f"{rest % 1:.6f}"[1:].rstrip("0").rstrip(".")
    return f"{sign}{hours:02d}:{minutes:02d}:{int(rest):02d}{fraction}"


def dates_among(name: str, values: Sequence[Any]) -> list[Any]:
    """Return `values`, some of them dates, with dates for numbers that count days.

    Such numbers are near the other dates; if one is not, all stay numbers. Texts stay texts, whose
    format is inferred later. A warning reports the change, or dates that Excel has exchanged.
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
    """Return True if Excel read 3/4/2021 with day and month exchanged, and 25/4/2021 as a text."""
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
