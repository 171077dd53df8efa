"""Columns of numbers with units or other texts beside them, or among texts.

If they have one meaning, they are read. Otherwise it is an error if most are numbers, and a warning
if the column stays texts. Codes and names that begin with digits are texts.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa

from relay.tables.reading.arrow_texts import as_arrow, have_digits, sample
from relay.tables.reading.numbers.ambiguous_numbers import (
    FEWEST_NUMBERS,
    FEWEST_QUANTITIES,
    KNOWN_UNITS,
    quote,
    report_several_meanings,
    report_texts_among,
)
from relay.tables.reading.numbers.quantities import MixedNumbers
from relay.tables.reading.numbers.shapes import (
    CLOCK,
    NUMBERS,
    PARTS,
    Shapes,
    are_times,
    as_written,
    best_shapes,
    count_distinct,
    currencies_in,
    find_shapes,
    has_decimals,
    has_thousands,
    lone_letter,
    units_in,
)
from relay.tables.reading.settings.dtype_words import MAY_LACK, MINUS_BEHIND, THOUSANDS, NumberWord

_FEWEST_OF_KNOWN_UNIT = 5
_FEWEST_DURATIONS = 5
_LEAST = 0.02


def read_mixed_numbers(values: pd.Series, decimal: str) -> MixedNumbers | None:
    """Return how to read the texts `values`; None if they have too few numbers to matter.

    Raises RelayError, with the settings that decide, if most are numbers, but their meaning is
    open.
    """
    few = _shapes_of(sample(values), decimal)
    if not _have_numbers(few):
        return None
    shapes = find_shapes(as_arrow(values.dropna()), few.form)
    for read_as in (_as_hours, _with_one_unit, _in_thousands, _with_minus_behind):
        read = read_as(shapes)
        if read is not None:
            return read
    if shapes.holds_only(*NUMBERS):
        return report_several_meanings(values, shapes)
    return report_texts_among(values, shapes)


def hold_numbers(examples: Sequence[str], decimal: str) -> bool:
    """Return True if enough of the different texts in `examples` are numbers."""
    if not have_digits(examples):
        return False
    return _have_numbers(_shapes_of(examples, decimal))


def _shapes_of(examples: Sequence[str], decimal: str) -> Shapes:
    return best_shapes(pa.array(examples, pa.large_string()), decimal)


def _have_numbers(shapes: Shapes) -> bool:
    return 0 < shapes.total * _LEAST <= shapes.count(*NUMBERS, "clock", "parts")


def _as_hours(shapes: Shapes) -> MixedNumbers | None:
    for example, kinds in ((CLOCK, ["clock"]), (PARTS, ["parts", "unit", "thousands"])):
        are_enough = shapes.count(kinds[0]) and len(shapes.of(*kinds)) >= _FEWEST_DURATIONS
        if shapes.holds_only(*kinds) and are_enough:
            if kinds[0] == "parts" and not are_times(shapes):
                return None
            example_text = shapes.of(kinds[0])[0]
            return MixedNumbers(
                NumberWord(example), f"times or durations such as '{example_text}', read as hours"
            )
    return None


def _with_one_unit(shapes: Shapes) -> MixedNumbers | None:
    if not shapes.holds_only("plain", "unit", "thousands"):
        return None
    units, bare = units_in(shapes), shapes.count("plain")
    if len(units) != 1 or (bare and has_thousands(shapes)):
        return None
    ((unit, count),) = units.items()
    distinct = count_distinct(shapes, *NUMBERS)
    decimals = has_decimals(shapes)
    is_known = unit in KNOWN_UNITS and (len(unit) > 1 or decimals)
    enough = decimals or distinct >= FEWEST_NUMBERS
    if not (enough or (is_known and distinct >= _FEWEST_OF_KNOWN_UNIT)) or distinct < 3:
        return None
    if bare and not is_known:
        return None
    written = as_written(shapes, unit)
    word = NumberWord(shapes.form.example, written + (MAY_LACK if bare else ""))
    if not bare:
        return MixedNumbers(word, f"numbers in '{written}'")
    with_unit, without = quote(shapes.of("unit", "thousands")), quote(shapes.of("plain"))
    warning = (
        f"{count} of {shapes.total} values are in '{written}', such as {with_unit}; the others, "
        f"such as {without}, are read in it as well. If they are not, correct the file"
    )
    return MixedNumbers(word, warning=warning)


def _in_thousands(shapes: Shapes) -> MixedNumbers | None:
    """Read `9.9K` beside `1.2M` or `$5`: only together such letters show their meaning."""
    count = shapes.count("thousands")
    if not count or not shapes.holds_only("plain", "money", "thousands"):
        return None
    currencies = currencies_in(shapes)
    few = count_distinct(shapes, *NUMBERS) < FEWEST_QUANTITIES
    if few or len(currencies) > 1 or not has_thousands(shapes):
        return None
    if not currencies and lone_letter(shapes):
        return None
    warning = (
        f"{count} of {shapes.total} values are in thousands (K), millions (M) or more, such "
        f"as {quote(shapes.of('thousands'))}: read as 1,000 or 1,000,000 times the number. If "
        "they are not: {setting}=str"
    )
    return MixedNumbers(NumberWord(shapes.form.example, THOUSANDS), warning=warning)


def _with_minus_behind(shapes: Shapes) -> MixedNumbers | None:
    """Read `5-` as -5 among many numbers; among a few, it can be a grade."""
    if not shapes.count("minus") or not shapes.holds_only("plain", "minus"):
        return None
    if not has_decimals(shapes) and count_distinct(shapes, *NUMBERS) < FEWEST_NUMBERS:
        return None
    warning = (
        f"{shapes.count('minus')} of {shapes.total} values have a minus behind them, such as "
        f"{quote(shapes.of('minus'))}: read as numbers below 0. If they are not: {{setting}}=str"
    )
    return MixedNumbers(NumberWord(shapes.form.example, MINUS_BEHIND), warning=warning)
