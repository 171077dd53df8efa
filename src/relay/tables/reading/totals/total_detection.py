"""Rows of totals in a table, which are sums or means of other rows and no data."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relay.tables.reading.arrow_texts import as_arrow, chunks_of, is_text, may_have_letters
from relay.tables.reading.totals.sums import Numbers, add_up, is_mean, is_sum
from relay.util.names import column_name
from relay.util.setting_text import setting

log = logging.getLogger("relay")

_WORDS = (
    "total", "totals", "totaal", "totale", "totales", "totalt", "subtotal", "subtotals", "toplam",
    "sum", "sums", "summe", "summa", "suma", "somme", "soma", "som", "gesamt", "gesamtsumme",
    "insgesamt", "gesamtergebnis", "zwischensumme", "ergebnis", "razem", "celkem", "ukupno",
    "összesen", "yhteensä", "итого", "всего", "итог", "合计", "总计", "小计", "合計", "総計",
    "小計", "합계", "총계", "average", "averages", "mean", "avg", "durchschnitt", "mittelwert",
    "moyenne", "media", "promedio", "média", "gemiddelde", "среднее", "平均",
)  # fmt: skip
_LABEL = re.compile(rf"(?<!\w)({'|'.join(_WORDS)})(?!\w)", re.IGNORECASE)
_MAY_BE_LABEL = f"(?i){'|'.join(_WORDS)}"
_MOST_WORDS = 4
_LAST = 5
_FEWEST_ROWS = 3
_FEWEST_UNLABELLED = 5
_LARGE = 100_000
_TEXTS_AT_ONCE = 1_000_000
_MOST_LABELS = 500
_MOSTLY = 0.9


@dataclass(frozen=True)
class Totals:
    """The places of rows that are totals, with their labels, and of a row that can be one."""

    sure: Mapping[int, str]
    doubtful: int | None = None
    column: int = 0
    """The place of the doubtful row's label."""


def without_totals(
    name: str, table: pd.DataFrame, decimal: str | None, *, reports: bool = True
) -> tuple[pd.DataFrame, int]:
    """Return `table` of the file `name` without rows of totals, and their number.

    With `reports`, they are logged.
    """
    totals = find_totals(table, decimal)
    if reports:
        _report(name, table, totals)
    if not totals.sure:
        return table, 0
    rows = list(totals.sure)
    return table.drop(index=table.index[rows]).reset_index(drop=True), len(rows)


def _report(name: str, table: pd.DataFrame, totals: Totals) -> None:
    if totals.doubtful is not None:
        column = str(table.columns[totals.column])
        label = table.iloc[totals.doubtful, totals.column]
        in_query = json.dumps(label, ensure_ascii=False)
        log.warning(
            "%s: the last row can be a total: only it has '%s' in column %s, and its numbers are "
            "beyond all others. It is kept. To leave it out: %s.",
            name, label, column,
            setting("data.filters", [f"{column_name(column)} != {in_query}"]),
        )  # fmt: skip
    if not totals.sure:
        return
    rows = list(totals.sure)
    shown = ", ".join(
        f"row {row + 1} of the data" + (f" ('{label}')" if label else "")
        for row, label in list(totals.sure.items())[:_LAST]
    )
    log.warning(
        "%s: left out %s, sums or means of other rows: %s%s. To keep such: data.read.totals=keep.",
        name,
        "1 row" if len(rows) == 1 else f"{len(rows)} rows",
        shown,
        ", ..." if len(rows) > _LAST else "",
    )


def find_totals(table: pd.DataFrame, decimal: str | None = None) -> Totals:
    """Return the rows of `table` that are sums or means of others.

    A row with a word for totals at the end is one if numbers in it are sums or means of the rows
    above it (or since the total before it), or if the word is in a column of numbers; between other
    rows, if all of its numbers are such, and it has no other text. The last row needs no word, if
    all of its numbers are such and it has no text. A last row with a word and with numbers beyond
    all others is doubtful. A word that many rows have is a class.
    """
    labels = _labels(table) if len(table) > _FEWEST_ROWS else {}
    if len(labels) > _MOST_LABELS:
        return Totals({})
    if labels:
        return _judged(table, labels, Numbers(table, labels, decimal))
    last = len(table) - 1
    if len(table) > _FEWEST_UNLABELLED and _may_lack_label(table):
        numbers = Numbers(table, {}, decimal)
        if _adds_up_unlabelled(table, numbers):
            return Totals({last: ""})
    return Totals({})


def labels_among_numbers(table: pd.DataFrame, decimal: str | None = None) -> dict[int, list[int]]:
    """Return for each column of numbers in `table`, by its place, the rows with a word of totals.

    Empty if these are many, as the word is then a class.
    """
    labels = _labels(table) if len(table) > _FEWEST_ROWS else {}
    if not 0 < len(labels) <= _MOST_LABELS:
        return {}
    numbers = Numbers(table, labels, decimal)
    rows: dict[int, list[int]] = {}
    for row, place in labels.items():
        if numbers.are_numbers(place):
            rows.setdefault(place, []).append(row)
    return rows


def is_label(text: str) -> bool:
    """Return True for a word of totals, alone or with a few others: Grand total, Summe Nord."""
    return len(text.split()) <= _MOST_WORDS and _LABEL.search(text) is not None


def _labels(table: pd.DataFrame) -> dict[int, int]:
    """Return the rows that have a word of totals, with the place of the first column that has one.

    In a large table only the last rows are searched.
    """
    start = 0 if len(table) <= _LARGE else len(table) - _LAST
    columns = {}
    for place, (_, column) in enumerate(table.iloc[start:].items()):
        values = column
        if isinstance(column.dtype, pd.CategoricalDtype):
            values = column.astype("str") if is_text(column.cat.categories.to_series()) else column
        if is_text(values) and may_have_letters(as_arrow(values)):
            columns[place] = as_arrow(values)
    labels: dict[int, int] = {}
    rows = len(table) - start
    at_once = max(1, _TEXTS_AT_ONCE // max(1, rows))
    places = [*columns]
    for first in range(0, len(places), at_once):
        group = places[first : first + at_once]
        for number in np.flatnonzero(_may_be_labels([columns[place] for place in group])):
            place, row = group[number // rows], start + int(number % rows)
            if row not in labels and is_label(str(table.iloc[row, place])):
                labels[row] = place
    return dict(sorted(labels.items()))


def _may_be_labels(columns: Sequence[pa.Array | pa.ChunkedArray]) -> NDArray[np.bool_]:
    """Return for each text in `columns`, one after the other, whether it has a word of totals.

    They are joined into one array, since the pattern is compiled for each, which takes longer than
    to match.
    """
    texts = pa.concat_arrays([chunk for array in columns for chunk in chunks_of(array)])
    may_be = pc.fill_null(pc.match_substring_regex(texts, _MAY_BE_LABEL), False)
    matches: NDArray[np.bool_] = may_be.to_numpy(zero_copy_only=False).astype(bool)
    return matches


def _judged(table: pd.DataFrame, labels: Mapping[int, int], numbers: Numbers) -> Totals:
    rows = list(labels)
    ends = {row for i, row in enumerate(rows) if row == len(table) - len(rows) + i}
    plain = np.ones(len(table), dtype=bool)
    plain[rows] = False
    sure: dict[int, str] = {}
    start = 0
    for row, place in labels.items():
        block, above = np.zeros_like(plain), plain.copy()
        block[start:row] = plain[start:row]
        if row:  # a total in the first row is one of all below it
            above[row:] = False
        start = row + 1
        groups = [group for group in (block, above) if group.any()]
        is_end = row in ends
        adds_up = any(add_up(numbers, row, group, wholly=not is_end) for group in groups)
        is_odd = numbers.are_numbers(place) and is_end
        alone = is_end or _has_no_other_text(table, row, place, numbers)
        if is_odd or (adds_up and alone):
            sure[row] = str(table.iloc[row, place])
    kept = {str(table.iloc[row, place]) for row, place in labels.items() if row not in sure}
    sure = {row: label for row, label in sure.items() if label not in kept}  # it is a class
    last = len(table) - 1
    if last in labels and last not in sure and len(rows) == 1 and numbers.are_beyond(last):
        return Totals(sure, last, labels[last])
    return Totals(sure)


def _has_no_other_text(table: pd.DataFrame, row: int, label: int, numbers: Numbers) -> bool:
    others = [p for p in range(table.shape[1]) if p != label and not numbers.are_numbers(p)]
    return not table.iloc[row, others].notna().any()


def _may_lack_label(table: pd.DataFrame) -> bool:
    """Return True if the last row can be a total: it has no text in columns that have texts."""
    has_texts = False
    for _, values in table.iloc[-1 - _FEWEST_UNLABELLED :].items():
        if _is_filled_text(values.iloc[:-1]):
            has_texts = True
            if not pd.isna(values.iloc[-1]):
                return False
    return has_texts or len(table) <= _LARGE


def _is_filled_text(values: pd.Series) -> bool:
    """Return True for texts that are not numbers, and times."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return True
    if not is_text(values):
        return isinstance(values.dtype, pd.CategoricalDtype)
    return not any(any(c.isdigit() for c in text[:1] + text[-1:]) for text in values.dropna())


def _adds_up_unlabelled(table: pd.DataFrame, numbers: Numbers) -> bool:
    last = len(table) - 1
    texts = [p for p in range(table.shape[1]) if not numbers.are_numbers(p)]
    if table.iloc[last, texts].notna().any():
        return False
    had_texts = [p for p in texts if table.iloc[:last, p].notna().mean() >= _MOSTLY]
    above = np.ones(len(table), dtype=bool)
    above[last] = False
    sums = 0
    for place in numbers.places:
        value, others = numbers.at(last, place), numbers.of(place, above)
        if np.isnan(value) or _counts_on(value, others):
            continue
        adds_up = is_sum(value, others, exact=True)
        if not adds_up and not is_mean(value, others, exact=True):
            return False
        sums += adds_up
    return sums >= (1 if had_texts else 2)


def _counts_on(value: float, others: NDArray[np.float64]) -> bool:
    """Return True if `value` continues 1, 2, 3: the rows are numbered."""
    steps = np.diff(others)
    return bool(len(steps) and (steps == 1).all() and value == others[-1] + 1)
