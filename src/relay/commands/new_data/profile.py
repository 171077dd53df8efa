"""The profile of a table: its columns, as a data set's config describes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from relay.tables.reading.columns.column_kinds import ColumnKind, kind_of
from relay.tables.reading.columns.row_numbers import count_row_numbers
from relay.tables.reading.columns.type_inference import convention_of, finite, read_column
from relay.tables.reading.settings.column_names import find_column
from relay.tables.reading.table import RawTable
from relay.util.errors import ConfigError, RelayError
from relay.util.names import column_names

MOST_CLASSES = 12
_USUAL_TARGETS = ("target", "label", "class", "y", "outcome")


@dataclass(frozen=True)
class Column:
    """One column: its safe name, its kind, and its values."""

    name: str
    kind: ColumnKind
    dtype: str
    """The dtype for a rule on it."""
    read_as: str | None = None
    """The dtype by which its texts were read, if they are more than plain numbers."""
    note: str = ""
    missing: int = 0
    distinct: int = 0
    low: float | None = None
    high: float | None = None
    classes: list[Any] = field(default_factory=list)
    """All its values, if they are few."""


@dataclass(frozen=True)
class Profile:
    """A table: its rows, its columns and, if they were recognised, its target and decimal mark.

    The columns are described by the rows `of_use`, which have a target. `row_numbers` is the number
    of columns at the left that only number the rows.
    """

    rows: int
    of_use: int
    columns: list[Column]
    target: str | None
    decimal: str | None
    row_numbers: int = 0


def profile(raw: RawTable, target: str | None, decimal: str | None) -> Profile:
    """Return the profile of `raw`, whose table is changed.

    Without a `target`, the only column with a usual name, such as `label`, is the target.

    Raises ConfigError if the table has no column `target`, RelayError if it has only one column.
    """
    table = raw.table
    row_numbers = count_row_numbers(table)
    table.columns = names = column_names(table.columns)
    target = _target(target, names) if target is not None else _usual_target(names)
    # As in the step `clean`, a target is not a row number.
    aside = [name for name in names[:row_numbers] if name != target]
    names = [name for name in names if name not in aside]
    if len(names) < 2:
        raise RelayError(
            f"new-data: the table has only one column ({', '.join(names)}), so there is nothing to "
            "predict from. Give data.read.separator if it has more."
        )
    convention = convention_of(table, decimal=decimal, separator=raw.about.get("separator"))
    rows = len(table)
    read = {}
    for name in names:
        read[name] = read_column(table[name], None, convention, names_classes=name == target)
        table[name] = finite(read[name].values)
    if target is not None:  # rows without a target are not in the clean table
        table = table[table[target].notna()]
    columns = [_column(table[name], values.word, values.note) for name, values in read.items()]
    return Profile(rows, len(table), columns, target, convention.evident, len(aside))


def _target(name: str, names: list[str]) -> str:
    try:
        return find_column(name, names, "--target")
    except RelayError as error:  # here the command is wrong, not the table
        raise ConfigError(f"new-data: {error}") from error


def _usual_target(names: list[str]) -> str | None:
    usual = [name for name in names if name in _USUAL_TARGETS]
    return usual[0] if len(usual) == 1 else None


def _column(values: pd.Series, word: str | None, note: str) -> Column:
    types = pd.api.types
    kind = kind_of(values)
    is_number = types.is_numeric_dtype(values) and not types.is_bool_dtype(values)
    distinct = int(values.nunique())
    few = 0 < distinct <= MOST_CLASSES and not is_number and kind in ("category", "constant")
    return Column(
        name=str(values.name),
        kind=kind,
        dtype=_dtype_word(values),
        read_as=word,
        note=note,
        missing=int(values.isna().sum()),
        distinct=distinct,
        low=float(values.min()) if is_number and distinct else None,
        high=float(values.max()) if is_number and distinct else None,
        classes=sorted(values.dropna().unique().tolist()) if few else [],
    )


def _dtype_word(values: pd.Series) -> str:
    types = pd.api.types
    tests = {
        "bool": types.is_bool_dtype,
        "int": types.is_integer_dtype,
        "float": types.is_float_dtype,
        "datetime": types.is_datetime64_any_dtype,
    }
    return next((word for word, holds in tests.items() if holds(values)), "str")
