"""Excel workbooks as tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from relay.errors import RelayError
from tests.reading import read_as_it_stands as read


def workbook(folder: Path, **sheets: Iterable[Sequence[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    path = folder / "data.csv"
    book.save(path)
    return path


ROWS: list[list[Any]] = [
    ["id", "sold on", "price", "ok", "note"],
    [1, dt.datetime(2020, 1, 31), 9.5, True, "a"],
    [2, dt.datetime(2020, 2, 29, 12, 30), 10, False, None],
]


def test_a_sheet_has_numbers_times_truths_and_missing_values(tmp_path: Path) -> None:
    table = read(workbook(tmp_path, Sheet1=ROWS))
    assert table["id"].tolist() == [1, 2]
    assert table["sold on"].iloc[1] == pd.Timestamp("2020-02-29 12:30")
    assert table["price"].tolist() == [9.5, 10.0]
    assert table["ok"].tolist() == [True, False]
    assert table["note"].isna().tolist() == [False, True]


def test_titles_above_and_empty_rows_and_columns_beside_are_no_part_of_it(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["Sales 2020"], [], *[[None, *row] for row in ROWS], []]
    assert read(workbook(tmp_path, Sheet1=rows)).shape == (2, 5)


def test_formulas_that_failed_are_missing_and_whole_numbers_in_texts_stay_whole(
    tmp_path: Path,
) -> None:
    rows: list[list[Any]] = [["a", "b"], [5, "#N/A"], ["x", 1], [7.25, 2]]
    table = read(workbook(tmp_path, Sheet1=rows))
    assert table["a"].tolist() == ["5", "x", "7.25"]
    assert table["b"].isna().tolist() == [True, False, False]


def test_the_sheet_that_holds_a_table_is_read_and_of_several_one_is_named(tmp_path: Path) -> None:
    path = workbook(tmp_path, Notes=[["read me"]], Data=ROWS)
    assert len(read(path)) == 2
    path = workbook(tmp_path, First=ROWS, Second=ROWS[:2])
    with pytest.raises(RelayError, match=r"2 sheets: First, Second.*data\.read\.table=SHEET"):
        read(path)
    assert len(read(path, table="Second")) == 1
    with pytest.raises(RelayError, match=r"no sheet 'Secnd'\. Did you mean 'Second'"):
        read(path, table="Secnd")


def test_an_empty_workbook_and_a_damaged_old_one_are_errors(tmp_path: Path) -> None:
    with pytest.raises(RelayError, match="no sheet holds a table"):
        read(workbook(tmp_path, Sheet1=[["a", "b"]]))
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    with pytest.raises(RelayError, match="no Excel workbook that can be read"):
        read(tmp_path / "old.xls")
