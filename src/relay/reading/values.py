"""Columns of Python's own values, as JSON and workbooks give them, as a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from relay.reading.texts import tidied


def table_of(columns: Mapping[Any, Sequence[Any]], missing: Sequence[str]) -> pd.DataFrame:
    """Columns whose values are all numbers, truths or times as such; the others as texts.

    A value is missing where it is None or one of the texts in `missing`.
    """
    absent = frozenset(missing)
    found: dict[Hashable, pd.Series] = {
        name: _column([_present(value, absent) for value in values])
        for name, values in columns.items()
    }
    return tidied(pd.DataFrame(found), missing)


def _present(value: Any, absent: frozenset[str]) -> Any:
    return None if isinstance(value, str) and value.strip() in absent else value


def _column(values: list[Any]) -> pd.Series:
    kinds = {type(value) for value in values if value is not None}
    lacks_some = None in values
    if kinds == {bool} and not lacks_some:
        return pd.Series(values, dtype="bool")
    if kinds and kinds <= {int, float}:
        return _numbers(values, lacks_some)
    if kinds and kinds <= {dt.date, dt.datetime}:
        return pd.to_datetime(pd.Series(values, dtype="object"), utc=True).dt.tz_localize(None)
    texts = [None if value is None else as_text(value) for value in values]
    return pd.Series(texts, dtype="str")


def _numbers(values: list[Any], lacks_some: bool) -> pd.Series:
    try:
        numbers = pd.Series([float("nan") if one is None else float(one) for one in values])
    except OverflowError:  # an integer longer than any number
        return pd.Series([None if one is None else str(one) for one in values], dtype="str")
    if lacks_some or not (numbers % 1 == 0).all() or numbers.abs().max() >= 2.0**53:
        return numbers
    return numbers.astype("int64")


def as_text(value: Any) -> str | None:
    """A value as it would stand in a CSV: 5, not 5.0; times by ISO 8601; None where missing."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2.0**53:
        return str(int(value))
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)
