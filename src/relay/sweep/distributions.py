"""What values a parameter may take: a constant, a choice or a range."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_MOST_IN_GRID = 10_000


@dataclass(frozen=True)
class Constant:
    """The same value in each trial."""

    value: Any

    def to_check(self) -> list[Any]:
        """Return values whose validity shows that all are valid."""
        return [self.value]

    def all_values(self) -> list[Any] | None:
        """Return every value, or None if there are too many."""
        return [self.value]


@dataclass(frozen=True)
class Choice:
    """One of some values, each equally likely unless `probabilities` are given."""

    values: tuple[Any, ...]
    probabilities: tuple[float, ...] | None = None

    @property
    def labels(self) -> tuple[Any, ...]:
        """Return each value as Optuna keeps it: a list or mapping as JSON."""
        return tuple(map(_label, self.values))

    def to_check(self) -> list[Any]:
        """Return values whose validity shows that all are valid."""
        return list(self.values)

    def all_values(self) -> list[Any] | None:
        """Return every value, or None if there are too many."""
        return list(self.values)

    def encode(self, value: Any) -> Any:
        """Return how Optuna keeps `value`. Raises ValueError if it is none of the values."""
        return self.labels[_place(value, self.values)]

    def decode(self, label: Any) -> Any:
        """Return the value that Optuna keeps as `label`."""
        return self.values[_place(label, self.labels)]


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included.

    With `q` they are multiples of it. If all three are whole numbers, so are the values.
    """

    low: float
    high: float
    is_whole: bool = False
    is_log: bool = False
    q: float | None = None

    def to_check(self) -> list[Any]:
        """Return values whose validity shows that all are valid."""
        return [self.decode(self.low), self.decode(self.high)]

    def all_values(self) -> list[Any] | None:
        """Return every value, or None if there are too many."""
        step = self.q or (1 if self.is_whole else None)
        if step is None or (self.high - self.low) / step > _MOST_IN_GRID:
            return None
        count = int((self.high - self.low) / step + 1e-9) + 1
        return [self.decode(self.low + number * step) for number in range(count)]

    def encode(self, value: Any) -> float:
        """Return how Optuna keeps `value`. Raises ValueError if it is not in the range."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not self.low <= value <= self.high or self.decode(value) != value:
            raise ValueError(f"{value!r} is not between {self.low} and {self.high}")
        return int(value) if self.is_whole else float(value)

    def nearest(self, value: Any) -> Any:
        """Return the value of the range that is nearest to `value`, if that is a number."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        return self.decode(min(max(value, self.low), self.high))

    def decode(self, number: float) -> float:
        """Return the value for the number that Optuna keeps: the nearest multiple of `q`."""
        if self.q is not None:
            # by Decimal, as 3 * 0.1 is not 0.3
            number = float(Decimal(repr(self.q)) * round(number / self.q))
            number = min(max(number, self.low), self.high)
        return round(number) if self.is_whole else float(number)


Distribution = Constant | Choice | Range


def narrowed_to_multiples(low: float, high: float, q: float) -> tuple[float, float]:
    """Return the first and the last multiple of `q` from `low` to `high`.

    Raises ValueError if there is none.
    """
    first, last = math.ceil(low / q - 1e-9), math.floor(high / q + 1e-9)
    if first > last:
        raise ValueError(f"no multiple of q={q:g} is between {low:g} and {high:g}")
    step = Decimal(repr(q))
    return float(step * first), float(step * last)


def is_whole(*numbers: float) -> bool:
    """Return whether all `numbers` are whole."""
    return all(float(number).is_integer() for number in numbers)


def _label(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _place(value: Any, values: Sequence[Any]) -> int:
    """Return the place of `value`; True and 1 are different. Raises ValueError if absent."""
    for place, other in enumerate(values):
        if other == value and isinstance(other, bool) == isinstance(value, bool):
            return place
    raise ValueError(f"{value!r} is none of {', '.join(map(repr, values))}")
