"""Texts with the same meaning: they differ in case or blanks, or are words for true and false."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping

import pandas as pd

from relay.tables.reading.arrow_texts import on_distinct

TRUE = frozenset(
    {"true", "yes", "t", "y", "on", "1", "1.0"}
    | {"ja", "wahr", "oui", "vrai", "si", "s\u00ed", "vero", "sim", "verdadero", "verdadeiro"}
)
FALSE = frozenset(
    {"false", "no", "f", "n", "off", "0", "0.0"}
    | {"nein", "falsch", "non", "faux", "falso", "n\u00e3o", "nao", "nee"}
)
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
"""Zero-width spaces and joiners, soft hyphens and the like."""
_SHOWN = 3
_LOOKED_AT = 20_000
_FEWEST_WORDS = 3


def in_lower_case(values: pd.Series) -> pd.Series:
    """Return texts in lower case, with single blanks, and none at the ends."""
    return on_distinct(values, lambda texts: texts.map(plain_spelling, na_action="ignore"))


def plain_spelling(text: str) -> str:
    """Return `text` in lower case and NFKC, with single blanks and without unseen characters."""
    return " ".join(unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).lower().split())


def spellings_warning(values: pd.Series, most: int | None = None) -> str:
    """Return a warning of values that a reader takes for the same; "" if there are none.

    Columns with more than `most` values are not checked.
    """
    if most is not None and values.iloc[:_LOOKED_AT].nunique() > most:
        return ""
    counts = values.value_counts(sort=False)
    if most is not None and len(counts) > most:
        return ""
    groups: dict[str, dict[str, int]] = defaultdict(dict)
    for text, count in counts.items():
        if isinstance(text, str) and count:
            groups[plain_spelling(text)][text] = count
    several = sorted(
        (group for group in groups.values() if len(group) > 1),
        key=lambda group: -sum(group.values()),
    )
    if not several:
        return _truths_warning(str(values.name), {str(text): int(n) for text, n in counts.items()})
    shown = "; ".join(
        ", ".join(f"{text!r} {count}" for text, count in group.items())
        for group in several[:_SHOWN]
    )
    more = f"; and {len(several) - _SHOWN} more" if len(several) > _SHOWN else ""
    return (
        f"values that differ in upper case or blanks only are different ones: {shown}{more}. To "
        f"take them as the same: data.dtypes.{values.name}=str:lower"
    )


def _truths_warning(name: str, counts: Mapping[str, int]) -> str:
    """Return a warning of several words for true, or for false.

    Single letters count beside the word that one of them is short for: `Y` beside `yes`.
    """
    words = {text: text.casefold() for text, count in counts.items() if count}
    if len(words) < _FEWEST_WORDS or not set(words.values()) <= TRUE | FALSE:
        return ""
    letters = {word for word in words.values() if word.isalpha() and len(word) == 1}
    if letters and not any(len(word) > 1 and word[0] in letters for word in words.values()):
        return ""
    shown = ", ".join(f"{text!r} {counts[text]}" for text in words)
    return (
        f"several words for true or false are different values: {shown}. To take them as true and "
        f"false: data.dtypes.{name}=bool"
    )
