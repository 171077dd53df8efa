"""Columns of Python's own values, as JSON and workbooks give them, as a table."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from types import NoneType
from typing import Any

import pandas as pd

from relay.tables.reading.integers import FLOATS_HOLD, integers_among
from relay.tables.reading.mixed_dates import dates_among
from relay.tables.reading.numbers import find_convention, find_format, parsed
from relay.tables.reading.texts import sample, tidied
from relay.util.errors import RelayError

log = logging.getLogger("relay")


def table_of(
    names: Sequence[str], columns: Sequence[Sequence[Any]], missing: Sequence[str]
) -> pd.DataFrame:
    """Columns whose values are all numbers, truths or times as such; the others as texts.

    A value is missing where it is None or one of the texts in `missing`. RelayError, naming the
    column, where a text is half of a character.
    """
    absent = frozenset(missing)
    read = {}
    for place, (name, values) in enumerate(zip(names, columns, strict=True)):
        try:
            name.encode()
            read[place] = _column(name, values, absent)
        except UnicodeEncodeError as error:
            raise RelayError(
                f"column {name!r} holds half of a character ({error.object[error.start]!r}), which "
                "is no text. Write the file again, in UTF-8."
            ) from error
    table = tidied(pd.DataFrame(read), [""])
    table.columns = list(names)
    return table


def _column(name: str, values: Sequence[Any], absent: frozenset[str]) -> pd.Series:
    kinds = set(map(type, values))
    if str in kinds:
        known = [None if type(one) is str and one.strip() in absent else one for one in values]
        kinds = set(map(type, known))
        # Where all are texts, those that mean "missing" are looked at when the table is whole.
        values = values if kinds <= {str, NoneType} else known
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
    texts = values if kinds <= {str} else [as_text(one) for one in values]
    return pd.Series(texts, dtype="str")


def _with_typed_numbers(name: str, values: Sequence[Any]) -> Sequence[Any]:
    """`values`, numbers and texts, with numbers for texts that are such with a decimal comma."""
    typed = pd.Series([one for one in values if isinstance(one, str)], dtype="str")
    convention = find_convention([sample(typed)])
    form = find_format(typed, ",") if convention.evident == "," else None
    if form is None or form.decimal != ",":
        return values
    log.warning(
        "Column %s: %d of its numbers are texts with a decimal comma, such as %r: read as %s.",
        name, len(typed), typed.iloc[0], form.example,
    )  # fmt: skip
    numbers = iter(parsed(typed, form))
    return [next(numbers) if isinstance(one, str) else one for one in values]


def _numbers(name: str, values: Sequence[Any]) -> pd.Series:
    whole = integers_among(values)
    if whole is None:
        return pd.Series([float("nan") if one is None else float(one) for one in values])
    if pd.api.types.is_string_dtype(whole.dtype):
        longest = max((one for one in values if one is not None), key=abs)
        log.warning(
            "Column %s: its whole numbers are longer than any number can be (%d): kept as texts, "
            "digit by digit. As quantities, rounded: data.dtypes.%s=float.",
            name, longest, name,
        )  # fmt: skip
    return whole


def as_text(value: Any) -> str | None:
    """A value as it would stand in a CSV: 5, not 5.0; times by ISO 8601; None where missing."""
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
    """26:05:00 for a day and two hours and five minutes."""
    seconds = abs(duration).total_seconds()
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    sign = "-" if duration < dt.timedelta(0) else ""
    fraction = f"{rest % 1:.6f}"[1:].rstrip("0").rstrip(".")
    return f"{sign}{hours:02d}:{minutes:02d}:{int(rest):02d}{fraction}"
