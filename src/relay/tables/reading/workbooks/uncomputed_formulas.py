"""Formulas of a workbook that have no results, or failed.

No program computed them if a library wrote the workbook. A reader of values gets such cells as
empty, or as 0, and those of formulas that failed as empty. Office Open XML (ECMA-376, part 1,
18.3.1.4): a cell `c` holds its formula `f` and its last result `v`. OpenDocument 1.3 (part 3,
9.1.4): a cell has attributes `table:formula` and, with a result, `office:value-type`; LibreOffice
marks errors by `calcext:value-type`. For .xls and .xlsb see `binary_workbooks`.
"""

from __future__ import annotations

import html
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from posixpath import normpath
from typing import BinaryIO

from relay.tables.reading.workbooks.binary_workbooks import (
    Result,
    is_old_workbook,
    results_in_binary,
    results_in_old,
)

_CELL = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v>([^<]*)</(?:\w+:)?v>)?"
)
_FAILED = re.compile(rb'<(?:\w+:)?c\b([^>]*\bt="e"[^>]*)>')
_PLACE = re.compile(rb'\br="([A-Z]+)(\d+)"')
_IS_TEXT = re.compile(rb'\bt="str"')
_SHEET = re.compile(r"<(?:\w+:)?sheet\b[^>]*>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b[^>]*>")
_TO_CALCULATE = re.compile(r'\bfullCalcOnLoad="(?:1|true)"')
_FEWEST_ZEROS = 2
_ATTRIBUTES = rb'((?:[^>"]|"[^"]*")*?)'
_TABLE = re.compile(rb"<table:table\b" + _ATTRIBUTES + rb">(.*?)</table:table>", re.S)
_ROW_OR_CELL = re.compile(rb"<table:(table-row|(?:covered-)?table-cell)\b" + _ATTRIBUTES + rb"/?>")
_REPEATED = re.compile(rb'\btable:number-(?:rows|columns)-repeated="(\d+)"')
_MOST_REPEATED = 100_000
_DOCUMENT = "content.xml"
_BOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_BINARY_RELATIONS = "xl/_rels/workbook.bin.rels"
_IS_ERROR = b'calcext:value-type="error"'


Cells = dict[int, set[int]]
"""For each column the rows; both count from 0."""


@dataclass(frozen=True)
class Formulas:
    """The cells of a sheet whose formulas were never computed, and those that ended in an error."""

    uncomputed: Cells = field(default_factory=dict)
    failed: Cells = field(default_factory=dict)


def find_formulas(file: BinaryIO, sheet: str) -> Formulas:
    """Return the formulas without a result in a sheet of the workbook in `file`, and the errors."""
    if is_old_workbook(file):
        return _formulas(results_in_old(file, sheet))
    try:
        with zipfile.ZipFile(file) as archive:
            if _DOCUMENT in archive.namelist():
                return _formulas_in_document(archive.read(_DOCUMENT), sheet)
            if _BINARY_RELATIONS in archive.namelist():
                targets = _targets(archive.read(_BINARY_RELATIONS).decode(errors="replace"))
                return _formulas(results_in_binary(archive, sheet, targets))
            book = archive.read(_BOOK).decode(errors="replace")
            path = _path_of(sheet, book, archive.read(_RELATIONS).decode(errors="replace"))
            cells = archive.read(path) if path else b""
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, KeyError):
        return Formulas()
    failed: Cells = {}
    for place in map(_PLACE.search, _FAILED.findall(cells)):
        if place:
            failed.setdefault(_column(place[1]), set()).add(int(place[2]) - 1)
    return Formulas(_uncomputed(cells, zeros_may_be=bool(_TO_CALCULATE.search(book))), failed)


def _path_of(sheet: str, book: str, relations: str) -> str | None:
    """Return the file in the archive that holds the cells of `sheet`."""
    ids = {_attribute(tag, "name"): _attribute(tag, r"\w+:id") for tag in _SHEET.findall(book)}
    target = _targets(relations).get(ids.get(sheet, ""))
    return (
        normpath(target.lstrip("/") if target.startswith("/") else f"xl/{target}")
        if target
        else None
    )


def _targets(relations: str) -> dict[str, str]:
    """Return the files that a workbook consists of, by the ids of their relations."""
    return {
        _attribute(tag, "Id"): _attribute(tag, "Target") for tag in _RELATION.findall(relations)
    }


def _attribute(tag: str, name: str) -> str:
    value = re.search(rf'\s{name}="([^"]*)"', tag)
    return html.unescape(value[1]) if value else ""


def _uncomputed(cells: bytes, *, zeros_may_be: bool) -> Cells:
    """Return the cells without a result; with `zeros_may_be`, columns of zeros only as well."""
    empty: Cells = {}
    zeros: Cells = {}
    others: set[int] = set()
    for attributes, value in _CELL.findall(cells):
        place = _PLACE.search(attributes)
        if place is None:
            continue
        column, row = _column(place[1]), int(place[2]) - 1
        if not value and not _IS_TEXT.search(attributes):
            empty.setdefault(column, set()).add(row)
        elif value == b"0":
            zeros.setdefault(column, set()).add(row)
        else:
            others.add(column)
    if zeros_may_be:
        _add_zeros(empty, {column: rows for column, rows in zeros.items() if column not in others})
    return empty


def _formulas(results: Iterable[Result]) -> Formulas:
    """Return what `results` are; those that wait count if a column has no other formulas."""
    formulas, pending, others = Formulas(), Cells(), set[int]()
    for result in results:
        if result.failed:
            formulas.failed.setdefault(result.column, set()).add(result.row)
        elif result.pending:
            pending.setdefault(result.column, set()).add(result.row)
        else:
            others.add(result.column)
    _add_zeros(
        formulas.uncomputed,
        {column: rows for column, rows in pending.items() if column not in others},
    )
    return formulas


def _formulas_in_document(content: bytes, sheet: str) -> Formulas:
    """Return the formulas without a result on a sheet of an OpenDocument workbook, and errors."""
    formulas = Formulas()
    row = column = -1
    rows = 1
    for kind, attributes in _ROW_OR_CELL.findall(_table(content, sheet)):
        repeated = _REPEATED.search(attributes)
        count = int(repeated[1]) if repeated else 1
        if kind == b"table-row":
            row, rows, column = row + rows if row >= 0 else 0, count, 0
            continue
        is_formula = b"table:formula=" in attributes
        if _IS_ERROR in attributes or (is_formula and b"office:value-type=" not in attributes):
            cells = formulas.failed if _IS_ERROR in attributes else formulas.uncomputed
            for place in range(column, column + min(count, _MOST_REPEATED)):
                lines = range(row, row + min(rows, _MOST_REPEATED))
                cells.setdefault(place, set()).update(lines)
        column += count
    return formulas


def _table(content: bytes, sheet: str) -> bytes:
    """Return the rows of `sheet` in the content of an OpenDocument workbook."""
    for attributes, rows in _TABLE.findall(content):
        if _attribute(attributes.decode(errors="replace"), "table:name") == sheet:
            return bytes(rows)
    return b""


def _add_zeros(empty: Cells, zeros: Mapping[int, set[int]]) -> None:
    for column, rows in zeros.items():
        if len(rows) >= _FEWEST_ZEROS:
            empty.setdefault(column, set()).update(rows)


def _column(letters: bytes) -> int:
    """Return the place of a column by its letters: 0 for A, 26 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1
