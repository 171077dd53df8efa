"""Sheets of workbooks (.xlsx, .xlsm, .xlsb, .xls, .ods) as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from relay.errors import RelayError
from relay.names import did_you_mean
from relay.reading.header import has_no_names, header_row, made_names
from relay.reading.options import ReadOptions, missing_texts
from relay.reading.source import Source
from relay.reading.values import as_text, table_of

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

_LOOKED_AT = 500


def read_excel(source: Source, options: ReadOptions) -> pd.DataFrame:
    """The table in a workbook: on its only sheet that holds one, or on `options.table`."""
    header, rows = _table(source, options)
    columns = [
        [row[place] if place < len(row) else None for row in rows] for place in range(len(header))
    ]
    return table_of(header, columns, missing_texts(options))


def excel_columns(source: Source, options: ReadOptions) -> list[str]:
    """The names of the columns of the table in a workbook."""
    return _table(source, options)[0]


def _table(source: Source, options: ReadOptions) -> tuple[list[str], list[list[Any]]]:
    """The names of the columns, and the rows below them."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with source.open_at_any_place() as file:
            workbook = CalamineWorkbook.from_filelike(file)
            found = _sheets(source, workbook, options.table)
    except CalamineError as error:
        raise RelayError(
            f"{source.name} is no Excel workbook that can be read: {error}. If it has a password, "
            "save it without."
        ) from error
    tables = {name: table for name, rows in found.items() if (table := _below_titles(rows))}
    if not tables:
        where = f"sheet '{options.table}'" if options.table else "no sheet"
        raise RelayError(f"{source.name}: {where} holds a table with a header and rows.")
    if len(tables) > 1:
        raise RelayError(
            f"{source.name} has tables on {len(tables)} sheets: {', '.join(tables)}. "
            "Say which: data.read.table=SHEET."
        )
    return tables.popitem()[1]


def _sheets(
    source: Source, workbook: CalamineWorkbook, wanted: str | None
) -> dict[str, list[list[Any]]]:
    """The rows of each sheet, or of the one that is wanted."""
    names = workbook.sheet_names
    if wanted is not None and source.packing is None:
        if wanted not in names:
            hint = did_you_mean(wanted, names)
            raise RelayError(f"data.read.table: {source.name} has no sheet '{wanted}'.{hint}")
        names = [wanted]
    return {name: workbook.get_sheet_by_name(name).to_python() for name in names}


def _below_titles(rows: list[list[Any]]) -> tuple[list[str], list[list[Any]]] | None:
    """The header and the rows below it, without empty ones; None where there is no table."""
    rows = [row for row in rows if any(value not in ("", None) for value in row)]
    if len(rows) < 2:
        return None
    first = [[as_text(value) or "" for value in row] for row in rows[:_LOOKED_AT]]
    place = header_row(first)
    header, below = [name.strip() for name in first[place]], rows[place + 1 :]
    if has_no_names(first[place], first[place + 1 :]):
        header, below = made_names(len(header)), rows[place:]
    filled = [
        i for i, name in enumerate(header) if name or any(row[i] not in ("", None) for row in below)
    ]
    if len(filled) < 2 or not below:
        return None
    return [header[i] for i in filled], [[row[i] for i in filled] for row in below]
