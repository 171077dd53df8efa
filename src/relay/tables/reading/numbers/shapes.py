"""The shapes of texts that have a number in them: plain, with a unit, a limit, a currency, ..."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relay.tables.reading.numbers.number_formats import CURRENCY, SIGN, NumberFormat, formats_for
from relay.tables.reading.settings.dtype_words import DURATION_EXAMPLES

CLOCK, PARTS = DURATION_EXAMPLES
HOURS = {
    "w": 168.0, "week": 168.0, "wk": 168.0, "d": 24.0, "day": 24.0, "h": 1.0, "hr": 1.0,
    "hour": 1.0, "std": 1.0, "m": 1 / 60, "min": 1 / 60, "minute": 1 / 60, "s": 1 / 3600,
    "sec": 1 / 3600, "second": 1 / 3600,
}  # fmt: skip
_NAMES = "|".join(sorted(HOURS, key=len, reverse=True))
PART = rf"(\d+(?:[.,]\d+)?)\s*({_NAMES})s?\.?"
_ISO_DURATION = r"[-+]?P(?:\d+D)?T(?:\d+H)?(?:\d+M)?(?:\d+(?:[.,]\d+)?S)?|[-+]?P\d+D"
_DAYS_AND_CLOCK = r"[-+]?\d+ days?,? [-+]?\d{1,2}:[0-5]\d:[0-5]\d(?:\.\d+)?"
PATTERNS = {
    CLOCK: r"^[-+]?\d{1,3}:[0-5]\d(:[0-5]\d([.,]\d+)?)?(\s*[AaPp]\.?[Mm]\.?)?$",
    PARTS: rf"^(?i:[-+]?{PART}(?:,?\s*(?:and\s+)?{PART})*|{_ISO_DURATION}|{_DAYS_AND_CLOCK})$",
}
"""Patterns for RE2 and Python, by their example."""
LIMIT = (
    r"(?:[<>≤≥≈~]=?|=[<>]|(?i:ca\.?|approx\.?|about|up to|at (?:least|most)|"
    r"(?:less|more|fewer|greater) than|below|above|under|over))\s*"
)
OR_MORE = r"\s*(?:\+|(?i:(?:or|and) (?:more|less|over|above|up|older|under|below)|plus))$"
_LETTERS = "A-Za-zµÀ-ÖØ-öø-ɏͰ-῿぀-퟿"
"""Letters of nearly all scripts, in a few ranges: RE2 compiles its own class of letters slowly."""
UNIT_TEXT = (
    rf"[{_LETTERS}°](?:[{_LETTERS}°/·²³^. ]{{0,18}}[{_LETTERS}.²³])?(?:\^?[23]|100 ?km)?|[\"'″′]"
)
THOUSANDS_SIGN = "K|k|M|m|B|b|bn|mn|Mio|Mrd"
_UNIT_NAMES = """
mg g kg t lb lbs oz mm cm dm m km in inch inches ft feet yd mi mile miles nm µm ml cl dl l litre
liter gal pt qt m2 m3 m² m³ km2 km² cm3 cm³ sqft sqm sq.ft ha acre acres km/h kmh kph mph m/s knots
°c °f °k c f w kw mw gw wh kwh mwh v mv kv a ma mah ah hz khz mhz ghz j kj kcal cal pa hpa kpa bar
psi n hp bhp ps cc rpm b kb mb gb tb kib mib gib bit kbit mbit px dpi mp s sec secs second seconds
min mins minute minutes h hr hrs hour hours d day days week weeks month months mo year years yr yrs
pts points ppm ppb db mol mmol mmol/l mg/dl mg/l g/l g/dl µg/l iu u/l bpm mmhg x km/l kmpl mpg
l/100km kg/m2 kg/m² pcs pieces stück jahre tage stunden monate
"""
_LOOKED_AT = 10_000
_DIGITS = re.compile(r"[\d.,:' \u00a0]*\d")
UNITS = frozenset(_UNIT_NAMES.split())
"""Units of measurement, in lower case."""


@dataclass(frozen=True)
class Shapes:
    """The shapes of the different texts of a column: for each shape, the texts that have it."""

    texts: pa.Array
    counts: NDArray[np.int64]
    """How often each of `texts` occurs."""
    form: NumberFormat
    masks: dict[str, NDArray[np.bool_]]

    @property
    def total(self) -> int:
        return int(self.counts.sum())

    def count(self, *shapes: str) -> int:
        """Return how many values have one of these shapes."""
        return int(sum(self.counts[self.masks[shape]].sum() for shape in shapes))

    def of(self, *shapes: str) -> list[str]:
        """Return the first of the different texts with these shapes."""
        chosen = np.any([self.masks[shape] for shape in shapes], axis=0)
        texts: list[str] = self.texts.filter(pa.array(chosen)).slice(0, _LOOKED_AT).to_pylist()
        return texts

    def holds_only(self, *shapes: str) -> bool:
        return self.count(*shapes) == self.total


NUMBERS = ("plain", "minus", "percent", "money", "limit", "thousands", "unit")
"""The shapes that have one number in them."""


def find_shapes(texts: pa.Array | pa.ChunkedArray, form: NumberFormat) -> Shapes:
    """Return the shape of each of `texts`, the first of the patterns that it has.

    `word` has no digit in it.
    """
    counted = pc.value_counts(texts)
    texts, counts = counted.field("values"), counted.field("counts").to_numpy()
    number = rf"{SIGN}?\s*{form.digits}"
    money = rf"{SIGN}?\s*(?:{CURRENCY})?\s*{number}\s*(?:{CURRENCY})?"
    patterns = {
        "plain": rf"^(?:{number}|\({form.digits}\))$",
        "minus": rf"^{form.digits}\s*-$",
        "percent": rf"^{number}\s*%$",
        "money": rf"^(?:{money}|\({money}\))$",
        "limit": rf"^(?:{LIMIT}{money}\s*(?:%|{UNIT_TEXT})?|{money}\s*%?{OR_MORE})$",
        "thousands": rf"^{money}\s*(?:{THOUSANDS_SIGN})\s*(?:{CURRENCY})?$",
        "clock": PATTERNS[CLOCK],
        "unit": rf"^{number}\s*(?:{UNIT_TEXT})$",
        "parts": PATTERNS[PARTS],
        "word": r"^[^\d]*$",
        "code": rf"^[{_LETTERS}].*\d|^\d+[{_LETTERS}][{_LETTERS}\d]*$"
        rf"|^[{_LETTERS}\d]+([-/_:][{_LETTERS}\d]+)+$",
        "broken": r"",
    }
    left = np.ones(len(texts), dtype=bool)
    masks = {}
    for shape, pattern in patterns.items():
        fits = pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
        masks[shape] = left & fits.astype(bool)
        left &= ~masks[shape]
    return Shapes(texts, counts, form, masks)


def best_shapes(texts: pa.Array | pa.ChunkedArray, decimal: str) -> Shapes:
    """Return the shapes of `texts` in the number format by which most of them are numbers."""
    return max(
        (find_shapes(texts, form) for form in formats_for(decimal)),
        key=lambda shapes: (shapes.count(*NUMBERS), shapes.count("plain")),
    )


def plain_unit(unit: str) -> str:
    """Return `unit` in lower case, without a point at the end and a plural s."""
    plain = " ".join(unit.casefold().split()).rstrip(".")
    return plain[:-1] if len(plain) > 2 and plain.endswith("s") else plain


def as_written(shapes: Shapes, unit: str) -> str:
    """Return the most frequent spelling of `unit`."""
    spelled = Counter(
        re.sub(rf"^{SIGN}?\s*{shapes.form.digits}\s*", "", text)
        for text in shapes.of("unit", "thousands")
    )
    return next((text for text, _ in spelled.most_common() if plain_unit(text) == unit), unit)


def units_in(shapes: Shapes) -> Counter[str]:
    """Count the values with each unit."""
    units: Counter[str] = Counter()
    chosen = shapes.masks["unit"] | shapes.masks["thousands"]
    texts = pc.replace_substring_regex(
        shapes.texts.filter(pa.array(chosen)), rf"^{SIGN}?\s*{shapes.form.digits}\s*", ""
    )
    for unit, count in _counted(texts, shapes.counts[chosen]).items():
        units[plain_unit(unit)] += count
    return units


def currencies_in(shapes: Shapes) -> Counter[str]:
    """Count the values with each currency."""
    chosen = shapes.masks["money"] | shapes.masks["thousands"] | shapes.masks["limit"]
    matches = pc.extract_regex(shapes.texts.filter(pa.array(chosen)), f"(?P<name>{CURRENCY})")
    names = pc.utf8_rtrim(pc.struct_field(matches, "name"), ".")
    return _counted(names, shapes.counts[chosen])


def _counted(names: pa.Array, counts: NDArray[np.int64]) -> Counter[str]:
    """Return the sum of `counts` for each of `names`."""
    summed = pd.Series(counts).groupby(names.to_pandas().to_numpy()).sum()
    return Counter({str(name): int(count) for name, count in summed.items()})


def are_times(shapes: Shapes) -> bool:
    """Return True if all units are of time."""
    times = {"w", "week", "wk", "d", "day", "h", "hr", "hour", "m", "min", "minute", "s", "sec"}
    return set(units_in(shapes)) <= times | {"second"}


def _signs(shapes: Shapes) -> set[str]:
    """Return the letters that can mean thousands or more."""
    return {re.sub(rf"[^A-Za-z]|{CURRENCY}", "", text) for text in shapes.of("thousands")}


def lone_letter(shapes: Shapes) -> str:
    """Return the only letter behind numbers, such as K, if it can be a unit; else ""."""
    signs = {sign.upper() for sign in _signs(shapes)}
    return signs.pop() if len(signs) == 1 and len(max(signs)) == 1 else ""


def has_thousands(shapes: Shapes) -> bool:
    """Return True if the letters are not only `m` or `b`, which can be metres or bytes."""
    signs = _signs(shapes)
    return bool(signs) and signs not in ({"m"}, {"b"})


def count_distinct(shapes: Shapes, *kinds: str) -> int:
    """Return how many different numbers there are among the first texts with these shapes."""
    numbers = map(_DIGITS.search, shapes.of(*kinds))
    return len({number[0] for number in numbers if number})


def has_decimals(shapes: Shapes) -> bool:
    """Return True if a number has digits behind its decimal mark."""
    mark = re.compile(rf"\d{re.escape(shapes.form.decimal)}\d")
    return any(mark.search(text) for text in shapes.of(*NUMBERS))
