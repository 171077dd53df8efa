"""The format of the dates in a column of texts, which its values decide.

Here are the order of day and month, several formats in one column, and how many values may be
something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd
import pyarrow.compute as pc

from relay.tables.reading.arrow_texts import as_arrow, from_arrow, sample
from relay.tables.reading.dates import date_notes
from relay.tables.reading.dates.date_parsing import to_times
from relay.tables.reading.dates.known_formats import (
    day_and_month_swapped,
    formats_like,
    formats_of,
    has_order,
    is_day_first,
    shape_of,
    split_forms,
    zeros_shape,
)
from relay.tables.reading.numbers.number_formats import without_placeholders
from relay.tables.reading.settings.dtype_words import FORMATS_APART, ISO_8601

_MOST_FORMATS = 4
_DATES_AT_LEAST = 0.5
_MOST_STRAYS = 0.05
_MOST_IMPOSSIBLE = 5
_MONTH_LENGTH = len("2024-01")


@dataclass(frozen=True)
class Dates:
    """The dates in a column of texts.

    `times` are in UTC without a zone, read by `form`, which is one format or several. They are None
    if too many texts are something else, so that the column stays texts.
    """

    times: pd.Series | None
    form: str
    warning: str = ""
    note: str = ""


@dataclass(frozen=True)
class _Part:
    """The values of a column that have one format, and whether day and month may be swapped."""

    form: str
    fits: pd.Series
    reads_both_ways: bool = False


def read_dates(values: pd.Series, examples: Sequence[str]) -> Dates | None:
    """Return `values` as times if most of them are dates, else None; `examples` are some of them.

    If both day-first and month-first fit, month-first is taken; with dots, day-first. Days that do
    not exist (2021-02-30, 0000-00-00), placeholders such as `?` and a few other texts become
    missing values. `warning` describes all of this.
    """
    whole = _part_of_all(values, examples)
    if whole is not None:
        part, times = whole
        return _as_read(values, times, [part])
    alike = sum(bool(formats_like(text)) for text in examples)
    return _read_mixed(values) if 0 < len(examples) * _DATES_AT_LEAST <= alike else None


def find_form(values: pd.Series) -> str | None:
    """Return the format or formats in which the texts are dates; None if they are not.

    If only a part of them are, it is the most frequent format.
    """
    dates = read_dates(values, sample(values))
    if dates is None:
        return None
    return dates.form if dates.times is not None else next(split_forms(dates.form))


def are_impossible(texts: pd.Series, form: str) -> pd.Series:
    """Return True for texts that can only be missing values in a column of dates of `form`.

    They look like a date of a day that does not exist, or are placeholders such as `?`.
    """
    looks = _stand_for_nothing(texts)
    for shape in filter(None, map(shape_of, split_forms(form))):
        looks |= _match(texts, shape)
    return looks & to_times(texts, form).isna()


def _read_mixed(values: pd.Series) -> Dates | None:
    """Read texts that do not all have one format."""
    nothing = _stand_for_nothing(values)
    present = int((values.notna() & ~nothing).sum())
    few = _MOST_STRAYS * present
    parts = _in_one_order(_parts(values), few)
    form = FORMATS_APART.join(part.form for part in parts)
    times = to_times(values, form) if parts else None
    if times is None:
        return None
    impossible = are_impossible(values.mask(times.notna()), form)
    if values[impossible & ~nothing].nunique() <= _MOST_IMPOSSIBLE:  # many are codes
        present = int((values.notna() & ~nothing & ~impossible).sum())
    if times.notna().sum() < max(1, _DATES_AT_LEAST * present):
        return None
    strays = values.notna() & times.isna() & ~impossible
    contradict = any(_contradicts(part, parts) for part in parts)
    if strays.sum() <= few and not contradict:
        return _as_read(values, times, parts)
    if not _have_days(values[times.notna()], parts):
        return None  # such as seasons, 2008-09 and 2019-20, and versions, 1.10.12
    if contradict:
        clear = {
            part.form: part.fits & to_times(values, day_and_month_swapped(part.form)).isna()
            for part in parts
            if _contradicts(part, parts)
        }
        return Dates(None, form, date_notes.of_contradiction(values, form, clear))
    return Dates(None, form, date_notes.of_strays(values, strays, form))


def _as_read(values: pd.Series, times: pd.Series, parts: Sequence[_Part]) -> Dates:
    """Return `times`, as which `values` were read by `parts`, with remarks on them."""
    form = FORMATS_APART.join(part.form for part in parts)
    lost = values.notna() & times.isna()
    orders = {is_day_first(part.form) for part in parts if _is_evident(part)}
    is_open = any(part.reads_both_ways for part in parts) and len(orders) != 1
    warning, note = date_notes.joined(
        [
            date_notes.of_lost(values, lost, form, are_swapped=_any_swapped(values[lost], parts)),
            date_notes.of_formats(values, _counted(parts)),
            date_notes.of_order(values, form, _swapped(parts)) if is_open else None,
            date_notes.of_incomplete(values.mask(lost), form),
            date_notes.of_two_digit_years(times, form),
            date_notes.of_year_first(values, times, form),
            date_notes.of_offsets(values.mask(lost), form),
        ]
    )
    return Dates(times, form, warning, note)


def _part_of_all(values: pd.Series, examples: Sequence[str]) -> tuple[_Part, pd.Series] | None:
    """Return the format that all of `values` have, and the times; None if there is none."""
    if not examples:
        return None
    some = pd.Series(list(examples), dtype="str")
    fitting = [form for form in formats_of(examples[:1], examples) if _all_parse(some, form)]
    for form in fitting:
        times = to_times(values, form)
        if (times.notna() | values.isna()).all():
            part = _with_order(_Part(form, values.notna()), values)
            return part, times if part.form == form else to_times(values, part.form)
    return None


def _parts(values: pd.Series) -> list[_Part]:
    """Return the formats of `values`, the most frequent first, then that of most of the rest."""
    chosen: list[_Part] = []
    rest = values
    while len(chosen) < _MOST_FORMATS:
        some = sample(rest)
        parts = [_Part(form, to_times(rest, form).notna()) for form in formats_of(some, some)]
        best = max(parts, key=lambda part: int(part.fits.sum()), default=None)
        if best is None or not best.fits.any():
            break
        chosen.append(_with_order(best, values))
        rest = rest.mask(best.fits)
    return chosen


def _with_order(part: _Part, values: pd.Series) -> _Part:
    """Return `part` with whether it reads both ways; if so, firsts of months are preferred."""
    other = day_and_month_swapped(part.form)
    texts = values[part.fits]
    tried = (pd.Series(sample(texts), dtype="str"), texts)  # the sample first, which is quicker
    if not has_order(part.form) or not all(_all_parse(some, other) for some in tried):
        return part
    are_firsts = (_all_on_the_first(texts, other), _all_on_the_first(texts, part.form))
    return replace(
        part, form=other if are_firsts == (True, False) else part.form, reads_both_ways=True
    )


def _all_on_the_first(texts: pd.Series, form: str) -> bool:
    return bool((to_times(texts, form).dt.day == 1).all())


def _in_one_order(parts: Sequence[_Part], few: float) -> list[_Part]:
    """Return `parts` without the few values that contradict the order of day and month in others.

    Parts that can be read both ways get the order of the others.
    """
    clear = [part for part in parts if part.fits.sum() > few or not _contradicts(part, parts)]
    orders = {is_day_first(part.form) for part in clear if _is_evident(part)}
    if len(orders) != 1:
        return clear
    return [
        replace(part, form=day_and_month_swapped(part.form))
        if part.reads_both_ways and is_day_first(part.form) not in orders
        else part
        for part in clear
    ]


def _is_evident(part: _Part) -> bool:
    return has_order(part.form) and not part.reads_both_ways


def _contradicts(part: _Part, parts: Sequence[_Part]) -> bool:
    """Return True if another of `parts` has day and month in the other order."""
    return has_order(part.form) and any(
        day_and_month_swapped(part.form) == other.form for other in parts
    )


def _any_swapped(texts: pd.Series, parts: Sequence[_Part]) -> bool:
    """Return True if some of `texts` are dates with day and month in the other order."""
    forms = [day_and_month_swapped(part.form) for part in parts if _is_evident(part)]
    return any(to_times(texts, form).notna().any() for form in forms)


def _have_days(texts: pd.Series, parts: Sequence[_Part]) -> bool:
    """Return True if the texts are days in a form that little else has."""
    if [part.form for part in parts] == [ISO_8601]:
        return bool(texts.str.len().median() > _MONTH_LENGTH)
    return any(
        shape_of(part.form) or "%m/%d/" in part.form or "%d/%m/" in part.form for part in parts
    )


def _counted(parts: Sequence[_Part]) -> dict[str, pd.Series]:
    return {part.form: part.fits for part in parts}


def _swapped(parts: Sequence[_Part]) -> str:
    """Return the formats with day and month swapped in those that read both ways."""
    return FORMATS_APART.join(
        day_and_month_swapped(part.form) if part.reads_both_ways else part.form for part in parts
    )


def _stand_for_nothing(texts: pd.Series) -> pd.Series:
    absent = texts.notna() & without_placeholders(texts).isna()
    return absent | _match(texts, zeros_shape())


def _match(texts: pd.Series, pattern: str) -> pd.Series:
    matches = pc.fill_null(pc.match_substring_regex(as_arrow(texts), pattern), False)
    return from_arrow(matches, texts)


def _all_parse(texts: pd.Series, form: str) -> bool:
    return bool((to_times(texts, form).notna() | texts.isna()).all())
