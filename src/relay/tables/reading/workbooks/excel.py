"""Sheets of workbooks (.xlsx, .xlsm, .xlsb, .xls, .ods) as tables."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from relay.tables.reading.files.python_values import table_of
from relay.tables.reading.files.source import Source
from relay.tables.reading.settings.options import ReadOptions, missing_texts
from relay.tables.reading.workbooks.sheets import Sheet, SheetTable, covered_beside, table_in
from relay.tables.reading.workbooks.uncomputed_formulas import Cells, find_formulas
from relay.util.errors import RelayError
from relay.util.names import did_you_mean

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

log = logging.getLogger("relay")

_FEWEST_DIGITS, _MOST_DIGITS = 16, 20
"""The number of digits of an id that a workbook, which keeps 15, has rounded."""
_SHOWN = 3


def read_excel(source: Source, options: ReadOptions) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the table in a workbook, on its only sheet with a table or on `options.table`.

    With it, for each column with formulas that have no result, their number; they are missing
    values. Raises RelayError if there is not exactly one such table, or its header is not clear.
    """
    table = _table(source, options)
    with source.open_at_any_place() as file:
        formulas = find_formulas(file, table.sheet.name)
    lacking = {column: rows & set(table.rows) for column, rows in formulas.uncomputed.items()}
    columns = [
        _column(table, place, lacking.get(place, set()) | formulas.failed.get(place, set()))
        for place in table.places
    ]
    if table.above:
        log.warning("%s, sheet '%s': %s", source.name, table.sheet.name, table.above)
    _warn_of_merged(table)
    for name, values in zip(table.names, columns, strict=True):
        _warn_of_rounded_ids(name, values)
    _warn_of_cells(table, formulas.failed, "formulas that ended in an error: they are")
    uncomputed = _warn_of_cells(
        table,
        lacking,
        "formulas that were never computed, as a library wrote the workbook. Open it in Excel or "
        "LibreOffice and save it; until then they are",
    )
    return table_of(table.names, columns, missing_texts(options)), uncomputed


def excel_columns(source: Source, options: ReadOptions) -> list[str]:
    """Return the names of the columns of the table in a workbook."""
    return _table(source, options).names


def _table(source: Source, options: ReadOptions) -> SheetTable:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with source.open_at_any_place() as file:
            workbook = CalamineWorkbook.from_filelike(file)
            sheets = _sheets(source, workbook, options.table)
    except CalamineError as error:
        raise RelayError(
            f"{source.name} is not an Excel workbook that can be read: {error}. If it has a "
            "password, save it without."
        ) from error
    tables = [table for sheet in sheets if (table := table_in(sheet, options))]
    if not tables:
        where = f"sheet '{options.table}'" if options.table else "no sheet"
        below = "; data.read.header and data.read.skip count its rows" if _is_set(options) else ""
        raise RelayError(f"{source.name}: {where} holds a table with a header and rows{below}.")
    if len(tables) > 1:
        names = ", ".join(table.sheet.name for table in tables)
        raise RelayError(
            f"{source.name} has tables on {len(tables)} sheets: {names}. "
            "Name one: data.read.table=SHEET."
        )
    (table,) = tables
    if table.problem:
        raise RelayError(f"{source.name}, sheet '{table.sheet.name}', {table.problem}")
    return table


def _is_set(options: ReadOptions) -> bool:
    return bool(options.header is not None or options.skip)


def _sheets(source: Source, workbook: CalamineWorkbook, wanted: str | None) -> list[Sheet]:
    """Return all sheets, or the one that is wanted."""
    names = workbook.sheet_names
    if wanted is not None and source.packing is None:
        if wanted not in names:
            hint = did_you_mean(wanted, names)
            raise RelayError(f"data.read.table: {source.name} has no sheet '{wanted}'.{hint}")
        names = [wanted]
    sheets = []
    for name in names:
        sheet = workbook.get_sheet_by_name(name)
        cells = sheet.to_python(skip_empty_area=False)
        sheets.append(Sheet(name, cells, sheet.merged_cell_ranges or []))
    return sheets


def _warn_of_cells(table: SheetTable, cells: Cells, what: str) -> dict[str, int]:
    """Warn of `cells` that are missing values, column by column, and return their numbers."""
    counts = {}
    for name, place in zip(table.names, table.places, strict=True):
        count = len(cells.get(place, set()) & set(table.rows))
        if count:
            counts[name] = count
            log.warning(
                "Column %s: %d of %d cells hold %s missing values.",
                name, count, len(table.rows), what,
            )  # fmt: skip
    return counts


def _column(table: SheetTable, place: int, lacking: set[int]) -> list[Any]:
    cells = table.sheet.cells
    return [None if row in lacking else table.value(cells[row], row, place) for row in table.rows]


def _warn_of_merged(table: SheetTable) -> None:
    for name, place in zip(table.names, table.places, strict=True):
        down = sum((row, place) in table.merged for row in table.rows)
        if down:
            log.warning(
                "Column %s: %d rows lie within merged cells, and have the value of these.",
                name, down,
            )  # fmt: skip
        if beside := covered_beside(table, place):
            log.warning(
                "Column %s: %d cells are covered by merged cells at their left: they are missing "
                "values. If that is wrong, unmerge them in the workbook.",
                name, beside,
            )  # fmt: skip


def _warn_of_rounded_ids(name: str, values: Sequence[Any]) -> None:
    """Warn of whole numbers that all have so many digits that a workbook has rounded them."""
    present = [value for value in values if value not in (None, "") and not isinstance(value, str)]
    low, high = 10.0 ** (_FEWEST_DIGITS - 1), 10.0**_MOST_DIGITS
    if present and all(
        isinstance(number, float) and low <= abs(number) < high for number in present
    ):
        shown = ", ".join(f"{number:.0f}" for number in present[:_SHOWN])
        log.warning(
            "Column %s: %d numbers have more than the 15 digits that a workbook keeps, such as %s: "
            "the last ones are lost, and ids that differ may be equal. Ids belong into the "
            "workbook as texts.",
            name, len(present), shown,
        )  # fmt: skip
