"""The rows of a table that the rules of its data set keep, and how many each rule removes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from duplicates import are_by_chance, first_repeats, repeated_rows
from numpy.typing import NDArray

from relay import RelayError
from relay.tables.reading.columns.dtypes import require_numbers
from relay.tables.reading.settings.filters import check_filter

_SHOWN = 3

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Repeats:
    """Rows that repeat another row and are to be removed."""

    rows: Mask
    by_chance: int = 0
    """How many rows repeat another one by chance, and stay."""
    shown: Mapping[int, int] = field(default_factory=dict)
    """Some of the rows, if they are removed unasked, each with the row that it repeats."""


def find_repeats(records: pd.DataFrame, drop: bool | Literal["auto"]) -> Repeats:
    """Return the rows of `records` to remove as duplicates; with "auto" none if it is chance."""
    repeated = repeated_rows(records) if drop else np.zeros(len(records), dtype=bool)
    if drop != "auto" or not repeated.any():
        return Repeats(repeated)
    if are_by_chance(records):
        return Repeats(np.zeros_like(repeated), by_chance=int(repeated.sum()))
    return Repeats(repeated, shown=first_repeats(records, repeated, _SHOWN))


class KeptRows:
    """Which rows of a table are kept so far, and how many each rule removed."""

    def __init__(self, count: int) -> None:
        self.kept = np.ones(count, dtype=bool)
        self.removed: dict[str, int] = {}

    def keep(self, rule: str, passing: Mask) -> None:
        """Keep only rows that are `passing`, and count those that `rule` removes."""
        self.removed[rule] = int((self.kept & ~passing).sum())
        self.kept &= passing

    def apply(
        self,
        table: pd.DataFrame,
        ranges: Mapping[str, tuple[float | None, float | None]],
        filters: Sequence[str],
        target: str,
    ) -> None:
        """Apply `ranges` and `filters`, and remove rows in which `target` is missing.

        Raises RelayError if a rule does not fit the table, or if no row is left.
        """
        for name, (low, high) in ranges.items():
            self.keep(f"range_{name}", is_in_range(table[name], low, high))
        for number, query in enumerate(filters, start=1):
            self.keep(f"filter_{number}", is_true(table, query))
        self.keep("missing_target", table[target].notna().to_numpy())
        if not self.kept.any():
            removed = ", ".join(f"{rule} {count}" for rule, count in self.removed.items() if count)
            raise RelayError(
                f"None of {len(self.kept)} rows is left. Removed by each rule: {removed}. "
                f"Check data.ranges, data.filters and the target '{target}'."
            )


def is_in_range(values: pd.Series, low: float | None, high: float | None) -> Mask:
    """Return for each value whether it is from `low` to `high` (None is open), or missing.

    Raises RelayError if the values are not numbers.
    """
    require_numbers(values, f"data.ranges.{values.name}")
    least = -np.inf if low is None else low
    greatest = np.inf if high is None else high
    inside: Mask = (values.isna() | values.between(least, greatest)).to_numpy(dtype=bool)
    return inside


def is_true(table: pd.DataFrame, query: str) -> Mask:
    """Return for each row of `table` whether `query` is true; missing counts as false.

    Raises RelayError if the query cannot be evaluated, or is not true or false for each row.
    """
    try:
        check_filter(query)
    except ValueError as error:
        raise RelayError(f"data.filters: {error}") from error
    try:
        answer = table.eval(query, engine="python")
    except Exception as error:  # a query can fail in as many ways as Python code can
        raise RelayError(
            f"data.filters: {query!r} cannot be evaluated: {error}. "
            f"Columns: {', '.join(map(str, table.columns))}."
        ) from error
    if not (isinstance(answer, pd.Series) and pd.api.types.is_bool_dtype(answer.dtype)):
        kind = answer.dtype if isinstance(answer, pd.Series) else type(answer).__name__
        raise RelayError(
            f"data.filters: {query!r} must be true or false for each row (got {kind}). "
            "Write a comparison, such as 'price > 0'."
        )
    holds: Mask = answer.to_numpy(dtype=bool, na_value=False)
    return holds
