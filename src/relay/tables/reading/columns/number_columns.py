"""Columns of texts that are numbers: plain, in one format, with units, or in another script."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pyarrow.compute as pc

from relay.tables.reading.arrow_texts import as_arrow, is_text
from relay.tables.reading.columns.column_reading import Reading
from relay.tables.reading.columns.scripts import has_foreign_digits
from relay.tables.reading.numbers.decimal_mark import Convention
from relay.tables.reading.numbers.mixed_numbers import hold_numbers, read_mixed_numbers
from relay.tables.reading.numbers.number_formats import (
    currencies_in,
    find_format,
    parsed,
    share_of_numbers,
    without_placeholders,
)
from relay.tables.reading.numbers.plain_numbers import (
    TOO_LONG,
    as_plain_numbers,
    codes_note,
    too_long,
)
from relay.tables.reading.numbers.quantities import as_number
from relay.tables.reading.settings.dtype_words import NumberWord

_NUMBERS_AT_LEAST = 0.95
_FEWEST_KNOWN, _MANY_NUMBERS = 0.5, 20
_SHOWN = 3
_DIGITS_AND_EXPONENT = r"^\d+[eE]\d+$"
"""As programs do not write numbers: they write 3e+05, or 3.0E5."""
_OTHER_SCRIPT = "digits of another script"


def read_numbers(
    values: pd.Series, texts: pd.Series, examples: list[str], convention: Convention
) -> Reading | None:
    """Read `values` that are numbers with different units or marks, or in another script.

    `texts` are the same in plain characters. A note has the reason if they stay texts. Raises
    RelayError if most are numbers, but not all, or if their meaning is open.
    """
    read = None
    if texts is not values and are_numbers(examples):
        read = read_like_numbers(texts, convention)
    read = read or _as_mixed_numbers(texts, examples, convention)
    if read is None or is_text(read.values) or texts is values or not has_foreign_digits(values):
        return read
    return replace(read, note="; ".join(filter(None, (_OTHER_SCRIPT, read.note))))


def _as_mixed_numbers(
    values: pd.Series, examples: list[str], convention: Convention
) -> Reading | None:
    if not hold_numbers(examples, convention.decimal):
        return None
    present = without_placeholders(values)
    mixed = read_mixed_numbers(present, convention.decimal)
    if mixed is None:
        return None
    warning = mixed.warning.replace("{setting}", f"data.dtypes.{values.name}")
    if mixed.word is None:
        return Reading(values, note=mixed.note, warning=warning)
    note = "; ".join(filter(None, (mixed.note, _of_placeholders(values, present))))
    return Reading(as_number(present, mixed.word), str(mixed.word), note, warning)


def read_like_numbers(values: pd.Series, convention: Convention) -> Reading | None:
    """Return texts that are all numbers in one format and of one unit as such; else None."""
    if not (convention.decimal == "," and convention.is_evident and _has_grouping_points(values)):
        numbers = as_plain_numbers(values)
        if numbers is not None:
            return Reading(numbers, warning=_of_exponents(values, numbers))
    present = without_placeholders(values)
    note = codes_note(present)
    if note:
        return Reading(values, note=note)
    form = find_format(present, convention.decimal)
    few = present.nunique() < _MANY_NUMBERS
    if form is None or (few and present.notna().sum() < _FEWEST_KNOWN * values.notna().sum()):
        return None
    numbers = parsed(present, form)
    long = too_long(present, numbers)
    if len(long):
        return _too_long_as_texts(values, long, numbers)
    notes = filter(None, (_of_placeholders(values, present), _of_currency(present)))
    return Reading(numbers, str(NumberWord(form.example)), "; ".join(notes))


def _too_long_as_texts(values: pd.Series, long: pd.Series, numbers: pd.Series) -> Reading:
    """Keep `values` as texts because some are too `long`; warn if others are decimals."""
    if not (numbers.dropna() % 1 != 0).any():
        return Reading(values, note=TOO_LONG)
    return Reading(
        values,
        warning=f"{len(long)} whole numbers, such as {long.iloc[0]}, have more digits than a "
        "number beside decimals can: kept as texts, digit by digit. As quantities, rounded: "
        f"data.dtypes.{values.name}=float",
    )


def _of_exponents(values: pd.Series, numbers: pd.Series) -> str:
    """Return a warning of texts such as 3E5 that may be codes, else ""."""
    if not pd.api.types.is_float_dtype(numbers) or (numbers.dropna() % 1 != 0).any():
        return ""
    texts = as_arrow(values).drop_null()
    alike = texts.filter(pc.match_substring_regex(texts, _DIGITS_AND_EXPONENT))
    if not len(alike):
        return ""
    example = alike[0].as_py()
    return (
        f"{len(alike)} values such as '{example}' are read as numbers, {float(example):g}. To keep "
        f"codes: data.dtypes.{values.name}=str; if they are numbers: "
        f"data.dtypes.{values.name}=float"
    )


def _of_currency(values: pd.Series) -> str:
    """Return a note if some amounts have a currency and others have none, else ""."""
    texts = as_arrow(values).drop_null()
    currencies = currencies_in(texts)
    if len(currencies) in (0, len(texts)):
        return ""
    return f"{len(texts) - len(currencies)} amounts without a currency, taken as {currencies[0]}"


def _of_placeholders(values: pd.Series, present: pd.Series) -> str:
    if values.notna().sum() == present.notna().sum():
        return ""
    counts = values[values.notna() & present.isna()].value_counts()
    shown = ", ".join(f"'{text}' {count}" for text, count in counts.head(_SHOWN).items())
    more = ", ..." if len(counts) > _SHOWN else ""
    return f"taken as missing among numbers: {shown}{more}"


def are_numbers(examples: list[str]) -> bool:
    """Return True if nearly all of the texts are numbers."""
    return share_of_numbers(examples) >= _NUMBERS_AT_LEAST


def _has_grouping_points(values: pd.Series) -> bool:
    """Return True if there are points in the texts, and each of them can separate thousands."""
    array = as_arrow(values).drop_null()
    with_points = array.filter(pc.match_substring(array, "."))
    grouped = pc.match_substring_regex(with_points, r"^[-+]?[1-9]\d{0,2}(\.\d{3})+$")
    return len(with_points) > 0 and bool(pc.all(grouped).as_py())
