"""Cleaning a table by its data set's config: what is dropped is counted."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from duplicates import are_by_chance, first_repeats, repeated_rows
from missing_texts import Taken, kept_warning, taken_among_texts
from numpy.typing import NDArray
from params import Task
from targets import class_warning, to_target

from relay import RelayError
from relay.tables.reading.columns import find_column, renamed, require_one_target
from relay.tables.reading.dtype_words import text_word
from relay.tables.reading.dtypes import require_numbers
from relay.tables.reading.filters import check_filter
from relay.tables.reading.infer import convention_of, finite, read_column, with_plain_truths
from relay.tables.reading.missing import Counts, Marked
from relay.tables.reading.numbers import Convention
from relay.tables.reading.reach import are_infinite, require_reach
from relay.tables.reading.row_numbers import count_row_numbers
from relay.tables.reading.spellings import spellings_warning
from relay.tables.reading.texts import is_text, release_memory
from relay.util.names import column_name
from relay.util.setting_text import setting

log = logging.getLogger("relay")

_SHOWN = 3
_MOST_LEVELS = 200


@dataclass(frozen=True)
class Rules:
    """What to do with a table, from the data set's config."""

    target: str
    task: Task = "auto"
    rename: Mapping[str, str] = field(default_factory=dict)
    drop: Sequence[str] = ()
    dtypes: Mapping[str, str] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    filters: Sequence[str] = ()
    drop_duplicates: bool | Literal["auto"] = "auto"
    decimal: str | None = None
    separator: str | None = None
    """What lies between the fields of the file: beside semicolons, 1,234 is less than two."""
    marked: Marked = field(default_factory=Marked)
    """Which texts of the file were taken as missing, and which were kept."""
    labels: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """By a column's place, the rows of totals that have a word among its numbers."""


@dataclass(frozen=True)
class Cleaned:
    """A clean table; `removed` counts the rows that each rule removed, in order.

    `read_as` are the dtype words by which columns of texts were read, `notes` what else is to be
    known of columns, also of those that are gone, and `warnings` what must not go unnoticed;
    `decimal` is the mark in the file's numbers, where these show it. `repeats_kept` counts rows
    that repeat another by chance. `taken` are texts taken as missing in columns of texts.
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
    """Clean `table`, whose columns have their names as in the file; it is used up by this.

    Columns get safe names, then `rename`, `drop` and `dtypes` apply; columns with no dtype given
    are inferred. A row goes where it repeats another row of the file, a value is outside its range
    (missing ones stay), a filter does not hold, or the target is missing. Columns with no value at
    all go. The target's dtype shows the task: category or bool for classification, a number for
    regression. Raises RelayError if a setting does not fit the table, or nothing is left.
    """
    row_numbers = count_row_numbers(table)
    if row_numbers:
        log.info("Dropped the first column, which has no name and numbers the rows")
    names = renamed(table.columns, rules.rename)
    require_one_target(rules.target, table.columns, rules.rename, rules.drop)
    alike = _told_apart(table.columns, names)
    table.columns = names
    target = find_column(rules.target, names, "data.target")
    dropped = {find_column(name, names, "data.drop") for name in rules.drop}
    if target in dropped:
        raise RelayError(f"data.drop: '{target}' is the target.")
    dtypes = {find_column(name, names, "data.dtypes"): w for name, w in rules.dtypes.items()}
    ranges = {find_column(name, names, "data.ranges"): r for name, r in rules.ranges.items()}

    dropped |= set(names[:row_numbers]) - {target}
    used = {n for n in dropped if n in ranges or any(n in query for query in rules.filters)}
    words = _without_labels(table, rules.labels, dtypes)
    convention = convention_of(table, decimal=rules.decimal, separator=rules.separator)
    read_as, notes, warnings = _read_columns(
        table, dropped - used, dtypes, convention, target, alike
    )
    _add_warnings(warnings, words)

    _keep_codes(
        table, {names[place]: kept for place, kept in rules.marked.kept.items()}, read_as, warnings
    )
    taken = taken_among_texts(
        table, {names[place]: counts for place, counts in rules.marked.taken.items()}, dropped
    )

    rows = _Rows(len(table))
    # Before columns go: two records that differ in their id alone are not the same record.
    records = table.iloc[:, row_numbers:]
    repeated, repeats_kept = _repeats(records, rules.drop_duplicates)
    is_unasked = rules.drop_duplicates == "auto" and repeated.any()
    repeats_shown = first_repeats(records, repeated, _SHOWN) if is_unasked else {}
    if rules.drop_duplicates:
        rows.keep("duplicates", ~repeated)
    table = table.drop(columns=sorted(dropped - used))
    for name, (low, high) in ranges.items():
        rows.keep(f"range_{name}", _in_range(table[name], low, high))
    for number, query in enumerate(rules.filters, start=1):
        rows.keep(f"filter_{number}", _holds(table, query))
    rows.keep("missing_target", table[target].notna().to_numpy())
    rows.require_any(target)
    for name in table.columns.difference(sorted(used), sort=False):
        require_reach(table[name], rows.kept)

    table = table.drop(columns=sorted(used))
    if not rows.kept.all():
        table = table[rows.kept].reset_index(drop=True)
    table, empty = _without_empty_columns(table)
    notes |= dict.fromkeys(empty, "left out: it has no values")
    if target not in dtypes:  # what was missing, and kept texts from being truths, is gone
        table[target] = with_plain_truths(table[target])
    table[target], task = to_target(table[target], rules.task)
    if len(table.columns) < 2:
        raise RelayError(f"No column is left but the target '{target}': nothing to predict from.")
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
        repeats_kept=repeats_kept,
        repeats_shown=repeats_shown,
        taken=taken,
    )


def _read_columns(
    table: pd.DataFrame,
    skipped: Collection[str],
    dtypes: Mapping[str, str],
    convention: Convention,
    target: str,
    alike: Mapping[str, str],
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Read the columns of `table` in place, but for those `skipped`.

    Returns the dtype words by which texts were read, the notes, each after that in `alike`, and
    the warnings.
    """
    read_as, notes, warnings = {}, {}, {}
    for place, name in enumerate(table.columns):
        if name in skipped:
            continue
        word = dtypes.get(name)
        # A target's texts are the names of classes, also where they are yes and no.
        reading = read_column(table.iloc[:, place], word, convention, names_classes=name == target)
        if reading.word:
            read_as[name] = reading.word
        if warning := ". ".join(filter(None, (reading.warning, _of_infinite(reading.values)))):
            warnings[name] = warning
        table.isetitem(place, finite(reading.values).array)
        if note := "; ".join(filter(None, (alike.get(name), reading.note))):
            notes[name] = note
        release_memory()
    return read_as, notes, warnings


def _without_labels(
    table: pd.DataFrame, labels: Mapping[int, Sequence[int]], dtypes: Mapping[str, str]
) -> dict[str, str]:
    """Make words of totals missing in columns of numbers, in place; return a warning for each.

    A column with a dtype of its own keeps them.
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
            "row of totals that data.read.totals=keep keeps: a missing value in this column. To "
            f"keep it as text: data.dtypes.{name}=str"
        )
    return warnings


def _add_warnings(warnings: dict[str, str], more: Mapping[str, str]) -> None:
    """Add `more` to the `warnings` of columns."""
    for name, warning in more.items():
        warnings[name] = ". ".join(filter(None, (warnings.get(name), warning)))


def _keep_codes(
    table: pd.DataFrame,
    kept: Mapping[str, Counts],
    read_as: dict[str, str],
    warnings: dict[str, str],
) -> None:
    """Note in `read_as` and `warnings` which columns of codes keep a text that means "missing"."""
    for name, counts in kept.items():
        if is_text(table[name]) and name not in read_as:
            read_as[name] = text_word(counts)
            warnings[name] = kept_warning(counts)


def _repeats(records: pd.DataFrame, drop: bool | Literal["auto"]) -> tuple[NDArray[np.bool_], int]:
    """Return which rows repeat another and go, and how many stay as equal by chance."""
    repeated = repeated_rows(records) if drop else np.zeros(len(records), dtype=bool)
    if drop == "auto" and repeated.any() and are_by_chance(records):
        return np.zeros_like(repeated), int(repeated.sum())
    return repeated, 0


def _told_apart(in_file: Iterable[object], names: Sequence[str]) -> dict[str, str]:
    """Return a note for each column with a number in its name because another has the same name."""
    notes = {}
    for was, name in zip(in_file, names, strict=True):
        plain = column_name(was)
        if plain in names and re.fullmatch(rf"{re.escape(plain)}_\d+", name):
            notes[name] = f"'{was}' in the file; {plain} is another column"
    return notes


class _Rows:
    """Which rows are kept so far, and how many each rule took."""

    def __init__(self, count: int) -> None:
        self.kept = np.ones(count, dtype=bool)
        self.removed: dict[str, int] = {}

    def keep(self, rule: str, passing: np.ndarray) -> None:
        self.removed[rule] = int((self.kept & ~passing).sum())
        self.kept &= passing

    def require_any(self, target: str) -> None:
        if self.kept.any():
            return
        took = ", ".join(f"{rule} {count}" for rule, count in self.removed.items() if count)
        raise RelayError(
            f"None of {len(self.kept)} rows is left. Removed by each rule: {took}. "
            f"Check data.ranges, data.filters and the target '{target}'."
        )


def _of_infinite(values: pd.Series) -> str:
    count = int(are_infinite(values).sum())
    drop = f"To drop the rows: {setting('data.filters', [f'{values.name}.notna()'])}"
    return f"{count} infinite values, taken as missing. {drop}" if count else ""


def _warn_of_classes(
    table: pd.DataFrame, target: str, task: Task, warnings: dict[str, str]
) -> None:
    """Add to `warnings` what must not go unnoticed of the names of classes and categories."""
    for name in map(str, table.columns):
        values = table[name]
        warning = ""
        if name == target:
            warning = class_warning(values) if task == "classification" else ""
        elif is_text(values):
            warning = spellings_warning(values, _MOST_LEVELS)
        if warning:
            _add_warnings(warnings, {name: warning})


def _in_range(values: pd.Series, low: float | None, high: float | None) -> np.ndarray:
    require_numbers(values, f"data.ranges.{values.name}")
    above = -np.inf if low is None else low
    below = np.inf if high is None else high
    inside: np.ndarray = (values.isna() | values.between(above, below)).to_numpy(dtype=bool)
    return inside


def _holds(table: pd.DataFrame, query: str) -> np.ndarray:
    try:
        check_filter(query)
    except ValueError as error:
        raise RelayError(f"data.filters: {error}") from error
    try:
        answer = table.eval(query, engine="python")
    except Exception as error:  # a query can fail in as many ways as Python code can
        raise RelayError(
            f"data.filters: {query!r} does not work: {error}. "
            f"Columns: {', '.join(map(str, table.columns))}."
        ) from error
    if not (isinstance(answer, pd.Series) and pd.api.types.is_bool_dtype(answer.dtype)):
        raise RelayError(f"data.filters: {query!r} does not say true or false of each row.")
    holds: np.ndarray = answer.to_numpy(dtype=bool, na_value=False)
    return holds


def _without_empty_columns(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return `table` without columns that have no value, and the names of these."""
    empty = [name for name in table.columns if not table[name].notna().any()]
    if empty:
        log.info("Dropped columns with no values: %s", ", ".join(empty))
    return table.drop(columns=empty), empty
