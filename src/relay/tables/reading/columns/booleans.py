"""Columns of texts that are two words for true and false, as booleans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd
import pyarrow.compute as pc

from relay.tables.reading.arrow_texts import as_arrow, from_arrow, is_text, sample

Pair = tuple[str, str]

PLAIN: tuple[Pair, ...] = (("true", "false"),)
PAIRS: tuple[Pair, ...] = (
    *PLAIN, ("yes", "no"), ("on", "off"), ("ja", "nein"), ("ja", "nee"),
    ("wahr", "falsch"), ("oui", "non"), ("vrai", "faux"), ("si", "no"), ("sí", "no"),
    ("vero", "falso"), ("sim", "não"), ("sim", "nao"), ("verdadeiro", "falso"),
    ("verdadero", "falso"), ("y", "n"), ("t", "f"),
)  # fmt: skip
"""Words for true and false, in lower case."""


def read_booleans(
    values: pd.Series, examples: Sequence[str], pairs: Iterable[Pair] = PAIRS
) -> pd.Series | None:
    """Return texts that are all words of one pair as booleans; None if they are not.

    `examples` are some of the `values`. A missing value makes it None.
    """
    words = {text.strip().casefold() for text in examples}
    for pair in pairs:
        # A single letter can mean anything, if the other is not there.
        if words == set(pair) or (words <= set(pair) and max(map(len, pair)) > 1):
            return _read_pair(values, pair)
    return None


def with_plain_booleans(values: pd.Series) -> pd.Series:
    """Return texts that are all True or False as booleans; other columns as they are."""
    booleans = read_booleans(values, sample(values), PLAIN) if is_text(values) else None
    return values if booleans is None else booleans


def _read_pair(values: pd.Series, pair: Pair) -> pd.Series | None:
    lower = pc.utf8_lower(pc.utf8_trim_whitespace(as_arrow(values)))
    are_true, are_false = pc.equal(lower, pair[0]), pc.equal(lower, pair[1])
    if lower.null_count or not pc.all(pc.or_(are_true, are_false)).as_py():
        return None
    return from_arrow(are_true, values)
