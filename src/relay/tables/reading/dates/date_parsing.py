"""Texts of known formats, as times; and times as numbers of days."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relay.tables.reading.arrow_texts import on_distinct
from relay.tables.reading.dates.counted_times import COUNTS, counted_times
from relay.tables.reading.dates.known_formats import split_forms
from relay.tables.reading.dates.periods import begin_of
from relay.tables.reading.settings.dtype_words import PERIOD


def to_times(texts: pd.Series, form: str) -> pd.Series:
    """Return `texts` as times in UTC without a zone, missing if one has no format of `form`."""
    if form in COUNTS:
        return counted_times(pd.to_numeric(texts, errors="coerce"), form)
    if form == PERIOD:
        return on_distinct(texts, begin_of)
    return on_distinct(texts, lambda some: _parse_any(some, form))


def days_since_1970(times: pd.Series) -> NDArray[np.float64]:
    """Return times as days with fractions, NaN if one is missing; of any unit and year."""
    plain = times.dt.tz_convert(None) if times.dt.tz is not None else times
    moments = plain.to_numpy(dtype="datetime64[us]")
    days = moments.astype("int64") / (np.timedelta64(1, "D") / np.timedelta64(1, "us"))
    return np.where(np.isnat(moments), np.nan, days)


def _parse_any(texts: pd.Series, form: str) -> pd.Series:
    """Parse each text by the first format of `form` that it has."""
    first, *others = split_forms(form)
    times = _parse(texts, first)
    for other in others:
        more = _parse(texts.mask(times.notna()), other)
        times = times.astype("datetime64[us]").fillna(more.astype("datetime64[us]"))
    return times


def _parse(texts: pd.Series, form: str) -> pd.Series:
    times = pd.to_datetime(texts, format=form, errors="coerce", utc=True)
    plain: pd.Series = times.dt.tz_localize(None)
    if plain.dt.unit == "ns" and (plain.isna() & texts.notna()).any():
        # One time with nanoseconds leaves no room for years after 2262 in all the others.
        return _parse(texts.str.replace(r"([.,]\d{6})\d+", r"\1", regex=True), form)
    return plain
