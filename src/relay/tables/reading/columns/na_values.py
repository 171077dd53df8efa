"""Values that mean "missing", such as NA and -999: taken as missing, or kept if they are values."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relay.tables.reading.arrow_texts import as_arrow, from_arrow, last_bytes_in, may_hold
from relay.tables.reading.numbers.integers import FLOATS_HOLD
from relay.tables.reading.settings.options import USUAL_MISSING, ReadOptions, missing_texts
from relay.util.names import column_name

Counts = Mapping[str, int]

_CODE = "NA"
_LOOKS_LIKE_CODES = r"^[A-Z]{2}$"
_FEWEST_CODES = 3
_NUMBER = re.compile(r"[-+]?\d+(\.\d*)?")


@dataclass(frozen=True)
class Marked:
    """Texts that were taken as missing, and that were kept, with their counts, by column place.

    Texts that a setting decides on are not among them. `absent` are those of `missing_values` that
    the table does not have.
    """

    taken: Mapping[int, Counts] = field(default_factory=dict)
    kept: Mapping[int, Counts] = field(default_factory=dict)
    absent: Sequence[str] = ()


def as_it_stands(options: ReadOptions) -> ReadOptions:
    """Return `options` with which all texts but the empty one are read unchanged."""
    return dataclasses.replace(options, missing_values=(), keep_texts=[*USUAL_MISSING])


def mark_missing(
    table: pd.DataFrame, options: ReadOptions, *, usual: bool = True, find_codes: bool = True
) -> Marked:
    """Replace the values in `table` that mean "missing" by missing values, in place.

    A number in `missing_values`, such as -999, also means -999.0, and so in columns of numbers.
    Without `usual`, only `missing_values` mean "missing". With `find_codes`, NA is kept in a column
    of codes of two capital letters if it is in no other column: then it is Namibia, or North
    America.
    """
    numbers = {text: float(text) for text in options.missing_values if _NUMBER.fullmatch(text)}
    by_column = _count(table, options, numbers, usual=usual)
    asked_for = set(options.missing_values)
    kept = {}
    if usual and find_codes and _CODE not in asked_for:
        with_code = {place for place, counts in by_column.items() if _CODE in counts}
        if all(are_codes(table.iloc[:, place]) for place in with_code):
            kept = {place: {_CODE: by_column[place][_CODE]} for place in with_code}
    there = {text for counts in by_column.values() for text in counts}
    for place, counts in by_column.items():
        array = as_arrow(table.iloc[:, place])
        absent = pa.array([word for word in counts if word not in kept.get(place, ())], array.type)
        values = pc.if_else(pc.is_in(array, absent), None, array)
        table.isetitem(place, from_arrow(values, table.iloc[:, place]).array)
    in_numbers = _mark_numbers(table, numbers.values())
    taken = {}
    for place, counts in by_column.items():
        taken[place] = {
            text: count
            for text, count in counts.items()
            if text in USUAL_MISSING - asked_for - kept.get(place, {}).keys()
        }
    return Marked(
        {place: counts for place, counts in taken.items() if counts},
        kept,
        [
            text
            for text in options.missing_values
            if numbers.get(text) not in in_numbers
            and not any(re.fullmatch(_spellings(text), word) for word in there)
        ],
    )


def _mark_numbers(table: pd.DataFrame, numbers: Collection[float]) -> set[float]:
    """Replace `numbers` in columns of numbers by missing values, in place; return those found."""
    found: set[float] = set()
    for place in range(table.shape[1] if numbers else 0):
        values = table.iloc[:, place]
        if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            continue
        absent = values.isin(list(numbers))
        if absent.any():
            found |= set(map(float, values[absent].unique()))
            table.isetitem(place, _without(values, absent).array)
    return found


def _spellings(text: str) -> str:
    """Return a pattern of a text of `missing_values`; of -999 also with decimals that are zeros."""
    pattern = re.escape(text)
    return f"{pattern}(?:[.,]0{{0,2}})?" if _NUMBER.fullmatch(text) else pattern  # not 1,000


def _without(values: pd.Series, absent: pd.Series) -> pd.Series:
    """Return numbers without those `absent`, whole ones as float64 if it can represent them."""
    if not pd.api.types.is_integer_dtype(values):
        return values.mask(absent)
    whole = values.astype("Int64").mask(absent)
    return whole.astype("float64") if whole.abs().max() < FLOATS_HOLD else whole


def are_codes(values: pd.Series) -> bool:
    """Return True if NA would be one of several codes of two capital letters."""
    array = pc.unique(as_arrow(values).drop_null())
    others = array.filter(pc.invert(pc.is_in(array, pa.array(sorted(USUAL_MISSING), array.type))))
    fit = pc.match_substring_regex(others, _LOOKS_LIKE_CODES)
    return len(others) >= _FEWEST_CODES and bool(pc.all(fit).as_py())


def _count(
    table: pd.DataFrame, options: ReadOptions, numbers: Collection[str], *, usual: bool
) -> dict[int, dict[str, int]]:
    """Count the texts that mean "missing" in each column, unless `keep_in` keeps them."""
    words = missing_texts(options) if usual else options.missing_values
    absent = [text for text in words if text]
    alike = list(map(_spellings, numbers))
    ends = last_bytes_in([*absent, *(".,0" if alike else "")])
    counts: dict[int, dict[str, int]] = {}
    for place, (name, values) in enumerate(table.items()):
        if not pd.api.types.is_string_dtype(values.dtype):
            continue
        array = as_arrow(values)
        if not may_hold(array, ends):
            continue
        kept = options.keep_in.get(column_name(name), ())
        texts = pa.array([text for text in absent if text not in kept], array.type)
        there = pc.is_in(array, texts, skip_nulls=True)
        if alike:
            there = pc.or_(there, pc.match_substring_regex(array, f"^(?:{'|'.join(alike)})$"))
        there = pc.fill_null(there, False)
        if pc.any(there).as_py():
            counted = pc.value_counts(array.filter(there)).to_pylist()
            counts[place] = {entry["values"]: entry["counts"] for entry in counted}
    return counts
