"""Warnings and notes on how a column of dates was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from relay.tables.reading.arrow_texts import as_arrow
from relay.tables.reading.dates.counted_times import COUNTS, counted_times, find_count
from relay.tables.reading.dates.known_formats import date_part, split_forms
from relay.tables.reading.settings.dtype_words import FORMATS_APART, ISO_8601, datetime_word
from relay.util.setting_text import setting

_EXAMPLES = 3
_COMPACT, _DAY = len("20240131"), len("2024-01-31")
_OFFSET = r"[T :]\d\d.*?(?P<zone>Z|UTC|GMT|[-+]\d\d(?::?\d\d)?)$"
_INCOMPLETE = r"^\d{4}(-?\d\d)?$"
_AHEAD = 2045
_DAYS = 31
_NO_OFFSET = frozenset({"Z", "UTC", "GMT", "+00", "+0000", "-0000"})
_FIRST, _LAST = "1678-01-01", "2262-01-01"
"""Between these, times can be counted in nanoseconds, as most libraries do."""


@dataclass(frozen=True)
class Remark:
    """A remark on a column: a warning, or a note."""

    text: str
    is_warning: bool = True


def joined(remarks: Iterable[Remark | None]) -> tuple[str, str]:
    """Return the warnings in one text, and the notes in one."""
    present = [remark for remark in remarks if remark is not None]
    warnings = [remark.text for remark in present if remark.is_warning]
    notes = [remark.text for remark in present if not remark.is_warning]
    return ". ".join(warnings), "; ".join(notes)


def of_lost(
    values: pd.Series, lost: pd.Series, form: str, *, are_swapped: bool = False
) -> Remark | None:
    """Return a remark on texts that are not dates and become missing values.

    If day and month `are_swapped` in some of them, they can be in others as well.
    """
    if not lost.any():
        return None
    doubt = (
        "in some of these day and month are swapped, so they may be in others; "
        if are_swapped
        else ""
    )
    return Remark(
        f"{_count(lost, values)} values are not dates of the form {_readable(form)}, "
        f"{_examples(values, lost)}: {doubt}they are missing values now. "
        f"{_if_missing('that is right', values[lost])}{_to_keep(values, form)}"
    )


def of_strays(values: pd.Series, strays: pd.Series, form: str) -> str:
    """Return a warning of a column that stays texts because too many, `strays`, are not dates."""
    return (
        f"most values are dates ({_readable(form)}), but {_count(strays, values)} are not, "
        f"{_examples(values, strays)}: kept as texts. "
        f"{_if_missing('these mean missing values', values[strays])}If they are dates of another "
        f"form, add it: {_as_dtype(values, f'{datetime_word(form)}|%d.%m.%Y')}. If they are "
        f"right as they are: {_as_dtype(values, 'str')}"
    )


def of_contradiction(values: pd.Series, form: str, parts: Mapping[str, pd.Series]) -> str:
    """Return a warning of a column that stays texts because its dates contradict each other."""
    return (
        f"its dates are in contradicting forms, {_listed(values, parts)}, so that others may be "
        "either: kept as texts. Write them in one form in the file; or name the one to be tried "
        f"first: {_as_dtype(values, datetime_word(form))}"
    )


def of_periods(values: pd.Series, example: str, word: str, *, is_category: bool = False) -> str:
    """Return a warning of texts that look like dates but are not read as such.

    They differ in nearly all rows, unless the column `is_category`. `word` is the dtype word that
    reads them, or an example of one.
    """
    what = (
        "they are kept as texts, and their order in time is not learned from"
        if is_category
        else "they are texts that differ in nearly all rows, and nothing is learned from them"
    )
    return (
        f"most values look like dates, such as '{example}', in a form that is not read: {what}. "
        "Write them as "
        f"2024-01-31 in the file, or name their form: {_as_dtype(values, word)}"
    )


def of_counted_times(values: pd.Series) -> str:
    """Return a warning of whole numbers that may be times, such as seconds since 1970, else ""."""
    word = find_count(values)
    if word is None:
        return ""
    example = int(values.dropna().iloc[0])
    (time,) = counted_times(pd.Series([example]), word)
    return (
        f"whole numbers that may be times in {COUNTS[word].what}, such as {example}, which would "
        f"be {time}: kept as numbers. To have times: {_as_dtype(values, datetime_word(word))}; to "
        f"keep numbers: {_as_dtype(values, 'int')}"
    )


def of_formats(values: pd.Series, parts: Mapping[str, pd.Series]) -> Remark | None:
    """Return a remark on dates in more than one format."""
    if len(parts) < 2:
        return None
    word = datetime_word(FORMATS_APART.join(parts))
    days = {date_part(form) for form in parts}
    return Remark(
        f"dates in {len(parts)} forms, which are all read: {_listed(values, parts)}. "
        f"To decide otherwise: {_as_dtype(values, word)}",
        is_warning=len(days) > 1,
    )


def of_incomplete(values: pd.Series, form: str) -> Remark | None:
    """Return a remark on years and months, such as 2020 and 2020-05, among dates that have days."""
    texts = as_arrow(values)
    if ISO_8601 not in split_forms(form) or (pc.min(pc.utf8_length(texts)).as_py() or _DAY) >= _DAY:
        return None
    lacking = pc.fill_null(pc.match_substring_regex(texts, _INCOMPLETE), False)
    chosen = pd.Series(lacking.to_pandas().to_numpy(dtype=bool), index=values.index)
    if not chosen.any() or chosen.sum() == values.notna().sum():
        return None
    return Remark(
        f"{_count(chosen, values)} dates have no day, {_examples(values, chosen)}: they are taken "
        f"as the first day of that time. {_to_keep(values, form)}"
    )


def of_two_digit_years(times: pd.Series, form: str) -> Remark | None:
    """Return a remark on years of two digits, a warning if some are far ahead."""
    if "%y" not in form:
        return None
    years = times.dt.year
    note = f"years of two digits, taken as {int(years.min())} to {int(years.max())}"
    ahead = int((years >= _AHEAD).sum())
    if not ahead:
        return Remark(note, is_warning=False)
    return Remark(
        f"{note}: {ahead} of {int(years.notna().sum())} are in {_AHEAD} or later. If these are "
        "years before 1969, such as those of births, write all four digits in the file"
    )


def of_year_first(values: pd.Series, times: pd.Series, form: str) -> Remark | None:
    """Return a remark on dates such as 19-01-31, a warning if the year may be the day."""
    if not form.startswith("%y"):
        return None
    text, time = values[times.notna()].iloc[0], times[times.notna()].iloc[0]
    first = pd.to_numeric(values.str.strip().str[:2], errors="coerce")
    day_first = form.replace("%y", "%?").replace("%d", "%y").replace("%?", "%d")
    return Remark(
        "dates with the year first, as the first numbers are few and the last are many: "
        f"'{text}' is {time:%Y-%m-%d}. Day first: {_as_dtype(values, datetime_word(day_first))}",
        is_warning=bool(first.dropna().between(1, _DAYS).all()),
    )


def of_order(values: pd.Series, form: str, other: str) -> Remark:
    """Return a remark on dates in which the day can be the month: `form` was taken, not `other`."""
    first = "day" if form.find("%d") < form.find("%m") else "month"
    second = "month" if first == "day" else "day"
    return Remark(
        f"dates that may be month-first or day-first; taken as {first}-first. "
        f"{second.capitalize()}-first: {_as_dtype(values, datetime_word(other))}"
    )


def of_offsets(values: pd.Series, form: str) -> Remark | None:
    """Return a remark on times, if all or some of them have an offset from UTC."""
    texts = as_arrow(values).drop_null()
    longest = pc.max(pc.utf8_length(texts)).as_py() or 0
    if longest <= _DAY or not any(
        zone == ISO_8601 or zone.endswith(("%z", "UTC", "GMT", "Z")) for zone in split_forms(form)
    ):
        return None
    zones = pc.struct_field(pc.extract_regex(texts, _OFFSET), "zone")
    offsets = sorted(set(zones.drop_null().to_pylist()))
    if not offsets:
        return None
    if zones.null_count:
        naive = values.notna() & ~values.str.contains(_OFFSET.replace("?P<zone>", "?:"))
        return Remark(
            f"{_count(naive, values)} times have no offset from UTC, {_examples(values, naive)}, "
            "and are taken as UTC, as the others have one. If they are not, write their offset in "
            f"the file. {_to_keep(values, form)}"
        )
    distinct = {
        "UTC" if zone.replace(":", "") in _NO_OFFSET else zone.replace(":", "") for zone in offsets
    }
    if distinct == {"UTC"}:
        return None
    shown = ", ".join(offsets[:_EXAMPLES])
    if len(distinct) == 1:
        return Remark(f"times with the offset {shown} from UTC, which are in UTC now", False)
    return Remark(
        f"times with {len(distinct)} offsets from UTC ({shown}), which are all in UTC now: the "
        "hours are not those of a clock on the wall. If these matter, write the times without "
        f"offsets in the file. {_to_keep(values, form)}"
    )


def of_far_dates(times: pd.Series, texts: pd.Series | None) -> str:
    """Return a warning of dates that other libraries cannot represent, such as 9999-12-31.

    `times` were read from `texts`, if given.
    """
    if not times.notna().any():
        return ""
    first, last = np.datetime64(_FIRST, "us"), np.datetime64(_LAST, "us")
    plain = times.dt.tz_convert(None) if times.dt.tz is not None else times
    moments = plain.to_numpy(dtype="datetime64[us]")
    far = pd.Series((moments < first) | (moments >= last), index=times.index)
    if not far.any():
        return ""
    if texts is None:
        shown = pd.Series(np.datetime_as_string(moments, "D"), index=times.index)
        hint = ""
    else:
        shown, hint = texts, _if_missing("they mean missing values", texts[far])
    return (
        f"{_count(far, times)} dates are before 1678 or after 2261, {_examples(shown, far)}: they "
        f"are kept; a model learns of each that it is far off, not by how many days. {hint}".strip()
    )


def _count(chosen: pd.Series, values: pd.Series) -> str:
    return f"{int(chosen.sum())} of {int(values.notna().sum())}"


def _listed(values: pd.Series, parts: Mapping[str, pd.Series]) -> str:
    return " and ".join(
        f"{_readable(form)} ({int(fits.sum())}, such as {values[fits].iloc[0]!r})"
        for form, fits in parts.items()
    )


def _examples(values: pd.Series, chosen: pd.Series) -> str:
    """Return examples, the most frequent first: `such as 'soon' (2 times), 'x'`."""
    counts = values[chosen].value_counts()
    shown = [
        f"'{text}'" + (f" ({count} times)" if count > 1 else "")
        for text, count in counts.head(_EXAMPLES).items()
    ]
    all_of_them = len(counts) <= _EXAMPLES
    row = int(np.asarray(chosen, dtype=bool).argmax()) + 1
    return (
        f"{'' if all_of_them else 'such as '}{', '.join(shown)}, the first in row {row} of the data"
    )


def _if_missing(condition: str, values: pd.Series) -> str:
    """Return the setting that makes texts missing; "" for numbers, as it is for all columns."""
    texts = [str(text) for text in values.value_counts().head(_EXAMPLES).index]
    if any(text.isdecimal() and len(text) < _COMPACT for text in texts):
        return ""
    return f"If {condition}: {setting('data.read.missing_values', texts)}. "


def _to_keep(values: pd.Series, form: str) -> str:
    kind, word = ("numbers", "int") if form == "%Y%m%d" else ("texts", "str")
    return f"To keep the column as {kind}: {_as_dtype(values, word)}"


def _as_dtype(values: pd.Series, word: str) -> str:
    """Return the setting that reads the column `values` as `word`."""
    return setting(f"data.dtypes.{values.name}", word)


def _readable(form: str) -> str:
    return form.replace(ISO_8601, "ISO 8601").replace(FORMATS_APART, " or ")
