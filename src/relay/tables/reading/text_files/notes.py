"""Rows of a table that are notes below it, or can be comments."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from relay.tables.reading.arrow_texts import as_arrow, is_text, sample
from relay.tables.reading.numbers.number_formats import share_of_numbers
from relay.tables.reading.text_files.layout import TextFormat
from relay.util.setting_text import setting

log = logging.getLogger("relay")

MOST_NOTES = 10
_NARROWEST_WITH_NOTES = 3
_MARK = r"^\s*(#|%|//)"
_MOST, _MOST_SHARE = 5, 0.01
_FEWEST_ROWS = 10


def count_notes(
    table: pd.DataFrame, head: pd.DataFrame | None = None, missing: Collection[str] = ()
) -> int:
    """Count the rows at the end that are notes: a single text, in a first column of numbers.

    If `table` is only the end, `head` is its beginning; `missing` texts are not values.
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


def warn_of_comments(layout: TextFormat, table: pd.DataFrame) -> None:
    """Warn of lines of a text with `layout` that can be comments but were read into `table`.

    A few lines begin with a mark and a blank, or are like another row with a mark before it.
    """
    if len(table) < _FEWEST_ROWS or layout.comment or not is_text(table.iloc[:, 0]):
        return
    mark = _mark_of_header(layout, table)
    if mark:
        shown = layout.separator.join(layout.header_rows[0])
        log.warning(
            "%s: the line '%s' is read as the names of the columns. If it is a comment: "
            "%s.", layout.source.name, shown, setting("data.read.comment", mark),
        )  # fmt: skip
    rows = _marked_rows(table)
    if len(rows):
        first = table.iloc[rows[0]].dropna()
        marked = re.match(_MARK, str(first.iloc[0]))
        log.warning(
            "%s: %d of %d rows can be comments, the first in row %d of the data: '%s'. "
            "They are read as rows. To leave out such lines: %s.",
            layout.source.name, len(rows), len(table), rows[0] + 1,
            layout.separator.join(map(str, first)),
            setting("data.read.comment", marked[1] if marked else "#"),
        )  # fmt: skip


def _marked_rows(table: pd.DataFrame) -> list[int]:
    """Return the rows that begin like comments; none if these are many."""
    texts = as_arrow(table.iloc[:, 0])
    starts = pc.fill_null(pc.match_substring_regex(texts, _MARK), False)
    rows = np.flatnonzero(starts.to_numpy(zero_copy_only=False))
    if not 0 < len(rows) <= min(_MOST, max(1, _MOST_SHARE * len(table))):
        return []
    present = set(pc.unique(texts).to_pylist())
    bare = [re.sub(_MARK, "", texts[int(row)].as_py()) for row in rows]
    return [
        int(row)
        for row, text in zip(rows, bare, strict=True)
        if text[:1].isspace() or text.strip() in present
    ]


def _mark_of_header(layout: TextFormat, table: pd.DataFrame) -> str:
    """Return the mark at the header's beginning, if the first row seems to be the header."""
    if not layout.has_header or not layout.header_rows:
        return ""
    mark = re.match(_MARK, layout.header_rows[0][0])
    if mark is None or not all(is_text(values) for _, values in table.items()):
        return ""
    repeats = False
    for _, values in table.items():
        counts = values.value_counts()
        first = values.iloc[0]
        if pd.isna(first) or not re.fullmatch(r"[^\W\d][\w .-]*", first) or counts[first] > 1:
            return ""
        repeats = repeats or len(counts) * 2 < len(values)
    return mark[1] if repeats else ""
