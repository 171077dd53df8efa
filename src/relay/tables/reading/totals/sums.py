"""The numbers of a table, and the check whether those of a row are sums or means of others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relay.tables.reading.arrow_texts import is_text
from relay.tables.reading.columns.type_inference import convention_of
from relay.tables.reading.numbers.number_formats import find_format, parsed, without_placeholders
from relay.tables.reading.numbers.plain_numbers import as_plain_numbers

_FEWEST = 2
_CLOSE, _EXACT = 1e-3, 1e-6


class Numbers:
    """The columns of numbers in a table, also those of texts, without the labels in them."""

    def __init__(
        self, table: pd.DataFrame, labels: Mapping[int, int], decimal: str | None = None
    ) -> None:
        """Read the numbers of `table`; `labels` are texts that are not values: {row: column}."""
        mark = convention_of(table, decimal=decimal).decimal
        self._columns: dict[int, NDArray[np.float64]] = {}
        for place in range(table.shape[1]):
            rows = [row for row, column in labels.items() if column == place]
            numbers = _numbers(table.iloc[:, place], rows, mark)
            if numbers is not None:
                self._columns[place] = numbers

    @property
    def places(self) -> list[int]:
        return list(self._columns)

    def are_numbers(self, place: int) -> bool:
        return place in self._columns

    def at(self, row: int, place: int) -> float:
        return float(self._columns[place][row])

    def of(self, place: int, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the numbers of a column in `rows`, without missing ones."""
        numbers = self._columns[place][rows]
        return numbers[~np.isnan(numbers)]

    def are_beyond(self, row: int) -> bool:
        """Return True if most numbers of a row are larger than all others, far from the next."""
        beyond = []
        for numbers in self._columns.values():
            others = np.delete(numbers, row)
            others = others[~np.isnan(others)]
            if not np.isnan(numbers[row]) and len(others):
                beyond.append(abs(numbers[row]) > 2 * np.abs(others).max() > 0)
        return bool(beyond) and sum(beyond) * 2 > len(beyond)


def _numbers(values: pd.Series, labels: list[int], decimal: str) -> NDArray[np.float64] | None:
    types = pd.api.types
    if types.is_numeric_dtype(values) and not types.is_bool_dtype(values):
        return values.to_numpy(dtype="float64", na_value=np.nan)
    if not is_text(values):
        return None
    if labels:
        values = values.copy()
        values.iloc[labels] = None
    if not values.notna().any():
        return None
    numbers = as_plain_numbers(values)
    if numbers is None:
        values = without_placeholders(values)
        form = find_format(values, decimal) if values.notna().any() else None
        numbers = None if form is None else parsed(values, form)
    return None if numbers is None else numbers.to_numpy(dtype="float64", na_value=np.nan)


def add_up(numbers: Numbers, row: int, group: NDArray[np.bool_], *, wholly: bool) -> bool:
    """Return True if numbers of `row` are sums of those in `group`, or most of them are means.

    With `wholly`, all of them must be sums or means.
    """
    sums = means = others = 0
    for place in numbers.places:
        value, above = numbers.at(row, place), numbers.of(place, group)
        if np.isnan(value):
            continue
        if is_sum(value, above):
            sums += 1
        elif is_mean(value, above):
            means += 1
        else:
            others += 1
    if wholly:
        return others == 0 and sums + means > 0
    return sums > 0 or means > others


def is_sum(value: float, others: NDArray[np.float64], *, exact: bool = False) -> bool:
    """Return True if `value` is the sum of `others`, and larger than each of them."""
    if len(others) < _FEWEST:
        return False
    total, largest = others.sum(), np.abs(others).max()
    return bool(
        abs(value) > largest and abs(value - total) <= (_EXACT if exact else _CLOSE) * abs(total)
    )


def is_mean(value: float, others: NDArray[np.float64], *, exact: bool = False) -> bool:
    """Return True if `value` is the mean of `others`, which are not all the same."""
    if len(others) < _FEWEST:
        return False
    spread = np.ptp(others)
    return bool(spread > 0 and abs(value - others.mean()) <= (_EXACT if exact else _CLOSE) * spread)
