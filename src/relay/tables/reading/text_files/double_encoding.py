"""Warnings of letters that were encoded as UTF-8 twice, `KÃ¶ln` for `Köln`, or that are lost."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pandas as pd
import pyarrow.compute as pc

from relay.tables.reading.arrow_texts import as_arrow, is_ascii, is_text

log = logging.getLogger("relay")

_LEADS = "[\u00c2\u00c3\u00c4\u00c5\u00d0\u00d1\u00e2]"
# The second byte of a letter, in cp1252, without signs that can end a word.
_NEXT = "\u0080-\u0084\u0086-\u0091\u0098-\u009f\u00a1-\u00ba\u00bc-\u00bf€‚ƒ„†‡ˆ‰Š‹ŒŽ‘˜™š›œžŸ"
_SIGNS = "\u00a0»…’“”•–—\u0085\u0092-\u0097"
_TWICE = re.compile(
    rf"[\u00c3\u00c5][{_NEXT}]|(?<![A-Z\u00c0-\u00de])[\u00c2\u00c3][{_SIGNS}]"
    rf"|\u00c2[{_NEXT}]|\u00e2(?:€[{_NEXT}{_SIGNS}]|\u0080[\u0080-\u00bf])"
    rf"|(?:[\u00d0\u00d1][{_NEXT}{_SIGNS}]){{2}}"
)
_LOST = "\ufffd"
_SHOWN = 60


def warn_of_double_encoding(name: str, table: pd.DataFrame) -> None:
    """Warn of texts in the file `name` that look as if encoded twice, with number and place."""
    columns = []
    first = ""
    for column, values in table.items():
        rows = list(_doubly_encoded(values)) if is_text(values) else []
        if rows:
            columns.append(f"{column} {len(rows)}")
            text = str(values.iloc[rows[0]])
            first = first or f"row {rows[0] + 1} of the data, '{text[:_SHOWN]}'{_meant(text)}"
    if columns:
        log.warning(
            "%s: letters look as if they were encoded as UTF-8 twice, first in %s. Values by "
            "column: %s. They are read as they are. Write the file again from its source.",
            name, first, ", ".join(columns),
        )  # fmt: skip


def warn_of_lost_letters(name: str, table: pd.DataFrame) -> None:
    """Warn of texts in which another program has put a sign in place of letters it did not read."""
    columns = []
    first = ""
    for column, values in table.items():
        if not is_text(values) or is_ascii(array := as_arrow(values)):
            continue
        lost = pc.fill_null(pc.match_substring(array, _LOST), False)
        rows = lost.to_numpy(zero_copy_only=False).nonzero()[0]
        if len(rows):
            columns.append(f"{column} {len(rows)}")
            first = first or f"row {rows[0] + 1} of the data, '{values.iloc[rows[0]][:_SHOWN]}'"
    if columns:
        log.warning(
            "%s: letters are lost: the program that wrote the file has put '%s' in their place, "
            "first in %s. Values by column: %s. They are read as they are. Write the file again "
            "from its source.",
            name, _LOST, first, ", ".join(columns),
        )  # fmt: skip


def _doubly_encoded(values: pd.Series) -> Iterator[int]:
    """Yield the rows of `values` with letters that were encoded twice."""
    array = as_arrow(values)
    if is_ascii(array):
        return
    leads = pc.fill_null(pc.match_substring_regex(array, _LEADS), False)
    for row in leads.to_numpy(zero_copy_only=False).nonzero()[0]:
        if _TWICE.search(array[int(row)].as_py()):
            yield int(row)


def _meant(text: str) -> str:
    try:
        meant = text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return ""
    return f" for '{meant[:_SHOWN]}'"
