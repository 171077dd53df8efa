"""Numbers with units or marks: 13.9 kg, 9.9K, <0.5, 10% beside 14, $5 beside €7, 12:30."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from relay.tables.reading.arrow_texts import as_arrow, from_arrow, on_distinct
from relay.tables.reading.numbers.number_formats import (
    CURRENCY,
    FORMATS,
    SIGN,
    NumberFormat,
    parsed,
)
from relay.tables.reading.numbers.shapes import (
    CLOCK,
    HOURS,
    LIMIT,
    OR_MORE,
    PART,
    PARTS,
    PATTERNS,
    THOUSANDS_SIGN,
    UNIT_TEXT,
    plain_unit,
)
from relay.tables.reading.settings.dtype_words import (
    LIMITS,
    MAY_LACK,
    MINUS_BEHIND,
    THOUSANDS,
    NumberWord,
)

_TIMES = {
    "k": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "b": 1e9, "bn": 1e9, "mrd": 1e9,
}  # fmt: skip


@dataclass(frozen=True)
class MixedNumbers:
    """How to read a column: by `word`, or as texts if it is None."""

    word: NumberWord | None = None
    note: str = ""
    warning: str = ""


def as_number(values: pd.Series, word: NumberWord) -> pd.Series:
    """Return texts that are numbers by `word` as float64; NaN for others."""
    if word.example in (CLOCK, PARTS):
        return hours(values, word.example)
    form = FORMATS[word.example]
    if not word.unit:
        return parsed(values, form)
    if word.unit == LIMITS:
        return parsed(_without(values, f"^{LIMIT}", OR_MORE), form)
    if word.unit == MINUS_BEHIND:
        array = pc.replace_substring_regex(as_arrow(values), r"^(.*\d)\s*-$", r"-\1")
        return parsed(from_arrow(array, values), form)
    if word.unit == THOUSANDS:
        return _with_thousands(values, form)
    units = _without(values, rf"^{SIGN}?\s*(?:{form.digits})\s*")
    unit = word.unit.removesuffix(MAY_LACK)
    spellings = [plain_unit(unit), *([""] if word.unit != unit else [])]
    spelled = [unit for unit in units.dropna().unique() if plain_unit(unit) in spellings]
    bare = _without(values, rf"\s*(?:{UNIT_TEXT}|%)$")
    return parsed(bare, form).where(units.isin(spelled))


def _without(values: pd.Series, *patterns: str) -> pd.Series:
    array = as_arrow(values)
    for pattern in patterns:
        array = pc.replace_substring_regex(array, pattern, "")
    return from_arrow(array, values)


def _with_thousands(values: pd.Series, form: NumberFormat) -> pd.Series:
    array = as_arrow(values)
    pattern = rf"\d\s*(?P<sign>{THOUSANDS_SIGN})\s*(?:{CURRENCY})?$"
    sign = pc.struct_field(pc.extract_regex(array, pattern), "sign").to_pandas()
    times = sign.str.casefold().map(_TIMES).astype("float64").fillna(1.0)
    bare = pc.replace_substring_regex(
        array, rf"(\d)\s*(?:{THOUSANDS_SIGN})(\s*(?:{CURRENCY})?)$", r"\1\2"
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
    clock = re.search(r"[-+]?\d+:.*", text)
    parts = text if clock is None else text[: clock.start()]
    pairs = re.findall(PART, parts.casefold())
    total = sum(float(number.replace(",", ".")) * HOURS[name] for number, name in pairs)
    total = -total if text.startswith("-") else total
    return total if clock is None else total + _clock(clock[0])  # -1 days +23:00:00: an hour ago
