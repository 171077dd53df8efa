"""What columns are in a table as a whole, found piece by piece: so all pieces come out alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

import pandas as pd

from relay.tables.reading.infer import with_plain_dtypes
from relay.tables.reading.integers import floats_hold

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
