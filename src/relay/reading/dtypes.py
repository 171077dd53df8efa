"""Dtypes of columns: given by a word from the config, or found from the values."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from relay.errors import ConfigError, RelayError
from relay.reading.dtype_words import ISO_8601, check_dtype_word, datetime_format, datetime_word

log = logging.getLogger("relay")

_TRUE = frozenset({"true", "yes", "t", "y", "on", "1", "1.0"})
_FALSE = frozenset({"false", "no", "f", "n", "off", "0", "0.0"})
_CLEARLY_BOOL = frozenset({"true", "false", "yes", "no"})
_MONTH_FIRST = "%m/%d/%Y"
_DAY_FIRST = "%d/%m/%Y"
_DATES = (_MONTH_FIRST, _DAY_FIRST, "%d.%m.%Y")
_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f")
_TRIED_FIRST = 50
_SAMPLE = 1000
_NUMBERS_AT_LEAST = 0.95
_MANY_NUMBERS = 20
_SHOWN = 5


def to_dtype(values: pd.Series, spec: str) -> pd.Series:
    """`values` as what the dtype word `spec` says; missing values stay missing.

    `int` and `bool` with missing values become float64 and pandas' `boolean`; `datetime`
    without a format takes ISO 8601, else the first of m/d/Y, d/m/Y, d.m.Y (with or without a
    time) that all values fit. Times with a zone become UTC. RelayError, naming column, row and
    value, where a value does not fit; ConfigError where there is no such word.
    """
    try:
        check_dtype_word(spec)
    except ValueError as error:
        raise ConfigError(f"data.dtypes.{values.name}: {error}") from error
    if spec == "category":
        return values.astype("category")
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if spec == "str":
        return values.astype("str")
    if spec == "float":
        return _to_number(values, spec).astype("float64")
    if spec == "int":
        return _to_int(values)
    if spec == "bool":
        return _to_bool(values)
    return _to_datetime(values, datetime_format(spec))


def found_dtype(values: pd.Series, spec: str | None = None) -> str | None:
    """The dtype word for `values`: `spec`, or what they are where it is left open.

    With no `spec`, texts that all read as booleans or times are those; None for all else.
    Times get the format that all of them fit, also for `datetime` alone. Where both day-first
    and month-first fit, month-first is taken, and the setting for the other is logged.
    """
    if spec == "datetime" and not pd.api.types.is_datetime64_any_dtype(values):
        form = _time_format(values.astype("str"))
        return datetime_word(form) if form else spec
    if spec is not None or not _is_text(values):
        return spec
    if set(values.iloc[:_TRIED_FIRST].dropna().str.strip().str.casefold()) <= _CLEARLY_BOOL:
        words = values.str.strip().str.casefold()
        if not values.isna().any() and words.isin(_CLEARLY_BOOL).all():
            return "bool"
    form = _time_format(values)
    return datetime_word(form) if form else None


def refuse_stray_texts(values: pd.Series) -> None:
    """RelayError where a column of texts is a column of numbers but for a few broken values.

    Read as texts, its numbers would be classes, and nobody would notice.
    """
    present = values.dropna() if _is_text(values) else values.iloc[:0]
    if len(present) == 0 or _is_number(present.iloc[:_SAMPLE]).mean() < _NUMBERS_AT_LEAST:
        return
    numeric = _is_number(present)
    share = numeric.mean()
    if not _NUMBERS_AT_LEAST <= share < 1 or present[numeric].nunique() < _MANY_NUMBERS:
        return
    strays = present[~numeric]
    row = int(np.flatnonzero(values.notna())[int(np.asarray(numeric).argmin())]) + 1
    examples = [str(value) for value in strays.unique()[:_SHOWN]]
    raise RelayError(
        f"column '{values.name}' holds numbers, but for {len(strays)} of {len(present)} "
        f"values, the first in row "
        f"{row} of the data: {', '.join(map(repr, examples))}"
        f"{', ...' if strays.nunique() > _SHOWN else ''}. Mend the file; or, if they mean missing "
        f"values, set data.read.missing_values={examples}; or, if the column holds texts, "
        f"data.dtypes.{values.name}=str.{_decimal_comma_hint(examples[0])}"
    )


def _is_text(values: pd.Series) -> bool:
    return bool(pd.api.types.is_string_dtype(values.dtype)) and bool(values.notna().any())


def _is_number(texts: pd.Series) -> pd.Series:
    return pd.to_numeric(texts, errors="coerce").notna()


def _decimal_comma_hint(value: object) -> str:
    if re.fullmatch(r"-?\d+,\d+", str(value).strip()):
        return " If the comma is a decimal comma, set data.read.decimal=','."
    return ""


def parse_number_hint(value: object) -> str:
    """What may mend a text that should have been a number."""
    comma = _decimal_comma_hint(value)
    return comma or f" If it means a missing value, set data.read.missing_values=['{value}']."


def require_fit(values: pd.Series, bad: pd.Series, spec: str, hint: str = "") -> None:
    """RelayError naming the first of `values` where `bad` is true; `spec` is what they are not."""
    if bad.any():
        row = int(np.asarray(bad, dtype=bool).argmax())
        value = values.iloc[row]
        raise RelayError(
            f"column '{values.name}', row {row + 1} of the data: {value!r} is not {spec} "
            f"({int(bad.sum())} such values).{hint}"
        )


def require_numbers(values: pd.Series, setting: str) -> None:
    """RelayError, naming `setting`, where the column `values` holds anything but numbers."""
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        raise RelayError(
            f"{setting}: the column holds {values.dtype} values, not numbers. "
            f"If they should be, set data.dtypes.{values.name}=float."
        )


def to_number(values: pd.Series) -> pd.Series:
    """Texts or booleans as numbers; RelayError naming column, row and value where one is not."""
    return _to_number(values, "float")


def _to_number(values: pd.Series, spec: str) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        raise RelayError(f"column '{values.name}' holds times, which are not {spec}.")
    numbers = pd.to_numeric(values, errors="coerce")
    bad = numbers.isna() & values.notna()
    if bad.any():
        require_fit(values, bad, f"a number ({spec})", parse_number_hint(values[bad].iloc[0]))
    return numbers


def _to_int(values: pd.Series) -> pd.Series:
    numbers = _to_number(values, "int")
    if pd.api.types.is_integer_dtype(numbers) and not numbers.isna().any():
        return numbers.astype("int64")
    numbers = numbers.astype("float64")
    bad = numbers.notna() & ((numbers % 1 != 0) | (numbers.abs() >= 2.0**63))
    require_fit(values, bad, "a whole number (int)")
    return numbers if numbers.isna().any() else numbers.astype("int64")


def _to_bool(values: pd.Series) -> pd.Series:
    if pd.api.types.is_bool_dtype(values):
        return values
    words = values.astype("str").str.strip().str.casefold()
    is_true = words.isin(_TRUE)
    require_fit(values, values.notna() & ~is_true & ~words.isin(_FALSE), "true or false (bool)")
    return is_true if values.notna().all() else is_true.astype("boolean").mask(values.isna())


def _to_datetime(values: pd.Series, form: str | None) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        return values
    texts = values.astype("str")
    unknown = form is None
    form = form or _time_format(texts) or ISO_8601
    try:
        times = pd.to_datetime(texts, format=form, errors="coerce", utc=True)
    except ValueError as error:
        raise ConfigError(f"data.dtypes.{values.name}: {error}") from error
    hint = f' Name the format: data.dtypes.{values.name}="datetime:{_DAY_FIRST}".'
    hint = hint if unknown else ""
    what = "a time" if unknown else f"a time of the format {form}"
    require_fit(values, values.notna() & times.isna(), what, hint)
    return times.dt.tz_localize(None)


def _time_format(texts: pd.Series) -> str | None:
    """The format in which all of `texts` are times, or None."""
    forms = [form for form in _formats() if _all_parse(texts.dropna().iloc[:_TRIED_FIRST], form)]
    for form in forms:
        if not _all_parse(texts, form):
            continue
        other = form.replace(_MONTH_FIRST, _DAY_FIRST)
        if form != other and other in forms and _all_parse(texts, other):
            log.info(
                "Column %s: its dates may be month-first or day-first; taken as month-first. "
                'Day-first: data.dtypes.%s="datetime:%s".',
                texts.name,
                texts.name,
                other,
            )
        return form
    return None


def _formats() -> Sequence[str]:
    return (ISO_8601, *(date + time for date in _DATES for time in _TIMES))


def _all_parse(texts: pd.Series, form: str) -> bool:
    parsed = pd.to_datetime(texts, format=form, errors="coerce", utc=True)
    return bool((parsed.notna() | texts.isna()).all())
