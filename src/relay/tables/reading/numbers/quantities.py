"""Numbers with units or marks: 13.9 kg, 9.9K, <0.5, 10% beside 14, $5 beside €7, 12:30."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relay.tables.reading.arrow_texts import as_arrow, from_arrow, on_distinct
from relay.tables.reading.numbers.numbers import (
    CURRENCY,
    FORMATS,
    SIGN,
    NumberFormat,
    formats_for,
    parsed,
)
from relay.tables.reading.settings.dtype_words import (
    DURATION_EXAMPLES,
    LIMITS,
    MAY_LACK,
    MINUS_BEHIND,
    THOUSANDS,
    NumberWord,
)

CLOCK, PARTS = DURATION_EXAMPLES
_HOURS = {
    "w": 168.0, "week": 168.0, "wk": 168.0, "d": 24.0, "day": 24.0, "h": 1.0, "hr": 1.0,
    "hour": 1.0, "std": 1.0, "m": 1 / 60, "min": 1 / 60, "minute": 1 / 60, "s": 1 / 3600,
    "sec": 1 / 3600, "second": 1 / 3600,
}  # fmt: skip
_NAMES = "|".join(sorted(_HOURS, key=len, reverse=True))
_PART = rf"(\d+(?:[.,]\d+)?)\s*({_NAMES})s?\.?"
PATTERNS = {
    CLOCK: r"^[-+]?\d{1,3}:[0-5]\d(:[0-5]\d([.,]\d+)?)?(\s*[AaPp]\.?[Mm]\.?)?$",
    PARTS: rf"^(?i:[-+]?{_PART}(?:,?\s*(?:and\s+)?{_PART})*)$",
}
"""Patterns for RE2 and Python, by their example."""
_LIMIT = (
    r"(?:[<>≤≥≈~]=?|=[<>]|(?i:ca\.?|approx\.?|about|up to|at (?:least|most)|"
    r"(?:less|more|fewer|greater) than|below|above|under|over))\s*"
)
_OR_MORE = r"\s*(?:\+|(?i:(?:or|and) (?:more|less|over|above|up|older|under|below)|plus))$"
_LETTERS = "A-Za-zµÀ-ÖØ-öø-ɏͰ-῿぀-퟿"
"""Letters of nearly all scripts, in a few ranges: RE2 compiles its own class of letters slowly."""
_UNIT_TEXT = (
    rf"[{_LETTERS}°](?:[{_LETTERS}°/·²³^. ]{{0,18}}[{_LETTERS}.²³])?(?:\^?[23]|100 ?km)?|[\"'″′]"
)
_THOUSANDS_SIGN = "K|k|M|m|B|b|bn|mn|Mio|Mrd"
_TIMES = {
    "k": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "b": 1e9, "bn": 1e9, "mrd": 1e9,
}  # fmt: skip
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
        "limit": rf"^(?:{_LIMIT}{money}\s*(?:%|{_UNIT_TEXT})?|{money}\s*%?{_OR_MORE})$",
        "thousands": rf"^{money}\s*(?:{_THOUSANDS_SIGN})\s*(?:{CURRENCY})?$",
        "clock": PATTERNS[CLOCK],
        "unit": rf"^{number}\s*(?:{_UNIT_TEXT})$",
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


def as_number(values: pd.Series, word: NumberWord) -> pd.Series:
    """Return texts that are numbers by `word` as float64; NaN for others."""
    if word.example in (CLOCK, PARTS):
        return hours(values, word.example)
    form = FORMATS[word.example]
    if not word.unit:
        return parsed(values, form)
    if word.unit == LIMITS:
        return parsed(_without(values, f"^{_LIMIT}", _OR_MORE), form)
    if word.unit == MINUS_BEHIND:
        array = pc.replace_substring_regex(as_arrow(values), r"^(.*\d)\s*-$", r"-\1")
        return parsed(from_arrow(array, values), form)
    if word.unit == THOUSANDS:
        return _with_thousands(values, form)
    units = _without(values, rf"^{SIGN}?\s*(?:{form.digits})\s*")
    unit = word.unit.removesuffix(MAY_LACK)
    spellings = [plain_unit(unit), *([""] if word.unit != unit else [])]
    spelled = [unit for unit in units.dropna().unique() if plain_unit(unit) in spellings]
    bare = _without(values, rf"\s*(?:{_UNIT_TEXT}|%)$")
    return parsed(bare, form).where(units.isin(spelled))


def _without(values: pd.Series, *patterns: str) -> pd.Series:
    array = as_arrow(values)
    for pattern in patterns:
        array = pc.replace_substring_regex(array, pattern, "")
    return from_arrow(array, values)


def _with_thousands(values: pd.Series, form: NumberFormat) -> pd.Series:
    array = as_arrow(values)
    pattern = rf"\d\s*(?P<sign>{_THOUSANDS_SIGN})\s*(?:{CURRENCY})?$"
    sign = pc.struct_field(pc.extract_regex(array, pattern), "sign").to_pandas()
    times = sign.str.casefold().map(_TIMES).astype("float64").fillna(1.0)
    bare = pc.replace_substring_regex(
        array, rf"(\d)\s*(?:{_THOUSANDS_SIGN})(\s*(?:{CURRENCY})?)$", r"\1\2"
    )
    numbers: pd.Series = parsed(from_arrow(bare, values), form) * times.to_numpy()
    return numbers


def hours(values: pd.Series, example: str) -> pd.Series:
    """Return the texts `values`, which are like `example`, in hours; NaN for others."""
    read, pattern = (_clock if example == CLOCK else _parts), re.compile(PATTERNS[example])

    def of(text: object) -> float:
        return read(text) if isinstance(text, str) and pattern.match(text) else np.nan

    return on_distinct(values, lambda texts: texts.map(of).astype("float64"))


def _clock(text: str) -> float:
    number = text.rstrip("aApPmM. ")
    whole = 0.0
    for place, part in enumerate(number.lstrip("+-").replace(",", ".").split(":")):
        whole += float(part) / 60**place
    if len(number) < len(text):  # 12:05 AM is five minutes past midnight
        whole = whole % 12 + (12 if "p" in text.lower() else 0)
    return -whole if text.startswith("-") else whole


def _parts(text: str) -> float:
    pairs = re.findall(_PART, text.casefold())
    total = sum(float(number.replace(",", ".")) * _HOURS[name] for number, name in pairs)
    return -total if text.startswith("-") else total
