"""Columns converted to the dtypes that dtype words name."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relay.tables.reading.arrow_texts import is_text
from relay.tables.reading.columns.scripts import with_plain_characters
from relay.tables.reading.columns.spellings import FALSE, TRUE, in_lower_case
from relay.tables.reading.dates.counted_times import COUNTS, counted_times
from relay.tables.reading.dates.date_parsing import to_times
from relay.tables.reading.dates.format_inference import find_form
from relay.tables.reading.numbers.decimal_mark import decimal_comma_hint
from relay.tables.reading.numbers.integers import floats_hold, integers_in_texts
from relay.tables.reading.numbers.number_formats import without_placeholders
from relay.tables.reading.numbers.quantities import as_number
from relay.tables.reading.settings.dtype_words import (
    ISO_8601,
    LOWER_CASE,
    check_dtype_word,
    datetime_format,
    number_word,
)
from relay.util.errors import ConfigError, RelayError
from relay.util.setting_text import setting


def to_dtype(values: pd.Series, spec: str) -> pd.Series:
    """Return `values` in the dtype of the word `spec`; missing values stay missing.

    `int` and `bool` with missing values become float64 (Int64 if float64 cannot represent them)
    and pandas' `boolean`; `datetime` without a format takes the first of the usual ones that all
    values fit. Times with a zone become UTC. Raises RelayError, with column, row and value, if a
    value does not fit, and ConfigError if there is no such word.
    """
    try:
        check_dtype_word(spec)
    except ValueError as error:
        raise ConfigError(f"data.dtypes.{values.name}: {error}") from error
    if spec == "category":
        return values.astype("category")
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if spec.startswith("str"):
        texts = values.astype("str")
        return in_lower_case(texts) if spec == LOWER_CASE else texts
    if spec == "int" or spec.startswith("float"):
        values = with_plain_characters(values) if is_text(values) else values
        return _to_int(values) if spec == "int" else _to_float(values, spec)
    if spec == "bool":
        return _to_bool(values)
    return _to_datetime(values, datetime_format(spec))


def parse_number_hint(value: object) -> str:
    """Return advice on a text that should have been a number."""
    comma = decimal_comma_hint(str(value))
    return (
        comma
        or f" If it means a missing value, set {setting('data.read.missing_values', [str(value)])}."
    )


def require_fit(values: pd.Series, bad: pd.Series, spec: str, hint: str = "") -> None:
    """Check that none of `values` is `bad`; `spec` is what such a value is not.

    Raises RelayError, with column, row and value, if one is.
    """
    if bad.any():
        row = int(np.asarray(bad, dtype=bool).argmax())
        index = values.index  # in a piece of a larger table it does not begin at 0
        first = int(index.start) if isinstance(index, pd.RangeIndex) else 0
        value = values.iloc[row]
        value = value.item() if isinstance(value, np.generic) else value
        raise RelayError(
            f"column '{values.name}', row {first + row + 1} of the data: {value!r} is not {spec} "
            f"({int(bad.sum())} such values).{hint}"
        )


def require_numbers(values: pd.Series, setting: str) -> None:
    """Check that `values` are numbers, as `setting` needs. Raises RelayError if they are not."""
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        raise RelayError(
            f"{setting}: the column has {values.dtype} values, not numbers. "
            f"If they are numbers, set data.dtypes.{values.name}=float."
        )


def to_number(values: pd.Series) -> pd.Series:
    """Return texts or booleans as numbers.

    Raises RelayError, with column, row and value, if one is not a number.
    """
    return _to_number(values, "float")


def _to_number(values: pd.Series, spec: str) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        raise RelayError(
            f"column '{values.name}': has times, which are not {spec}. Set another dtype: "
            f"{setting(f'data.dtypes.{values.name}', 'datetime')}."
        )
    numbers = pd.to_numeric(values, errors="coerce")
    bad = numbers.isna() & values.notna()
    if bad.any():
        require_fit(values, bad, f"a number ({spec})", parse_number_hint(values[bad].iloc[0]))
    return numbers


def _to_float(values: pd.Series, spec: str) -> pd.Series:
    word = number_word(spec)
    if word is None or not pd.api.types.is_string_dtype(values.dtype):
        return _to_number(values, "float").astype("float64")
    texts = without_placeholders(values.astype("str").str.strip())
    numbers = as_number(texts, word)
    require_fit(values, texts.notna() & numbers.isna(), f"a number such as {spec[6:]}")
    return numbers


def _to_int(values: pd.Series) -> pd.Series:
    exact = integers_in_texts(values.str.strip()) if is_text(values) else None
    numbers = _to_number(values, "int") if exact is None else exact
    if pd.api.types.is_integer_dtype(numbers) and not floats_hold(numbers):
        return numbers
    if pd.api.types.is_integer_dtype(numbers) and not numbers.isna().any():
        return numbers.astype("int64")
    numbers = numbers.astype("float64")
    bad = numbers.notna() & ((numbers % 1 != 0) | (numbers.abs() >= 2.0**63))
    too_long = numbers[bad].abs().ge(2.0**63).any()
    hint = f" data.dtypes.{values.name}=str keeps all digits of long ones." if too_long else ""
    require_fit(values, bad, "a whole number of at most 64 bits (int)", hint)
    return numbers if numbers.isna().any() else numbers.astype("int64")


def _to_bool(values: pd.Series) -> pd.Series:
    if pd.api.types.is_bool_dtype(values):
        return values
    words = values.astype("str").str.strip().str.casefold()
    is_true = words.isin(TRUE)
    require_fit(values, values.notna() & ~is_true & ~words.isin(FALSE), "true or false (bool)")
    return is_true if values.notna().all() else is_true.astype("boolean").mask(values.isna())


def _to_datetime(values: pd.Series, form: str | None) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        return values
    if form in COUNTS:
        what = COUNTS[form].what
        times = counted_times(_to_number(values, what), form)
        require_fit(values, values.notna() & times.isna(), f"a time in {what}")
        return times
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")  # 20240131, not 20240131.0
    texts = with_plain_characters(values.astype("str"))
    unknown = form is None
    form = form or find_form(texts) or ISO_8601
    try:
        times = to_times(texts, form)
    except ValueError as error:
        raise ConfigError(f"data.dtypes.{values.name}: {error}") from error
    bad = values.notna() & times.isna()
    if bad.any():
        example = setting(f"data.dtypes.{values.name}", "datetime:%d/%m/%Y")
        named = f" Name the format: {example}."
        hint = parse_number_hint(values[bad].iloc[0]) + (named if unknown else "")
        expected = "a time" if unknown else f"a time of the format {form}"
        require_fit(values, bad, expected, hint)
    return times
