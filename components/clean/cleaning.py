"""Clean a table by the rules of its data set, and count what is removed."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd
from na_warnings import Taken, keep_codes, taken_among_texts
from params import Task
from rows import KeptRows, find_repeats
from targets import class_warning, refuse_lone_classes, to_target

from relay import RelayError
from relay.tables.reading.arrow_texts import is_text, release_memory
from relay.tables.reading.columns.booleans import with_plain_booleans
from relay.tables.reading.columns.far_values import far_value_warning
from relay.tables.reading.columns.float32_range import are_infinite, require_float32_range
from relay.tables.reading.columns.na_values import Marked
from relay.tables.reading.columns.row_numbers import count_row_numbers
from relay.tables.reading.columns.spellings import spellings_warning
from relay.tables.reading.columns.type_inference import convention_of, finite, read_column
from relay.tables.reading.numbers.decimal_mark import Convention
from relay.tables.reading.settings.column_names import find_column, renamed, require_one_target
from relay.util.names import column_name, list_columns
from relay.util.setting_text import setting

log = logging.getLogger("relay")

_MOST_LEVELS = 200


@dataclass(frozen=True)
class Rules:
    """The settings of a data set by which its table is cleaned."""

    target: str
    task: Task = "auto"
    time: str | None = None
    """The column of times of a series: periods such as 2000Q1 are read as such."""
    rename: Mapping[str, str] = field(default_factory=dict)
    drop: Sequence[str] = ()
    dtypes: Mapping[str, str] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    filters: Sequence[str] = ()
    drop_duplicates: bool | Literal["auto"] = "auto"
    decimal: str | None = None
    separator: str | None = None
    """Between the fields of the file: with semicolons, 1,234 can be a decimal comma."""
    marked: Marked = field(default_factory=Marked)
    """Which texts of the file were taken as missing, and which were kept."""
    labels: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """By a column's place, the rows of totals that have a word among its numbers."""


@dataclass(frozen=True)
class Cleaned:
    """A clean table; `removed` counts the rows that each rule removed, in order.

    By column, `read_as` has the dtype words by which texts were read, `notes` other facts, also of
    columns that were left out, and `warnings` what needs attention. `decimal` is the decimal mark
    of the file, if its numbers show it. `repeats_kept` counts rows that repeat another by chance.
    `taken` has the texts taken as missing in columns of texts.
    """

    table: pd.DataFrame
    target: str
    task: Task
    removed: Mapping[str, int]
    read_as: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    warnings: Mapping[str, str] = field(default_factory=dict)
    decimal: str | None = None
    repeats_kept: int = 0
    repeats_shown: Mapping[int, int] = field(default_factory=dict)
    """Some of the rows that were removed as duplicates unasked, each with the row it repeats."""
    taken: Taken = field(default_factory=lambda: Taken({}))


def clean(table: pd.DataFrame, rules: Rules) -> Cleaned:
    """Clean `table`, whose columns have their names as in the file; `table` is changed.

    Columns get safe names, then `rename`, `drop` and `dtypes` apply; other dtypes are inferred. A
    row is removed if it repeats another row of the file, a value is outside its range (missing
    ones stay), a filter does not hold, or the target is missing. Columns without values are
    removed. The dtype of the target shows the task: category or bool for classification, a number
    for regression.

    Raises RelayError if a setting does not fit the table, or if nothing is left.
    """
    row_numbers = count_row_numbers(table)
    if row_numbers:
        log.info("Dropped the first column, which has no name and numbers the rows")
    names = renamed(table.columns, rules.rename)
    require_one_target(rules.target, table.columns, rules.rename, rules.drop)
    renamed_notes = _note_renamed(table.columns, names)
    table.columns = names
    target = find_column(rules.target, names, "data.target")
    dropped = {find_column(name, names, "data.drop") for name in rules.drop}
    if target in dropped:
        raise RelayError(
            f"data.drop: '{target}' is the target, which cannot be dropped. Take it out of "
            "data.drop, or predict another column (data.target)."
        )
    dtypes = {find_column(name, names, "data.dtypes"): w for name, w in rules.dtypes.items()}
    ranges = {find_column(name, names, "data.ranges"): r for name, r in rules.ranges.items()}

    asked = set(dropped)
    dropped |= set(names[:row_numbers]) - {target}
    used = {n for n in dropped if n in ranges or any(n in query for query in rules.filters)}
    label_warnings = _remove_labels(table, rules.labels, dtypes)
    convention = convention_of(table, decimal=rules.decimal, separator=rules.separator)
    read_as, notes, warnings = _read_columns(
        table,
        dropped - used,
        dtypes,
        convention,
        target,
        None if rules.time is None else find_column(rules.time, names, "data.time"),
        renamed_notes,
    )
    for name in asked:
        notes[name] = "; ".join(filter(None, [notes.get(name), "left out by data.drop"]))
    _add_warnings(warnings, label_warnings)

    keep_codes(
        table, {names[place]: kept for place, kept in rules.marked.kept.items()}, read_as, warnings
    )
    taken = taken_among_texts(
        table, {names[place]: counts for place, counts in rules.marked.taken.items()}, dropped
    )

    rows = KeptRows(len(table))
    # Before columns are dropped: records that differ in their id alone are not the same record.
    repeats = find_repeats(table.iloc[:, row_numbers:], rules.drop_duplicates)
    if rules.drop_duplicates:
        rows.keep("duplicates", ~repeats.rows)
    table = table.drop(columns=sorted(dropped - used))
    rows.apply(table, ranges, rules.filters, target)
    for name in table.columns.difference(sorted(used), sort=False):
        require_float32_range(table[name], rows.kept)

    table = table.drop(columns=sorted(used))
    if not rows.kept.all():
        table = table[rows.kept].reset_index(drop=True)
    table, empty = _without_empty_columns(table)
    notes |= dict.fromkeys(empty, "left out: it has no values")
    if target not in dtypes:  # without the missing values, the texts can be booleans
        table[target] = with_plain_booleans(table[target])
    table[target], task = to_target(table[target], rules.task)
    if len(table.columns) < 2:
        raise RelayError(
            f"data.drop: no column is left but the target '{target}', so there is nothing to "
            "predict from. Drop fewer columns."
        )
    _warn_of_classes(table, target, task, warnings)
    read_as = {name: word for name, word in read_as.items() if name in table.columns}
    return Cleaned(
        table,
        target,
        task,
        rows.removed,
        read_as=read_as,
        notes=notes,
        warnings=warnings,
        decimal=convention.evident,
        repeats_kept=repeats.by_chance,
        repeats_shown=repeats.shown,
        taken=taken,
    )


def _read_columns(
    table: pd.DataFrame,
    skipped: Collection[str],
    dtypes: Mapping[str, str],
    convention: Convention,
    target: str,
    time: str | None,
    earlier_notes: Mapping[str, str],
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Read the columns of `table` in place, except those `skipped`.

    Returns, by column, the dtype words by which texts were read, the notes, each behind the one in
    `earlier_notes`, and the warnings.
    """
    read_as, notes, warnings = {}, {}, {}
    for place, name in enumerate(table.columns):
        if name in skipped:
            continue
        word = dtypes.get(name)
        # A target's texts are the names of classes, also where they are yes and no.
        reading = read_column(
            table.iloc[:, place],
            word,
            convention,
            names_classes=name == target,
            has_times=name == time,
        )
        if reading.word:
            read_as[name] = reading.word
        infinite = _warn_of_infinite(reading.values)
        far = "" if word else far_value_warning(reading.values, table.iloc[:, place], reading.word)
        if warning := ". ".join(filter(None, (reading.warning, infinite, far))):
            warnings[name] = warning
        table.isetitem(place, finite(reading.values).array)
        if note := "; ".join(filter(None, (earlier_notes.get(name), reading.note))):
            notes[name] = note
        release_memory()
    return read_as, notes, warnings


def _remove_labels(
    table: pd.DataFrame, labels: Mapping[int, Sequence[int]], dtypes: Mapping[str, str]
) -> dict[str, str]:
    """Take words of totals in columns of numbers as missing, in place, and return warnings.

    A column whose dtype is set keeps them. `labels` has the rows of such words by column place.
    """
    warnings = {}
    for place, rows in labels.items():
        name = table.columns[place]
        if name in dtypes:
            continue
        values = table.iloc[:, place].copy()
        word = values.iloc[rows[0]]
        values.iloc[list(rows)] = None
        table.isetitem(place, values.array)
        warnings[name] = (
            f"'{word}' in row {rows[0] + 1} of the data"
            f"{f' and {len(rows) - 1} more' if len(rows) > 1 else ''} stands among numbers, in a "
            "row of totals that data.read.totals=keep keeps. It is taken as missing. To keep it as "
            f"text: data.dtypes.{name}=str"
        )
    return warnings


def _add_warnings(warnings: dict[str, str], more: Mapping[str, str]) -> None:
    """Add `more` to the `warnings` of columns."""
    for name, warning in more.items():
        warnings[name] = ". ".join(filter(None, (warnings.get(name), warning)))


def _note_renamed(in_file: Iterable[object], names: Sequence[str]) -> dict[str, str]:
    """Return a note for each column with a number in its name because another has the same name."""
    notes = {}
    for original, name in zip(in_file, names, strict=True):
        plain = column_name(original)
        if plain in names and re.fullmatch(rf"{re.escape(plain)}_\d+", name):
            notes[name] = f"'{original}' in the file; {plain} is another column"
    return notes


def _warn_of_infinite(values: pd.Series) -> str:
    """Return a warning if there are infinite values, else ""."""
    count = int(are_infinite(values).sum())
    drop = f"To drop the rows: {setting('data.filters', [f'{values.name}.notna()'])}"
    return (
        f"{count} infinite value{'s' if count > 1 else ''}, taken as missing. {drop}"
        if count
        else ""
    )


def _warn_of_classes(
    table: pd.DataFrame, target: str, task: Task, warnings: dict[str, str]
) -> None:
    """Add to `warnings` those about the names of classes and categories."""
    for name in map(str, table.columns):
        values = table[name]
        warning = ""
        if name == target:
            if task == "classification":
                refuse_lone_classes(values)
                warning = class_warning(values)
        elif is_text(values):
            warning = spellings_warning(values, _MOST_LEVELS)
        if warning:
            _add_warnings(warnings, {name: warning})


def _without_empty_columns(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return `table` without columns that have no value, and the names of these."""
    empty = [name for name in table.columns if not table[name].notna().any()]
    if empty:
        log.warning("No value in %s: left out.", list_columns(empty))
    return table.drop(columns=empty), empty
