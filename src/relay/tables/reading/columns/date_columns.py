"""Columns of dates: texts, whole numbers such as 20240131, and forms that are not read."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from relay.tables.reading.arrow_texts import is_text, sample
from relay.tables.reading.columns.column_kinds import kind_of
from relay.tables.reading.columns.column_reading import Reading
from relay.tables.reading.columns.number_columns import are_numbers
from relay.tables.reading.dates.date_notes import (
    Remark,
    joined,
    of_counted_times,
    of_far_dates,
    of_periods,
    of_two_digit_years,
)
from relay.tables.reading.dates.date_parsing import to_times
from relay.tables.reading.dates.format_inference import read_dates
from relay.tables.reading.dates.known_formats import (
    are_compact_dates,
    looks_like_unread_date,
    names_month,
)
from relay.tables.reading.dates.periods import find_period_form
from relay.tables.reading.settings.dtype_words import datetime_word

_UNREAD_AT_LEAST = 0.5
_FEWEST_DATES = 3
_FIRST_DAY, _LAST_DAY = 19000101, 20991231


def with_date_warnings(reading: Reading, values: pd.Series) -> Reading:
    """Return `reading` with a warning if other libraries cannot represent its dates."""
    if not reading.word and pd.api.types.is_numeric_dtype(reading.values):
        return replace(reading, warning=reading.warning or of_counted_times(reading.values))
    if not pd.api.types.is_datetime64_any_dtype(reading.values):
        return reading
    far = of_far_dates(reading.values, values if is_text(values) else None)
    warnings = filter(None, (reading.warning, far))
    return replace(reading, warning=". ".join(warnings))


def read_times(values: pd.Series, examples: list[str]) -> Reading | None:
    """Return texts as dates and times; None if they are not."""
    if are_numbers(examples) and not are_compact_dates(examples):
        return None
    dates = read_dates(values, examples)
    if dates is None:
        return None
    times = dates.times
    if times is None:
        return Reading(values, warning=dates.warning)
    return Reading(times, datetime_word(dates.form), dates.note, dates.warning)


def read_periods(values: pd.Series, examples: list[str]) -> Reading | None:
    """Return texts that are all periods, such as 2000Q1 or Jan-19, as their first days; else None.

    For a column that is known to hold times: elsewhere `2000Q1` is a good class, and `Jan-19` may
    be a day of January.
    """
    form = find_period_form(values, examples)
    if form is None:
        return None
    times = to_times(values, form)
    first = times[times.notna()].iloc[0]
    note = f"periods such as '{examples[0]}', as the day they begin; the first is {first:%Y-%m-%d}"
    warnings, notes = joined([Remark(note, is_warning=False), of_two_digit_years(times, form)])
    return Reading(times, datetime_word(form), notes, warnings)


def keep_unread_dates(values: pd.Series, examples: list[str]) -> Reading | None:
    """Keep texts with a warning if most of them look like dates."""
    alike = [text for text in examples if looks_like_unread_date(text)]
    if len(alike) < _UNREAD_AT_LEAST * len(examples):
        return None
    is_category = kind_of(values) == "category"
    if is_category and (len(alike) < _FEWEST_DATES or not all(map(names_month, alike))):
        return None  # weeks and quarters are good classes
    word = datetime_word(find_period_form(values, alike) or "%d/%m/%Y")
    return Reading(values, warning=of_periods(values, alike[0], word, is_category=is_category))


def read_compact_dates(values: pd.Series) -> Reading | None:
    """Return whole numbers such as 20240131 as dates, if nearly all are such; else None."""
    low, high = values.min(), values.max()
    if not (low >= 0 and _FIRST_DAY <= high <= _LAST_DAY):
        return None
    if not pd.api.types.is_integer_dtype(values.dtype) and (values.dropna() % 1 != 0).any():
        return None
    texts = values.astype("Int64").astype("str").where(values.notna())
    return read_times(texts, sample(texts))
