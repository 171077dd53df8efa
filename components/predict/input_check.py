"""A check of the whole table before anything is predicted: does it fit the model?"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from files import Table, with_dtypes

from relay import RelayError
from relay.models.loading import coerce
from relay.tables.reading.infer import with_plain_dtypes
from relay.tables.reading.integers import floats_hold
from relay.tables.reading.reach import are_infinite
from relay.util.progress import Report

Kind = Literal["empty", "bool", "int", "long", "float", "time", "text"]
"""`long` are integers that floats do not hold."""


def kinds_of(
    piece: pd.DataFrame, texts: Collection[str] = (), decimal: str | None = None
) -> dict[str, Kind]:
    """The kind of each column of `piece`; those of `texts` are texts whatever they hold."""
    return {
        str(name): _kind(values if name in texts else with_plain_dtypes(values, decimal))
        for name, values in piece.items()
    }


def wider(one: Mapping[str, Kind], other: Mapping[str, Kind]) -> dict[str, Kind]:
    """For each column the kind that has room for both."""
    return {name: _wider(kind, other[name]) for name, kind in one.items()}


def as_kinds(
    piece: pd.DataFrame, kinds: Mapping[str, Kind], decimal: str | None = None
) -> pd.DataFrame:
    """`piece` with its columns as `kinds`, which have room for them."""
    return pd.DataFrame(
        {name: _as(piece[name], kind, decimal) for name, kind in kinds.items()}, index=piece.index
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


def _wider(one: Kind, other: Kind) -> Kind:
    both = {one, other}
    if len(both) == 1:
        return one
    if both <= {"empty", "int", "float"}:
        return "float"  # an integer has no place for what is missing
    if both <= {"empty", "int", "long"}:
        return "long"
    return "time" if both == {"empty", "time"} else "text"


def _as(values: pd.Series, kind: Kind, decimal: str | None) -> pd.Series:
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


@dataclass(frozen=True)
class Reading:
    """How the columns of a table are read for a model."""

    columns: Mapping[str, str]
    """Those that the model takes, with their MLflow types."""
    target: str
    """The column that it predicts, which a table may have as well, ..."""
    target_word: str | None
    """... and the dtype word for it."""
    words: Mapping[str, str]
    """Dtype words of some of them, ..."""
    trained: Collection[str]
    """... which for these are those of the training data."""
    texts: Collection[str]
    """Columns that are texts whatever they hold."""
    decimal: str | None

    def features(self, typed: pd.DataFrame) -> pd.DataFrame:
        """The columns that the model takes, in dtypes that it knows, beside the others."""
        return with_dtypes(typed, self.words, self.trained)


@dataclass(frozen=True)
class Looked:
    """How many rows a table has, and of what kind each column is."""

    rows: int
    kinds: Mapping[str, Kind]

    def typed(self, piece: pd.DataFrame, reading: Reading) -> pd.DataFrame:
        """A piece of the table with its columns of the kind that they are as a whole."""
        return as_kinds(piece, self.kinds, reading.decimal)


def look_through(table: Table, reading: Reading, report: Report) -> Looked:
    """RelayError, with the row and the column of what does not fit the model, where something does.

    All that is wrong in one piece is reported, and that later pieces were not checked.
    """
    kinds: Mapping[str, Kind] | None = None
    rows, infinite = 0, Counter[str]()
    for piece in table:
        own = kinds_of(piece, reading.texts, reading.decimal)
        kinds = own if kinds is None else wider(kinds, own)
        typed = as_kinds(piece, own, reading.decimal)
        _require_fit(typed, reading)
        infinite.update(_count_infinite(typed, reading))
        rows += len(piece)
        report(rows, None)
    if kinds is None:
        raise RelayError("The table to predict has no rows.")
    for name, count in infinite.items():
        log.warning("Column %s: %d infinite values, taken as missing", name, count)
    return Looked(rows, kinds)


def _count_infinite(typed: pd.DataFrame, reading: Reading) -> dict[str, int]:
    """How many infinite values the columns have that the model takes."""
    counts = {name: are_infinite(typed[name]).sum() for name in reading.columns if name in typed}
    return {name: int(count) for name, count in counts.items() if count}


def _require_fit(typed: pd.DataFrame, reading: Reading) -> None:
    wrong = []
    for name in reading.columns:
        part = typed[[name]] if name in typed else typed[[]]
        try:
            coerce(reading.features(part), {name: reading.columns[name]} if name in typed else {})
        except RelayError as error:
            wrong.append(str(error))
    if not wrong:
        coerce(reading.features(typed), reading.columns)  # missing columns are reported together
        return
    last = int(typed.index[-1]) + 1
    raise RelayError("\n".join(wrong) + f"\nRows up to {last:,} were looked at.")
