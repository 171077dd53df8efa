"""Columns of numbers with units or other texts beside them, or among texts.

If they have one meaning, they are read. Otherwise it is an error if most are numbers, and a warning
if the column stays texts. Codes and names that begin with digits are texts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from relay.tables.reading.arrow_texts import as_arrow, have_digits, sample
from relay.tables.reading.numbers.numbers import CURRENCY, decimal_comma_hint
from relay.tables.reading.numbers.quantities import (
    CLOCK,
    NUMBERS,
    PARTS,
    UNITS,
    Shapes,
    as_written,
    best_shapes,
    currencies_in,
    find_shapes,
    plain_unit,
    units_in,
)
from relay.tables.reading.settings.dtype_words import (
    LIMITS,
    MAY_LACK,
    MINUS_BEHIND,
    THOUSANDS,
    NumberWord,
)
from relay.util.errors import RelayError
from relay.util.setting_text import setting

_FEWEST_NUMBERS = 20
"""Fewer different numbers among texts can be the names of classes."""
_FEWEST_QUANTITIES, _FEWEST_OF_KNOWN_UNIT = 10, 5
_MOST = 0.5
_SOME, _LEAST = 0.05, 0.02
_MOST_WORDS = 20
_FEW_UNITS = 4
_SHOWN, _LONGEST = 5, 40
_KNOWN_UNITS = frozenset(plain_unit(unit) for unit in UNITS)
_LARGE = {"K": "thousands", "M": "millions", "B": "billions"}
_NUMBER = re.compile(r"[\d.,:' \u00a0]*\d")


@dataclass(frozen=True)
class MixedNumbers:
    """How to read a column: by `word`, or as texts if it is None."""

    word: NumberWord | None = None
    note: str = ""
    warning: str = ""


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
        return _with_several_meanings(values, shapes)
    return _among_texts(values, shapes)


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
        if shapes.holds_only(*kinds) and shapes.count(kinds[0]) and _distinct(shapes, *kinds) >= 5:
            if kinds[0] == "parts" and not _are_times(shapes):
                return None
            example_text = shapes.of(kinds[0])[0]
            return MixedNumbers(
                NumberWord(example), f"times or durations such as '{example_text}', read as hours"
            )
    return None


def _are_times(shapes: Shapes) -> bool:
    times = {"w", "week", "wk", "d", "day", "h", "hr", "hour", "m", "min", "minute", "s", "sec"}
    return set(units_in(shapes)) <= times | {"second"}


def _with_one_unit(shapes: Shapes) -> MixedNumbers | None:
    if not shapes.holds_only("plain", "unit", "thousands"):
        return None
    units, bare = units_in(shapes), shapes.count("plain")
    if len(units) != 1 or (bare and _has_thousands(shapes)):
        return None
    ((unit, count),) = units.items()
    distinct = _distinct(shapes, *NUMBERS)
    has_decimals = _has_decimals(shapes)
    is_known = unit in _KNOWN_UNITS and (len(unit) > 1 or has_decimals)
    enough = has_decimals or distinct >= _FEWEST_NUMBERS
    if not (enough or (is_known and distinct >= _FEWEST_OF_KNOWN_UNIT)) or distinct < 3:
        return None
    if bare and not is_known:
        return None
    written = as_written(shapes, unit)
    word = NumberWord(shapes.form.example, written + (MAY_LACK if bare else ""))
    if not bare:
        return MixedNumbers(word, f"numbers in '{written}'")
    with_unit, without = _shown(shapes.of("unit", "thousands")), _shown(shapes.of("plain"))
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
    few = _distinct(shapes, *NUMBERS) < _FEWEST_QUANTITIES
    if few or len(currencies) > 1 or not _has_thousands(shapes):
        return None
    if not currencies and _lone_letter(shapes):
        return None
    warning = (
        f"{count} of {shapes.total} values are in thousands (K), millions (M) or more, such "
        f"as {_shown(shapes.of('thousands'))}: read as 1,000 or 1,000,000 times the number. If "
        "they are not: {setting}=str"
    )
    return MixedNumbers(NumberWord(shapes.form.example, THOUSANDS), warning=warning)


def _with_minus_behind(shapes: Shapes) -> MixedNumbers | None:
    """Read `5-` as -5 among many numbers; among a few, it can be a grade."""
    if not shapes.count("minus") or not shapes.holds_only("plain", "minus"):
        return None
    if not _has_decimals(shapes) and _distinct(shapes, *NUMBERS) < _FEWEST_NUMBERS:
        return None
    warning = (
        f"{shapes.count('minus')} of {shapes.total} values have a minus behind them, such as "
        f"{_shown(shapes.of('minus'))}: read as numbers below 0. If they are not: {{setting}}=str"
    )
    return MixedNumbers(NumberWord(shapes.form.example, MINUS_BEHIND), warning=warning)


def _signs(shapes: Shapes) -> set[str]:
    """Return the letters that can mean thousands or more."""
    return {re.sub(rf"[^A-Za-z]|{CURRENCY}", "", text) for text in shapes.of("thousands")}


def _lone_letter(shapes: Shapes) -> str:
    """Return the only letter behind numbers, such as K, if it can be a unit; else ""."""
    signs = {sign.upper() for sign in _signs(shapes)}
    return signs.pop() if len(signs) == 1 and len(max(signs)) == 1 else ""


def _has_thousands(shapes: Shapes) -> bool:
    """Return True if the letters are not only `m` or `b`, which can be metres or bytes."""
    signs = _signs(shapes)
    return bool(signs) and signs not in ({"m"}, {"b"})


def _with_several_meanings(values: pd.Series, shapes: Shapes) -> MixedNumbers | None:
    """Report numbers with limits, or of several units: as an error if they are many."""
    distinct = _distinct(shapes, *NUMBERS)
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
            f"has {percent} numbers with %, such as {_shown(shapes.of('percent'))}, and "
            f"{shapes.total - percent} without, such as "
            f"{_shown(shapes.of(*(shape for shape in NUMBERS if shape != 'percent')))}"
        )
        cure = f"{setting(key, form)} takes 10% as 10"
    elif len(currencies) > 1:
        what = f"has amounts in several currencies: {_counted(currencies)}"
        cure = f"{setting(key, form)} takes them alike"
    elif shapes.holds_only("plain", "thousands") and _has_thousands(shapes):
        return _with_lone_letter(values, shapes)
    else:
        return _in_several_units(shapes, units)
    if distinct < _FEWEST_QUANTITIES:
        return None if limits else _warned(what, cure)
    raise RelayError(f"column '{values.name}': {what}. Correct the file; or {cure}; {stay}.")


def _with_lone_letter(values: pd.Series, shapes: Shapes) -> MixedNumbers | None:
    """Report `9.9K` beside `850`, which can be 9,900 or 9.9 kelvin; 12B can be a house number.

    Raises RelayError if the column has many different numbers.
    """
    letter, key = _lone_letter(shapes), f"data.dtypes.{values.name}"
    if not letter:
        return None
    count, marked = shapes.count("thousands"), shapes.of("thousands")
    what = (
        f"has {count} numbers with {letter}, which can mean {_LARGE[letter]} or a unit, "
        f"such as {_shown(marked)}, and {shapes.total - count} without, such as "
        f"{_shown(shapes.of('plain'))}"
    )
    cure = (
        f"{setting(key, f'{_word(shapes)} {THOUSANDS}')} takes '{marked[0]}' in {_LARGE[letter]}, "
        f"{setting(key, f'{_word(shapes)} {letter}{MAY_LACK}')} takes {letter} for a unit"
    )
    if _distinct(shapes, *NUMBERS) < _FEWEST_QUANTITIES:
        return None
    if letter != "K" and not _has_decimals(shapes):
        return _warned(what, cure)
    raise RelayError(
        f"column '{values.name}': {what}. Correct the file; or {cure}; {setting(key, 'str')} keeps "
        "texts."
    )


def _in_several_units(shapes: Shapes, units: Counter[str]) -> MixedNumbers | None:
    """Warn of units of measurement; letters behind house numbers are not units."""
    are_known = set(units) <= _KNOWN_UNITS and any(len(unit) > 1 for unit in units)
    is_word = len(units) == 1 and len(max(units)) > 2
    are_few = 0 < len(units) <= _FEW_UNITS and _has_decimals(shapes)
    if not (are_known or is_word or are_few) or _distinct(shapes, *NUMBERS) < _FEWEST_NUMBERS:
        return None
    bare = Counter({"none": shapes.count("plain")})
    return _warned(
        f"has numbers in several units ({_counted(units + bare)})",
        "make one unit of them in the file",
    )


def _among_texts(values: pd.Series, shapes: Shapes) -> MixedNumbers | None:
    """Report numbers beside words or codes: as an error if most are numbers, else as a warning."""
    shown_as = [*NUMBERS] if _of_one_kind(shapes) else [*NUMBERS[:-1]]
    for times in (["clock"], ["parts", "unit"] if _are_times(shapes) else ["parts"]):
        shown_as = max(shown_as, times, key=lambda kinds: shapes.count(*kinds))
    numbers, texts = shapes.count(*shown_as), shapes.total
    if numbers < _SOME * texts or _distinct(shapes, *shown_as) < _FEWEST_NUMBERS:
        return None
    others = [shape for shape in shapes.masks if shape not in shown_as]
    codes = shapes.count(*(shape for shape in others if shape not in ("word", "broken")))
    strays, stray = shapes.of(*others), shapes.count(*others)
    if not stray:
        return None
    what = _strays(values, shapes, others, "")
    if codes > _MOST * stray and (not _has_decimals(shapes) or all(map(str.isalnum, strays))):
        return MixedNumbers(note=f"codes such as {_shown(strays)} beside numbers: texts")
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
    return len(units) <= 1 and set(units) <= _KNOWN_UNITS


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
    return f"has numbers, except {count}, the first in row {row} of the data: {_shown(strays)}"


def _as_missing(strays: Sequence[str]) -> str:
    different = [*dict.fromkeys(strays)]
    more = ", and so on for all" if len(different) > _SHOWN else ""
    return setting("data.read.missing_values", different[:_SHOWN]) + more


def _word(shapes: Shapes) -> str:
    """Return a dtype word of numbers in the format of `shapes`, for a command line."""
    return f"float:{'1234.56' if shapes.form.decimal == '.' else '1234,56'}"


def _distinct(shapes: Shapes, *kinds: str) -> int:
    numbers = map(_NUMBER.search, shapes.of(*kinds))
    return len({number[0] for number in numbers if number})


def _has_decimals(shapes: Shapes) -> bool:
    mark = re.compile(rf"\d{re.escape(shapes.form.decimal)}\d")
    return any(mark.search(text) for text in shapes.of(*NUMBERS))


def _shown(texts: Sequence[str]) -> str:
    different = [*dict.fromkeys(texts)]
    shown = (
        text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…" for text in different[:_SHOWN]
    )
    return ", ".join(map(repr, shown)) + (", ..." if len(different) > _SHOWN else "")


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"'{name}' {count}" for name, count in counts.most_common(_SHOWN))
