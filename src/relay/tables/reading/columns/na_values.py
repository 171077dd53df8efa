"""Texts that mean "missing", such as NA: taken as missing, or kept if they are values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relay.tables.reading.arrow_texts import as_arrow, from_arrow, last_bytes_in, may_hold
from relay.tables.reading.settings.options import USUAL_MISSING, ReadOptions, missing_texts
from relay.util.names import column_name

Counts = Mapping[str, int]

_CODE = "NA"
_LOOKS_LIKE_CODES = r"^[A-Z]{2}$"
_FEWEST_CODES = 3


@dataclass(frozen=True)
class Marked:
    """Texts that were taken as missing, and that were kept, with their counts, by column place.

    Texts that a setting decides on are not among them.
    """

    taken: Mapping[int, Counts] = field(default_factory=dict)
    kept: Mapping[int, Counts] = field(default_factory=dict)


def as_it_stands(options: ReadOptions) -> ReadOptions:
    """Return `options` with which all texts but the empty one are read unchanged."""
    return dataclasses.replace(options, missing_values=(), keep_texts=[*USUAL_MISSING])


def mark_missing(table: pd.DataFrame, options: ReadOptions, *, find_codes: bool = True) -> Marked:
    """Replace the texts in `table` that mean "missing" by missing values, in place.

    With `find_codes`, NA is kept in a column of codes of two capital letters if it is in no other
    column: then it is Namibia, or North America.
    """
    by_column = _count(table, options)
    asked_for = set(options.missing_values)
    kept = {}
    if find_codes and _CODE not in asked_for:
        with_code = {place for place, counts in by_column.items() if _CODE in counts}
        if all(are_codes(table.iloc[:, place]) for place in with_code):
            kept = {place: {_CODE: by_column[place][_CODE]} for place in with_code}
    for place, counts in by_column.items():
        array = as_arrow(table.iloc[:, place])
        absent = pa.array([word for word in counts if word not in kept.get(place, ())], array.type)
        values = pc.if_else(pc.is_in(array, absent), None, array)
        table.isetitem(place, from_arrow(values, table.iloc[:, place]).array)
    taken = {}
    for place, counts in by_column.items():
        decided = asked_for | kept.get(place, {}).keys()
        taken[place] = {text: count for text, count in counts.items() if text not in decided}
    return Marked({place: counts for place, counts in taken.items() if counts}, kept)


def are_codes(values: pd.Series) -> bool:
    """Return True if NA would be one of several codes of two capital letters."""
    array = pc.unique(as_arrow(values).drop_null())
    others = array.filter(pc.invert(pc.is_in(array, pa.array(sorted(USUAL_MISSING), array.type))))
    fit = pc.match_substring_regex(others, _LOOKS_LIKE_CODES)
    return len(others) >= _FEWEST_CODES and bool(pc.all(fit).as_py())


def _count(table: pd.DataFrame, options: ReadOptions) -> dict[int, dict[str, int]]:
    """Count the texts that mean "missing" in each column, unless `keep_in` keeps them."""
    absent = [text for text in missing_texts(options) if text]
    ends = last_bytes_in(absent)
    counts: dict[int, dict[str, int]] = {}
    for place, (name, values) in enumerate(table.items()):
        if not pd.api.types.is_string_dtype(values.dtype):
            continue
        array = as_arrow(values)
        if not may_hold(array, ends):
            continue
        kept = options.keep_in.get(column_name(name), ())
        texts = pa.array([text for text in absent if text not in kept], array.type)
        there = pc.fill_null(pc.is_in(array, texts, skip_nulls=True), False)
        if pc.any(there).as_py():
            counted = pc.value_counts(array.filter(there)).to_pylist()
            counts[place] = {entry["values"]: entry["counts"] for entry in counted}
    return counts
