"""Columns of numbers with several meanings, or beside texts: an error, or texts with a warning."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from relay.tables.reading.numbers.decimal_mark import decimal_comma_hint
from relay.tables.reading.numbers.quantities import MixedNumbers
from relay.tables.reading.numbers.shapes import (
    NUMBERS,
    UNITS,
    Shapes,
    are_times,
    count_distinct,
    currencies_in,
    has_decimals,
    has_thousands,
    lone_letter,
    plain_unit,
    units_in,
)
from relay.tables.reading.settings.dtype_words import LIMITS, MAY_LACK, THOUSANDS
from relay.util.errors import RelayError
from relay.util.setting_text import setting

_SHOWN, _LONGEST = 5, 40
FEWEST_NUMBERS = 20
"""Fewer different numbers among texts can be the names of classes."""
FEWEST_QUANTITIES = 10
_MOST = 0.5
_SOME = 0.05
_MOST_WORDS = 20
_MOSTLY_NUMBERS = 0.8
_FEW_SLIPS = 2
"""So few different codes among decimals do not make a scheme, as the codes of diseases do."""
_MISTYPED = re.compile(r"(?=.*\d)(?=.*[OoIl])[-\dOoIl.,]+|\d+ ?/ ?\d+")
"""Letters in place of 0 and 1, and fractions."""
_FEW_UNITS = 4
KNOWN_UNITS = frozenset(plain_unit(unit) for unit in UNITS)
_LARGE = {"K": "thousands", "M": "millions", "B": "billions"}


def report_several_meanings(values: pd.Series, shapes: Shapes) -> MixedNumbers | None:
    """Report numbers with limits, or of several units: as an error if they are many."""
    distinct = count_distinct(shapes, *NUMBERS)
    key, form = f"data.dtypes.{values.name}", _word(shapes)
    stay = f"{setting(key, 'str')} keeps texts"
    limits, percent = shapes.count("limit"), shapes.count("percent")
    currencies, units = currencies_in(shapes), units_in(shapes)
    if limits:
        what = _strays(values, shapes, "limit", "limits")
        missing = _as_missing(shapes.of("limit"))
        limited = setting(key, f"{form} {LIMITS}")
        cure = f"{limited} takes '<0.5' as 0.5; {missing} takes them as missing"
    elif percent:
        what = (
            f"has {percent} numbers with %, such as {quote(shapes.of('percent'))}, and "
            f"{shapes.total - percent} without, such as "
            f"{quote(shapes.of(*(shape for shape in NUMBERS if shape != 'percent')))}"
        )
        cure = f"{setting(key, form)} takes 10% as 10"
    elif len(currencies) > 1:
        what = f"has amounts in several currencies: {_counted(currencies)}"
        cure = f"{setting(key, form)} takes them alike"
    elif shapes.holds_only("plain", "thousands") and has_thousands(shapes):
        return _with_lone_letter(values, shapes)
    else:
        return _in_several_units(shapes, units)
    if distinct < FEWEST_QUANTITIES:
        return None if limits else _warned(what, cure)
    raise RelayError(f"column '{values.name}': {what}. Correct the file; or {cure}; {stay}.")


def _with_lone_letter(values: pd.Series, shapes: Shapes) -> MixedNumbers | None:
    """Report `9.9K` beside `850`, which can be 9,900 or 9.9 kelvin; 12B can be a house number.

    Raises RelayError if the column has many different numbers.
    """
    letter, key = lone_letter(shapes), f"data.dtypes.{values.name}"
    if not letter:
        return None
    count, marked = shapes.count("thousands"), shapes.of("thousands")
    what = (
        f"has {count} numbers with {letter}, which can mean {_LARGE[letter]} or a unit, "
        f"such as {quote(marked)}, and {shapes.total - count} without, such as "
        f"{quote(shapes.of('plain'))}"
    )
    cure = (
        f"{setting(key, f'{_word(shapes)} {THOUSANDS}')} takes '{marked[0]}' in {_LARGE[letter]}, "
        f"{setting(key, f'{_word(shapes)} {letter}{MAY_LACK}')} takes {letter} for a unit"
    )
    if count_distinct(shapes, *NUMBERS) < FEWEST_QUANTITIES:
        return None
    if letter != "K" and not has_decimals(shapes):
        return _warned(what, cure)
    raise RelayError(
        f"column '{values.name}': {what}. Correct the file; or {cure}; {setting(key, 'str')} keeps "
        "texts."
    )


def _in_several_units(shapes: Shapes, units: Counter[str]) -> MixedNumbers | None:
    """Warn of units of measurement; letters behind house numbers are not units."""
    are_known = set(units) <= KNOWN_UNITS and any(len(unit) > 1 for unit in units)
    is_word = len(units) == 1 and len(max(units)) > 2
    are_few = 0 < len(units) <= _FEW_UNITS and has_decimals(shapes)
    if not (are_known or is_word or are_few) or count_distinct(shapes, *NUMBERS) < FEWEST_NUMBERS:
        return None
    bare = Counter({"none": shapes.count("plain")})
    return _warned(
        f"has numbers in several units ({_counted(units + bare)})",
        "make one unit of them in the file",
    )


def report_texts_among(values: pd.Series, shapes: Shapes) -> MixedNumbers | None:
    """Report numbers beside words or codes: as an error if most are numbers, else as a warning."""
    shown_as = [*NUMBERS] if _of_one_kind(shapes) else [*NUMBERS[:-1]]
    for times in (["clock"], ["parts", "unit"] if are_times(shapes) else ["parts"]):
        shown_as = max(shown_as, times, key=lambda kinds: shapes.count(*kinds))
    numbers, texts = shapes.count(*shown_as), shapes.total
    if numbers < _SOME * texts or count_distinct(shapes, *shown_as) < FEWEST_NUMBERS:
        return None
    others = [shape for shape in shapes.masks if shape not in shown_as]
    codes = shapes.count(*(shape for shape in others if shape not in ("word", "broken")))
    strays, stray = shapes.of(*others), shapes.count(*others)
    if not stray:
        return None
    what = _strays(values, shapes, others, "")
    are_slips = codes == stray and len(strays) <= _FEW_SLIPS and has_decimals(shapes)
    are_slips = are_slips or all(map(_MISTYPED.fullmatch, strays))
    if numbers >= _MOSTLY_NUMBERS * texts and are_slips:
        return _warned(what, "correct them in the file")
    if codes > _MOST * stray and (not has_decimals(shapes) or all(map(str.isalnum, strays))):
        return MixedNumbers(note=f"codes such as {quote(strays)} beside numbers: texts")
    if numbers < _MOST * texts:
        cure = f"data.dtypes.{values.name}=float, with {_as_missing(strays)}"
        return _warned(what, cure) if len(strays) <= _MOST_WORDS else None
    raise RelayError(
        f"column '{values.name}': {what}. Correct the file; or, if they mean missing values, set "
        f"{_as_missing(strays)}; or, if the column holds texts, "
        f"data.dtypes.{values.name}=str.{decimal_comma_hint(strays[0])}"
    )


def _of_one_kind(shapes: Shapes) -> bool:
    """Return True if there is only one unit of measurement behind the numbers."""
    units = units_in(shapes)
    return len(units) <= 1 and set(units) <= KNOWN_UNITS


def _warned(what: str, cure: str) -> MixedNumbers:
    """Return a reading as texts, with a warning; `cure` is how they become numbers."""
    stay = "If texts are right: {setting}=str"
    return MixedNumbers(warning=f"{what}: kept as texts. To have numbers, {cure}. {stay}")


def _strays(values: pd.Series, shapes: Shapes, kinds: str | Sequence[str], name: str) -> str:
    """Return a text with the number of values of these `kinds`, the first row, and examples."""
    chosen = [kinds] if isinstance(kinds, str) else kinds
    strays = shapes.of(*chosen)
    row = int(values.eq(strays[0]).to_numpy(dtype=bool, na_value=False).argmax()) + 1
    count = f"{shapes.count(*chosen)} of {shapes.total} values{name and ' that are '}{name}"
    return f"has numbers, except {count}, the first in row {row} of the data: {quote(strays)}"


def _as_missing(strays: Sequence[str]) -> str:
    different = [*dict.fromkeys(strays)]
    more = ", and so on for all" if len(different) > _SHOWN else ""
    return setting("data.read.missing_values", different[:_SHOWN]) + more


def _word(shapes: Shapes) -> str:
    """Return a dtype word of numbers in the format of `shapes`, for a command line."""
    return f"float:{'1234.56' if shapes.form.decimal == '.' else '1234,56'}"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"'{name}' {count}" for name, count in counts.most_common(_SHOWN))


def quote(texts: Sequence[str]) -> str:
    """Return the first of the different `texts` in quotes, each of 40 characters at most."""
    different = [*dict.fromkeys(texts)]
    shown = (
        text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…" for text in different[:_SHOWN]
    )
    return ", ".join(map(repr, shown)) + (", ..." if len(different) > _SHOWN else "")
