"""JSON lines and Excel workbooks as tables."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from relay.errors import RelayError
from tests.reading import read_as_it_stands as read


def lines(folder: Path, *rows: Any) -> Path:
    path = folder / "data.csv"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_objects_are_rows_and_keys_may_be_left_out(tmp_path: Path) -> None:
    table = read(lines(tmp_path, {"a": 1, "b": "x"}, {"b": "y", "c": 2.5}, {"a": None, "c": 1}))
    assert list(table.columns) == ["a", "b", "c"]
    assert table["a"].isna().tolist() == [False, True, True]
    assert table["b"].tolist()[:2] == ["x", "y"]
    assert table["c"].tolist()[1:] == [2.5, 1.0]


def test_values_keep_their_types_and_mixed_ones_are_texts(tmp_path: Path) -> None:
    rows = [{"i": 1, "f": 1, "b": True, "m": 5.0}, {"i": 2, "f": 0.5, "b": False, "m": "x"}]
    table = read(lines(tmp_path, *rows))
    assert [str(one) for one in table.dtypes] == ["int64", "float64", "bool", "str"]
    assert table["m"].tolist() == ["5", "x"]


def test_objects_within_become_columns_and_lists_texts(tmp_path: Path) -> None:
    table = read(lines(tmp_path, {"a": {"b": {"c": 1}, "d": 2}, "tags": ["x"]}, {"tags": []}))
    assert list(table.columns) == ["a.b.c", "a.d", "tags"]
    assert table["tags"].iloc[0] == '["x"]'
    assert table["tags"].isna().iloc[1]


def test_a_file_may_be_one_list_of_objects_and_blank_lines_count_for_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "data.json"
    path.write_text('\ufeff[\n {"a": 1, "b": 2},\n {"a": 3, "b": 4}\n]')
    assert read(path)["b"].tolist() == [2, 4]
    path.write_text('{"a": 1, "b": 2}\n\n{"a": 3, "b": 4}')
    assert read(path)["a"].tolist() == [1, 3]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 1}\n{"a": \n', "line 2 is no JSON object"),
        ('{\n "a": 1\n}', "line 1 is no JSON object.*each line is one object"),
        ('{"a": 1}\n7\n', "line 2 is no JSON object but int"),
        ('[{"a": 1}, 7]', "row 2 of the data is no JSON object"),
        ('[{"a": 1}', "is no JSON"),
        ("{}\n", "holds no rows"),
    ],
)
def test_broken_json_names_its_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(content)
    with pytest.raises(RelayError, match=message):
        read(path)


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
