"""Frequencies of time series, such as `15min`, `D` or `M`, and their seasons. No pandas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, cast, get_args

from pydantic import AfterValidator

Unit = Literal["s", "min", "h", "D", "B", "W", "M", "Q", "Y"]

SECONDS: Mapping[Unit, int] = {"s": 1, "min": 60, "h": 3600, "D": 86_400, "W": 604_800}
"""The units that always last as long."""
MONTHS: Mapping[Unit, int] = {"M": 1, "Q": 3, "Y": 12}

_NAMES: Mapping[Unit, str] = {
    "s": "second", "min": "minute", "h": "hour", "D": "day", "B": "working day", "W": "week",
    "M": "month", "Q": "quarter", "Y": "year",
}  # fmt: skip
_CYCLES: Mapping[Unit, int] = {"s": 60, "D": 7, "B": 5, "W": 52, "M": 12, "Q": 4, "Y": 1}
_DAY = 86_400
_FORM = re.compile(rf"(?P<count>[1-9]\d*)?(?P<unit>{'|'.join(get_args(Unit))})")


def parse(frequency: str) -> tuple[int, Unit]:
    """Return the count and the unit of a frequency: (15, "min") of `15min`.

    Raises ValueError if it is not a frequency.
    """
    match = _FORM.fullmatch(frequency)
    if match is None:
        raise ValueError(
            f"not a frequency (got {frequency!r}). Write a unit, {', '.join(get_args(Unit))}, "
            "with a number before it if it is not 1: 15min, h, D, W, M"
        )
    count, unit = int(match["count"] or 1), cast(Unit, match["unit"])
    if unit == "B" and count > 1:
        raise ValueError(f"only single working days are supported (got {frequency!r}). Write B")
    return count, unit


def _checked(frequency: str) -> str:
    parse(frequency)
    return frequency


Frequency = Annotated[str, AfterValidator(_checked)]
"""The type of a parameter with a frequency."""


def season_of(frequency: str) -> int:
    """Return the usual number of steps in a season: 12 months, 7 days, 24 hours, ...

    1 if the frequency has no season within a year.
    """
    count, unit = parse(frequency)
    if unit in ("min", "h"):
        return max(1, _DAY // (SECONDS[unit] * count))
    return max(1, _CYCLES[unit] // count)


def in_words(frequency: str, steps: int = 1) -> str:
    """Return a number of steps in words: `12 months`, `1 step of 15 minutes`."""
    count, unit = parse(frequency)
    if count == 1:
        return f"{steps:,} {_NAMES[unit]}{'' if steps == 1 else 's'}"
    return f"{steps:,} step{'' if steps == 1 else 's'} of {count} {_NAMES[unit]}s"
