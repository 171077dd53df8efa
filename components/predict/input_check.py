"""The check that a whole table fits the model, before anything is predicted."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from table_files import Table, with_dtypes

from relay import RelayError
from relay.models.loading import coerce
from relay.tables.reading.columns.float32_range import are_infinite
from relay.tables.reading.columns.type_inference import with_plain_dtypes
from relay.tables.reading.numbers.integers import floats_hold
from relay.util.names import list_columns
from relay.util.progress import Report

Kind = Literal["empty", "bool", "int", "long", "float", "time", "text"]
"""`long` are integers that float64 cannot represent."""


def read_kinds(
    piece: pd.DataFrame, texts: Collection[str] = (), decimal: str | None = None
) -> dict[str, Kind]:
    """Return the kind of each column of `piece`; columns in `texts` are always texts."""
    return {
        str(name): _kind(values if name in texts else with_plain_dtypes(values, decimal))
        for name, values in piece.items()
    }


def join_kinds(first: Mapping[str, Kind], second: Mapping[str, Kind]) -> dict[str, Kind]:
    """Return for each column the kind that can represent the values of both."""
    return {name: _join(kind, second[name]) for name, kind in first.items()}


def convert_to_kinds(
    piece: pd.DataFrame, kinds: Mapping[str, Kind], decimal: str | None = None
) -> pd.DataFrame:
    """Return `piece` with its columns converted to `kinds`, which can represent their values."""
    return pd.DataFrame(
        {name: _convert(piece[name], kind, decimal) for name, kind in kinds.items()},
        index=piece.index,
    )


def _kind(values: pd.Series) -> Kind:
    types = pd.api.types
    if values.isna().all():
        return "empty"
    if types.is_bool_dtype(values):
        return "bool"
    if types.is_numeric_dtype(values):
        if types.is_integer_dtype(values):
            is_plain = floats_hold(values) and values.notna().all()
            return "int" if is_plain else "long"
        return "float"
    return "time" if types.is_datetime64_any_dtype(values) else "text"


def _join(first: Kind, second: Kind) -> Kind:
    both = {first, second}
    if len(both) == 1:
        return first
    if both <= {"empty", "int", "float"}:
        return "float"  # int64 has no missing values
    if both <= {"empty", "int", "long"}:
        return "long"
    return "time" if both == {"empty", "time"} else "text"


def _convert(values: pd.Series, kind: Kind, decimal: str | None) -> pd.Series:
    if kind in ("text", "empty"):
        return values.astype("str")
    if kind == "time":
        return values.astype("datetime64[us]")
    values = with_plain_dtypes(values, decimal)
    if kind == "bool":
        return values
    if kind == "long":
        return values.astype("Int64")
    return values.astype("float64" if kind == "float" else "int64")


log = logging.getLogger("relay")


def warn_of_empty_columns(checked: CheckedTable, columns: Collection[str]) -> None:
    """Log a warning of those `columns` of the model that have no value in the whole table."""
    empty = [name for name in columns if checked.kinds[name] == "empty"]
    if empty:
        log.warning(
            "No value in %s: %s. The training set has some; the model takes these as missing.",
            "the only row" if checked.rows == 1 else f"all {checked.rows:,} rows",
            list_columns(empty),
        )  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """How the columns of a table are read for a model."""

    columns: Mapping[str, str]
    """The columns that the model takes, with their MLflow types."""
    target: str
    """The column that the model predicts, which the table can have as well."""
    target_word: str | None
    """The dtype word of the target."""
    words: Mapping[str, str]
    """The dtype words of some columns."""
    trained: Collection[str]
    """The columns whose dtype words are those of the training set."""
    texts: Collection[str]
    """The columns that are always read as texts."""
    decimal: str | None
    """The decimal mark; None if it is inferred."""

    def features(self, typed: pd.DataFrame) -> pd.DataFrame:
        """Return `typed` with the columns of the model converted to the dtypes of `words`."""
        return with_dtypes(typed, self.words, self.trained)


@dataclass(frozen=True)
class CheckedTable:
    """A table that fits the model: its number of rows, and the kind of each column."""

    rows: int
    kinds: Mapping[str, Kind]

    def typed(self, piece: pd.DataFrame, reading: Reading) -> pd.DataFrame:
        """Return a piece of the table, converted to the kinds of the whole columns."""
        return convert_to_kinds(piece, self.kinds, reading.decimal)


def check_table(table: Table, reading: Reading, report: Report) -> CheckedTable:
    """Check that each piece of `table` fits the model, and return its kinds and number of rows.

    Raises RelayError with the row and column of all values that do not fit in the first piece that
    has such a value.
    """
    kinds: Mapping[str, Kind] | None = None
    rows, infinite = 0, Counter[str]()
    for piece in table:
        own = read_kinds(piece, reading.texts, reading.decimal)
        kinds = own if kinds is None else join_kinds(kinds, own)
        typed = convert_to_kinds(piece, own, reading.decimal)
        _require_fit(typed, reading)
        infinite.update(_count_infinite(typed, reading))
        rows += len(piece)
        report(rows, None)
    if kinds is None:
        raise RelayError("predict.input: the table has no rows. Name a table with rows.")
    for name, count in infinite.items():
        plural = "s" if count > 1 else ""
        log.warning("Column %s: %d infinite value%s, taken as missing.", name, count, plural)
    return CheckedTable(rows, kinds)


def _count_infinite(typed: pd.DataFrame, reading: Reading) -> dict[str, int]:
    """Count the infinite values in the columns that the model takes."""
    counts = {name: are_infinite(typed[name]).sum() for name in reading.columns if name in typed}
    return {name: int(count) for name, count in counts.items() if count}


def _require_fit(typed: pd.DataFrame, reading: Reading) -> None:
    """Check that a piece fits the model. Raises RelayError with a line for each column."""
    problems = []
    for name in reading.columns:
        part = typed[[name]] if name in typed else typed[[]]
        try:
            coerce(reading.features(part), {name: reading.columns[name]} if name in typed else {})
        except RelayError as error:
            problems.append(str(error))
    if not problems:
        coerce(reading.features(typed), reading.columns)  # missing columns are reported together
        return
    last = int(typed.index[-1]) + 1
    raise RelayError("\n".join(problems) + f"\nOnly rows up to {last:,} were checked.")
