"""Texts that differ in case, blanks or the encoding of their letters only."""

from __future__ import annotations

import unicodedata
from collections import defaultdict

import pandas as pd

from relay.reading.texts import on_distinct

_SHOWN = 3


def in_lower_case(values: pd.Series) -> pd.Series:
    """Texts in lower case, with one blank where there are several and none at the ends."""
    return on_distinct(values, lambda texts: texts.map(plain_spelling, na_action="ignore"))


def plain_spelling(text: str) -> str:
    """`text` without what makes no difference to a reader."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def spellings_warning(values: pd.Series) -> str:
    """A warning of `values` that a reader would take for the same; "" where there are none."""
    groups: dict[str, dict[str, int]] = defaultdict(dict)
    for text, count in values.value_counts(sort=False).items():
        if isinstance(text, str) and count:
            groups[plain_spelling(text)][text] = count
    several = sorted(
        (group for group in groups.values() if len(group) > 1),
        key=lambda group: -sum(group.values()),
    )
    if not several:
        return ""
    shown = "; ".join(
        ", ".join(f"{text!r} {count}" for text, count in group.items())
        for group in several[:_SHOWN]
    )
    more = f"; and {len(several) - _SHOWN} more" if len(several) > _SHOWN else ""
    return (
        f"values that differ in upper case or blanks only are different ones: {shown}{more}. To "
        f"take them as the same: data.dtypes.{values.name}=str:lower"
    )
