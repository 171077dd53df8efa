"""The inference of what a column of texts has: numbers, booleans, times or texts."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from relay.tables.reading.arrow_texts import have_digits, is_text, sample
from relay.tables.reading.columns.booleans import PAIRS, PLAIN, read_booleans
from relay.tables.reading.columns.column_reading import Reading
from relay.tables.reading.columns.date_columns import (
    keep_unread_dates,
    read_compact_dates,
    read_periods,
    read_times,
    with_date_warnings,
)
from relay.tables.reading.columns.dtypes import to_dtype
from relay.tables.reading.columns.float32_range import are_infinite
from relay.tables.reading.columns.number_columns import are_numbers, read_like_numbers, read_numbers
from relay.tables.reading.columns.scripts import with_plain_characters
from relay.tables.reading.dates.format_inference import read_dates
from relay.tables.reading.numbers.decimal_mark import Convention, find_convention
from relay.tables.reading.numbers.integers import FLOATS_HOLD
from relay.tables.reading.numbers.mixed_numbers import read_mixed_numbers
from relay.tables.reading.numbers.number_formats import find_format, parsed, without_placeholders
from relay.tables.reading.numbers.plain_numbers import as_plain_numbers
from relay.tables.reading.numbers.unread_numbers import (
    of_dates_among_ranges,
    unread_numbers_warning,
)
from relay.tables.reading.settings.dtype_words import NumberWord, datetime_word
from relay.util.errors import RelayError


def convention_of(
    table: pd.DataFrame, *, decimal: str | None = None, separator: str | None = None
) -> Convention:
    """Return how the numbers in the columns of texts of `table` are written."""
    samples = [sample(values) for _, values in table.items() if is_text(values)]
    return find_convention(samples, decimal=decimal, separator=separator)


def with_plain_dtypes(values: pd.Series, decimal: str | None) -> pd.Series:
    """Return texts that are all plain numbers, or True and False, as such; else `values`.

    If `decimal` is a comma, numbers can be written with one.
    """
    if not is_text(values):
        return values
    values = with_plain_characters(values)
    examples = sample(values)
    if not are_numbers(examples):
        booleans = read_booleans(values, examples, PLAIN)
        return values if booleans is None else booleans
    if decimal == ",":
        form = find_format(values, decimal)
        return values if form is None else _whole(parsed(values, form))
    numbers = as_plain_numbers(values)
    return values if numbers is None else numbers


def finite(values: pd.Series) -> pd.Series:
    """Return numbers with infinite ones missing."""
    if not pd.api.types.is_float_dtype(values.dtype):
        return values
    infinite = are_infinite(values)
    return values.mask(infinite) if infinite.any() else values


def read_column(
    values: pd.Series,
    spec: str | None,
    convention: Convention,
    *,
    names_classes: bool = False,
    has_times: bool = False,
) -> Reading:
    """Read `values` as the dtype word `spec`, or as what they seem to be if it is None.

    Texts of a target (`names_classes`) become numbers, or plain True and False, only. In a column
    that `has_times`, periods such as 2000Q1 and Jan-19 are times as well. Raises RelayError if a
    value does not fit, or if a few do not in a column of numbers.
    """
    if spec is not None:
        word, warning = _full_word(values, spec, convention)
        return with_date_warnings(Reading(to_dtype(values, word), word, warning=warning), values)
    if not is_text(values):
        is_number = pd.api.types.is_numeric_dtype(values) and not names_classes
        reading = read_compact_dates(values) if is_number and values.notna().any() else None
        return with_date_warnings(reading or Reading(values), values)
    examples = sample(values)
    if has_times and (periods := read_periods(values, examples)):
        return periods
    reading = read_like_numbers(values, convention) if are_numbers(examples) else None
    texts = values if reading else with_plain_characters(values)
    examples = examples if texts is values else sample(texts)
    reading = reading or read_numbers(values, texts, examples, convention)
    reading = reading or _as_booleans(texts, examples, names_classes=names_classes)
    if names_classes:
        reading = reading or _kept(texts, of_dates_among_ranges(texts, examples))
    elif have_digits(examples):
        reading = read_times(texts, examples) or reading
        reading = reading or keep_unread_dates(texts, examples)
        reading = reading or _kept(texts, unread_numbers_warning(texts, examples))
    if reading is None or is_text(reading.values):  # kept as in the file
        reading = replace(reading or Reading(values), values=values)
    return with_date_warnings(reading, values)


def _full_word(values: pd.Series, spec: str, convention: Convention) -> tuple[str, str]:
    """Return `spec` with the format of dates or numbers that it leaves open, and a warning."""
    if not is_text(values):
        return spec, ""
    if spec == "datetime":
        dates = read_dates(values, sample(values))
        if dates is None or dates.times is None:
            return spec, ""
        return datetime_word(dates.form), dates.warning
    if spec == "float" and as_plain_numbers(values) is None:
        form_of_numbers = find_format(without_placeholders(values), convention.decimal)
        if form_of_numbers is None:
            return _mixed_word(values, spec, convention), ""
        return str(NumberWord(form_of_numbers.example)), ""
    return spec, ""


def _mixed_word(values: pd.Series, spec: str, convention: Convention) -> str:
    """Return the word for numbers with something beside them, if that has one meaning."""
    try:
        mixed = read_mixed_numbers(without_placeholders(values), convention.decimal)
    except RelayError:  # the error of `to_dtype` names the value that does not fit
        return spec
    return str(mixed.word) if mixed and mixed.word else spec


def _whole(numbers: pd.Series) -> pd.Series:
    """Return floats that are all whole and none missing as int64."""
    if numbers.isna().any() or not ((numbers % 1 == 0) & (numbers.abs() < FLOATS_HOLD)).all():
        return numbers
    return numbers.astype("int64")


def _as_booleans(values: pd.Series, examples: list[str], *, names_classes: bool) -> Reading | None:
    booleans = read_booleans(values, examples, PLAIN if names_classes else PAIRS)
    return None if booleans is None else Reading(booleans, "bool")


def _kept(values: pd.Series, warning: str) -> Reading | None:
    return Reading(values, warning=warning) if warning else None
