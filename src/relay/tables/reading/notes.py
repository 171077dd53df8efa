"""Rows at the end of a table that are notes below it."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from relay.tables.reading.numbers import share_of_numbers
from relay.tables.reading.texts import is_text, sample

MOST_NOTES = 10
_NARROWEST_WITH_NOTES = 3


def count_notes(
    table: pd.DataFrame, head: pd.DataFrame | None = None, missing: Collection[str] = ()
) -> int:
    """How many rows at the end are notes: a text in the first column, all of numbers, alone.

    Where `table` is the end only, `head` is the beginning of it; `missing` texts are no values.
    """
    first = table.iloc[:, 0]
    if table.shape[1] < _NARROWEST_WITH_NOTES or not is_text(first):
        return 0
    count = 0
    for place in range(len(table) - 1, max(0, len(table) - 1 - MOST_NOTES), -1):
        row = table.iloc[place]
        alone = row.notna().sum() == 1 and isinstance(row.iloc[0], str)
        if not alone or share_of_numbers([row.iloc[0]]):
            break
        count += 1
    if not count:
        return 0
    above = [first.iloc[: len(first) - count]]
    above += [] if head is None else [head.iloc[:, 0]]
    texts = [
        text for values in above if len(values) for text in sample(values) if text not in missing
    ]
    return count if share_of_numbers(texts) == 1 else 0
