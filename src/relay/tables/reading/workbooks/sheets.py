"""The table in a sheet of a workbook: its place, and the names of its columns. No pandas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from relay.tables.reading.files.python_values import as_text
from relay.tables.reading.header import (
    has_no_names,
    header_row,
    is_second_header,
    joined_names,
    made_names,
)
from relay.tables.reading.settings.options import ReadOptions, missing_texts
from relay.util.setting_text import setting

_LOOKED_AT = 500
_SHOWN = 60
_FEWEST_OF_HEADER = 2

Ranges = Sequence[tuple[tuple[int, int], tuple[int, int]]]


@dataclass(frozen=True)
class Sheet:
    """The cells of a sheet from its first row and column, and the ranges of merged cells."""

    name: str
    cells: list[list[Any]]
    merged: Ranges = ()


@dataclass(frozen=True)
class SheetTable:
    """The table on a sheet: places and rows count from 0, as in the sheet."""

    sheet: Sheet
    names: list[str]
    places: list[int]
    """The places of the columns, one for each name."""
    rows: list[int]
    problem: str = ""
    """The reason why the header is not clear, as a sentence that begins with a place."""
    above: str = ""
    """A remark on a row right above the header that can be a part of it."""
    merged: Mapping[tuple[int, int], Any] = field(default_factory=dict)
    """The value of each cell below the first of a merged range."""

    def value(self, cells: Sequence[Any], row: int, place: int) -> Any:
        """Return the value of a cell; None if it is blank."""
        value = cells[place] if place < len(cells) else None
        return self.merged.get((row, place)) if _is_blank(value) else value


def table_in(sheet: Sheet, options: ReadOptions) -> SheetTable | None:
    """Return the table in `sheet`, below its titles or by `options`; None if there is none."""
    rows = [
        row
        for row, cells in enumerate(sheet.cells)
        if row >= options.skip and not all(map(_is_blank, cells)) and not _is_note(cells, options)
    ]
    header, below = _header(sheet, rows, options)
    if not below:
        return None
    names = joined_names([_texts(sheet, row) for row in header])
    width = max(len(sheet.cells[row]) for row in [*header, *below])
    names += [""] * (width - len(names))
    places = [
        place
        for place, name in enumerate(names)
        if (name and header) or any(not _is_blank(_at(sheet, row, place)) for row in below)
    ]
    if len(places) < 2:
        return None
    chosen = [names[place].strip() for place in places] if header else made_names(len(places))
    problem = _second_header(sheet, header, below, options)
    above = _above(sheet, rows, header) if options.header is None else ""
    return SheetTable(sheet, chosen, places, below, problem, above, _merged_down(sheet, below))


def _header(sheet: Sheet, rows: list[int], options: ReadOptions) -> tuple[list[int], list[int]]:
    """Return the rows of the header, none if the table has no names, and the rows below it."""
    if options.header is not None:
        header = [line - 1 for line in options.header]
        missing = any(row not in rows for row in header)
        return (
            ([], [])
            if missing
            else (header, [row for row in rows if row > max(header, default=-1)])
        )
    if len(rows) < 2:
        return [], []
    first = [_texts(sheet, row) for row in rows[:_LOOKED_AT]]
    place = header_row(first)
    if has_no_names(first[place], first[place + 1 :]):
        return [], rows[place:]
    return [rows[place]], rows[place + 1 :]


def _second_header(
    sheet: Sheet, header: Sequence[int], below: Sequence[int], options: ReadOptions
) -> str:
    """Return advice if the row below the header seems to belong to it, else ""."""
    if options.header is not None or not header or len(below) < 2:
        return ""
    (row,), second = header, below[0]
    texts = [_texts(sheet, other) for other in below[:_LOOKED_AT]]
    has_values = [any(map(_is_value, sheet.cells[other])) for other in below[:2]]
    is_below_merged = _spans_columns(sheet, row) and has_values == [False, True]
    if not is_below_merged and not is_second_header(
        _texts(sheet, row), texts, missing_texts(options)
    ):
        return ""
    return (
        f"row {second + 1} ({_shown(sheet, second)}) seems to be a second row of the header. "
        f"data.read.header={second + 1} takes the names from it, "
        f"{setting('data.read.header', [row + 1, second + 1])} joins both rows, "
        f"data.read.header={row + 1} takes it for data."
    )


def _above(sheet: Sheet, rows: Sequence[int], header: Sequence[int]) -> str:
    """Return a remark on a row right above the header that has several fields; "" for a title."""
    row = max((row for row in rows if header and row < header[0]), default=None)
    if row is None or sum(not _is_blank(value) for value in sheet.cells[row]) < _FEWEST_OF_HEADER:
        return ""
    return (
        f"row {row + 1} ({_shown(sheet, row)}) is above the names in row {header[0] + 1} and "
        f"is left out. {setting('data.read.header', [row + 1, header[0] + 1])} joins both."
    )


def _shown(sheet: Sheet, row: int) -> str:
    shown = ", ".join(text for text in _texts(sheet, row) if text.strip())
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 3] + "..."


def _spans_columns(sheet: Sheet, row: int) -> bool:
    """Return True if a merged cell in `row` spans several columns, beside others."""
    spans = [last[1] - first[1] for first, last in sheet.merged if first[0] <= row <= last[0]]
    others = sum(not _is_blank(value) for value in sheet.cells[row])
    return any(spans) and others > 1


def covered_beside(table: SheetTable, place: int) -> int:
    """Count the cells of a column that are covered by a merged cell which begins at their left.

    Rows with nothing else in them, such as notes, do not count.
    """
    rows = {
        row
        for first, last in table.sheet.merged
        if first[1] < place <= last[1]
        for row in range(first[0], last[0] + 1)
    }
    filled = [
        row
        for row in rows & set(table.rows)
        if sum(not _is_blank(value) for value in table.sheet.cells[row]) > 1
    ]
    return len(filled)


def _merged_down(sheet: Sheet, rows: Sequence[int]) -> dict[tuple[int, int], Any]:
    """Return the values of cells that lie below the first in a range, for ranges within `rows`."""
    within = set(rows)
    values = {}
    for first, last in sheet.merged:
        if first[0] in within and last[0] > first[0] and first[1] == last[1]:
            value = _at(sheet, *first)
            for row in range(first[0] + 1, last[0] + 1):
                values[row, first[1]] = value
    return values


def _texts(sheet: Sheet, row: int) -> list[str]:
    return [as_text(value) or "" for value in sheet.cells[row]]


def _at(sheet: Sheet, row: int, place: int) -> Any:
    cells = sheet.cells[row]
    return cells[place] if place < len(cells) else None


def _is_blank(value: Any) -> bool:
    return value is None or value == ""


def _is_value(value: Any) -> bool:
    """Return True for a number or a time, which are not names."""
    return not _is_blank(value) and not isinstance(value, str)


def _is_note(cells: Sequence[Any], options: ReadOptions) -> bool:
    first = next((value for value in cells if not _is_blank(value)), None)
    return (
        bool(options.comment) and isinstance(first, str) and first.startswith(options.comment or "")
    )
