"""The inference of what a column of texts has: numbers, booleans, times or texts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd
import pyarrow.compute as pc

from relay.tables.reading.arrow_texts import as_arrow, have_digits, is_text, sample
from relay.tables.reading.columns.booleans import PAIRS, PLAIN, read_booleans
from relay.tables.reading.columns.column_kinds import kind_of
from relay.tables.reading.columns.dtypes import to_dtype
from relay.tables.reading.columns.float32_range import are_infinite
from relay.tables.reading.columns.scripts import has_foreign_digits, with_plain_characters
from relay.tables.reading.dates.date_formats import (
    are_compact_dates,
    looks_like_unread_date,
    names_month,
)
from relay.tables.reading.dates.date_notes import of_epochs, of_far_dates, of_periods
from relay.tables.reading.dates.dates import read_dates
from relay.tables.reading.numbers.integers import FLOATS_HOLD
from relay.tables.reading.numbers.mixed_numbers import hold_numbers, read_mixed_numbers
from relay.tables.reading.numbers.numbers import (
    TOO_LONG,
    Convention,
    as_plain_numbers,
    codes_note,
    currencies_in,
    find_convention,
    find_format,
    parsed,
    share_of_numbers,
    too_long,
    without_placeholders,
)
from relay.tables.reading.numbers.quantities import as_number
from relay.tables.reading.numbers.unread_numbers import unread_numbers_warning
from relay.tables.reading.settings.dtype_words import NumberWord, datetime_word
from relay.util.errors import RelayError

_NUMBERS_AT_LEAST = 0.95
_UNREAD_AT_LEAST = 0.5
_FEWEST_DATES = 3
_FIRST_DAY, _LAST_DAY = 19000101, 20991231
_FEWEST_KNOWN, _MANY_NUMBERS = 0.5, 20
_SHOWN = 3
_OTHER_SCRIPT = "digits of another script"


@dataclass(frozen=True)
class Reading:
    """The values of a column, and the dtype word by which its texts were read, if it has one.

    A note has other facts, a warning what was lost or can be misread.
    """

    values: pd.Series
    word: str | None = None
    note: str = ""
    warning: str = ""


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
    if not _are_numbers(examples):
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
    values: pd.Series, spec: str | None, convention: Convention, *, names_classes: bool = False
) -> Reading:
    """Read `values` as the dtype word `spec`, or as what they seem to be if it is None.

    Texts of a target (`names_classes`) become numbers, or plain True and False, only. Raises
    RelayError if a value does not fit, or if a few do not in a column of numbers.
    """
    if spec is not None:
        word, warning = _full_word(values, spec, convention)
        return _with_far_dates(Reading(to_dtype(values, word), word, warning=warning), values)
    if not is_text(values):
        is_number = pd.api.types.is_numeric_dtype(values) and not names_classes
        reading = _as_compact_dates(values) if is_number and values.notna().any() else None
        return _with_far_dates(reading or Reading(values), values)
    examples = sample(values)
    reading = _as_like_numbers(values, convention) if _are_numbers(examples) else None
    texts = values if reading else with_plain_characters(values)
    examples = examples if texts is values else sample(texts)
    reading = reading or _as_numbers(values, texts, examples, convention)
    reading = reading or _as_booleans(texts, examples, names_classes=names_classes)
    if not names_classes and have_digits(examples):
        reading = _as_times(texts, examples) or reading
        reading = reading or _as_unread_dates(texts, examples)
        reading = reading or _as_unread_numbers(texts, examples)
    if reading is None or is_text(reading.values):  # kept as in the file
        reading = replace(reading or Reading(values), values=values)
    return _with_far_dates(reading, values)


def _with_far_dates(reading: Reading, values: pd.Series) -> Reading:
    """Return `reading` with a warning if other libraries cannot represent its dates."""
    if not reading.word and pd.api.types.is_numeric_dtype(reading.values):
        return replace(reading, warning=reading.warning or of_epochs(reading.values))
    if not pd.api.types.is_datetime64_any_dtype(reading.values):
        return reading
    far = of_far_dates(reading.values, values if is_text(values) else None)
    warnings = filter(None, (reading.warning, far))
    return replace(reading, warning=". ".join(warnings))


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


def _as_numbers(
    values: pd.Series, texts: pd.Series, examples: list[str], convention: Convention
) -> Reading | None:
    """Read `values` that are numbers with different units or marks, or in another script.

    `texts` are the same in plain characters. A note has the reason if they stay texts. Raises
    RelayError if most are numbers, but not all, or if their meaning is open.
    """
    read = None
    if texts is not values and _are_numbers(examples):
        read = _as_like_numbers(texts, convention)
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


def _as_like_numbers(values: pd.Series, convention: Convention) -> Reading | None:
    """Return texts that are all numbers in one format and of one unit as such; else None."""
    if not (convention.decimal == "," and convention.is_evident and _has_grouping_points(values)):
        numbers = as_plain_numbers(values)
        if numbers is not None:
            return Reading(numbers)
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


def _are_numbers(examples: list[str]) -> bool:
    return share_of_numbers(examples) >= _NUMBERS_AT_LEAST


def _has_grouping_points(values: pd.Series) -> bool:
    """Return True if there are points in the texts, and each of them can separate thousands."""
    array = as_arrow(values).drop_null()
    with_points = array.filter(pc.match_substring(array, "."))
    grouped = pc.match_substring_regex(with_points, r"^[-+]?[1-9]\d{0,2}(\.\d{3})+$")
    return len(with_points) > 0 and bool(pc.all(grouped).as_py())


def _whole(numbers: pd.Series) -> pd.Series:
    """Return floats that are all whole and none missing as int64."""
    if numbers.isna().any() or not ((numbers % 1 == 0) & (numbers.abs() < FLOATS_HOLD)).all():
        return numbers
    return numbers.astype("int64")


def _as_booleans(values: pd.Series, examples: list[str], *, names_classes: bool) -> Reading | None:
    booleans = read_booleans(values, examples, PLAIN if names_classes else PAIRS)
    return None if booleans is None else Reading(booleans, "bool")


def _as_times(values: pd.Series, examples: list[str]) -> Reading | None:
    if _are_numbers(examples) and not are_compact_dates(examples):
        return None
    dates = read_dates(values, examples)
    if dates is None:
        return None
    times = dates.times
    if times is None:
        return Reading(values, warning=dates.warning)
    return Reading(times, datetime_word(dates.form), dates.note, dates.warning)


def _as_unread_dates(values: pd.Series, examples: list[str]) -> Reading | None:
    """Keep texts with a warning if most of them look like dates."""
    alike = [text for text in examples if looks_like_unread_date(text)]
    if len(alike) < _UNREAD_AT_LEAST * len(examples):
        return None
    is_category = kind_of(values) == "category"
    if is_category and (len(alike) < _FEWEST_DATES or not all(map(names_month, alike))):
        return None  # weeks and quarters are good classes
    return Reading(values, warning=of_periods(values, alike[0], is_category=is_category))


def _as_unread_numbers(values: pd.Series, examples: list[str]) -> Reading | None:
    warning = unread_numbers_warning(values, examples)
    return Reading(values, warning=warning) if warning else None


def _as_compact_dates(values: pd.Series) -> Reading | None:
    """Return whole numbers such as 20240131 as dates, if nearly all are such; else None."""
    low, high = values.min(), values.max()
    if not (low >= 0 and _FIRST_DAY <= high <= _LAST_DAY):
        return None
    if not pd.api.types.is_integer_dtype(values.dtype) and (values.dropna() % 1 != 0).any():
        return None
    texts = values.astype("Int64").astype("str").where(values.notna())
    return _as_times(texts, sample(texts))
