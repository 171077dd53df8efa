"""Where in a file its table begins, and what separates its fields."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from relay.tables.reading.header import joined_names
from relay.tables.reading.settings.options import ReadOptions
from relay.tables.reading.table import read_raw
from relay.util.errors import RelayError
from tests import reading

ROWS = "".join(f"{i};k{i % 2};{i}.5\n" for i in range(9))


def read(folder: Path, text: str, **options: Any) -> pd.DataFrame:
    path = folder / "data.csv"
    path.write_text(text, encoding="utf-8")
    return reading.read(path, **options)


@pytest.mark.parametrize(
    "above",
    [
        "",
        "\n\n",
        "Sales, all of them\n",
        "Sales 2020\nprinted 1.1.2021; by hand\n\n",
        "Sales;;\n;;\n",
        '"A title\nin two lines"\n',
        "sep=;\n",
    ],
)
def test_titles_above_the_header_are_left_out(tmp_path: Path, above: str) -> None:
    table = read(tmp_path, f"{above}a;b;c\n{ROWS}")
    assert list(table.columns) == ["a", "b", "c"]
    assert table["a"].tolist() == list(range(9))


@pytest.mark.parametrize("above", ["", "Title\n\n"])
@pytest.mark.parametrize("length", [300_000, 1_500_000])
def test_the_first_rows_may_have_very_long_fields(tmp_path: Path, above: str, length: int) -> None:
    long = f"{'x, ' * (length // 3)}x"
    table = read(tmp_path, f'{above}a;b;c\n8;"{long}";1.5\n9;{long};2.5\n{ROWS}')
    assert table["a"].tolist() == [8, 9, *range(9)]
    assert table["b"].tolist()[:3] == [long, long, "k0"]


def test_the_lines_above_the_header_are_reported(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(f"Title\n\na;b;c\n{ROWS}")
    about = read_raw(tmp_path / "x", ReadOptions()).about
    assert about == {
        "kind": "text", "separator": ";", "encoding": "utf-8", "lines_above_header": 2,
    }  # fmt: skip


def test_notes_below_a_table_are_left_out_but_no_row_is(tmp_path: Path) -> None:
    assert len(read(tmp_path, f"a;b;c\n{ROWS}Source: somebody\n* made up;;\n")) == 9
    assert len(read(tmp_path, f"a;b;c\n{ROWS}9;;\n")) == 10
    assert len(read(tmp_path, "a;b;c\nann;1;2\nbob;3;4\ncat;;\n")) == 3


def test_a_header_may_lack_the_name_of_the_rows_names(tmp_path: Path) -> None:
    table = read(tmp_path, '"","x"\n"Africa",11506\n"Asia",16988\n')
    assert list(table.columns) == ["", "x"]
    assert len(table) == 2


@pytest.mark.parametrize("between", [",", " "])
@pytest.mark.parametrize("names", ["12", ["Berlin", "New York"]])
def test_a_header_may_be_shorter_by_the_names_of_the_rows(
    tmp_path: Path, between: str, names: Sequence[str]
) -> None:
    lines = ['"a" "b"', *(f'"{name}" 1.5 2' for name in names)]
    table = read(
        tmp_path, "\n".join(lines).replace('" ', f'"{between}').replace("1.5 ", f"1.5{between}")
    )
    assert list(table.columns) == ["", "a", "b"]
    assert list(table[""].astype(str)) == list(names)
    assert table["b"].tolist() == [2, 2]


def test_a_decimal_comma_between_commas_is_not_a_row_name(tmp_path: Path) -> None:
    with pytest.raises(RelayError, match=r"it has 2 fields \('a,b'\), nearly all lines below it 3"):
        read(tmp_path, "a,b\n1,5,2\n3,5,4\n7,1,3\n")


@pytest.mark.parametrize("header", [";a;b", "2019;2020;2021", "a;;c", "a;a;a"])
def test_an_odd_header_is_still_one(tmp_path: Path, header: str) -> None:
    assert list(read(tmp_path, f"{header}\n{ROWS}").columns) == header.split(";")


def test_a_file_without_a_header_has_columns_with_numbers(tmp_path: Path) -> None:
    table = read(tmp_path, "5.1,3.5,setosa\n4.9,3.0,setosa\n6.3,3.3,virginica\n")
    assert list(table.columns) == ["column_1", "column_2", "column_3"]
    assert table["column_1"].tolist() == [5.1, 4.9, 6.3]


@pytest.mark.parametrize(
    "text",
    [
        "0,0,5,13\n0,1,2,3\n4,5,6,7\n",
        "-178,3,59\n4,5,6\n7,8,9\n",
        "39,State-gov,Male\n50,Private,Male\n38,State-gov,Female\n",
        "p,x,s\ne,x,s\np,b,y\n",
    ],
)
def test_a_first_row_of_values_is_not_a_header(tmp_path: Path, text: str) -> None:
    assert len(read(tmp_path, text)) == 3


@pytest.mark.parametrize(
    "text",
    [
        "0,1,2\n5,5,5\n6,6,6\n",
        "2021,2020,2019\n5,5,5\n6,6,6\n",
        "name,red,blue\nann,red,\nbob,,blue\n",
        "name,age\nann,3\nname,age\nbob,4\n",
    ],
)
def test_names_that_look_like_values_are_a_header(tmp_path: Path, text: str) -> None:
    assert list(read(tmp_path, text).columns) == text.split("\n", maxsplit=1)[0].split(",")


def test_columns_aligned_by_blanks_are_separated(tmp_path: Path) -> None:
    table = read(tmp_path, "name   age  pay\nann    31   5.5\nbob     4  10\n")
    assert table["pay"].tolist() == [5.5, 10.0]
    with pytest.raises(RelayError, match="one column only"):
        read(tmp_path, "full name\nann smith\nbob jones\n")


def test_blanks_at_the_ends_of_values_are_removed(tmp_path: Path) -> None:
    table = read(tmp_path, "a , b,c\n 1 ,north , NA\n2, north,3 \n")
    assert list(table.columns) == ["a", "b", "c"]
    assert table["a"].tolist() == [1, 2]
    assert table["b"].tolist() == ["north", "north"]
    assert table["c"].isna().tolist() == [True, False]


def test_broken_records_far_down_are_read_as_at_the_top(tmp_path: Path) -> None:
    many = "".join(f"{i},x\n" for i in range(200_000))
    with pytest.raises(RelayError, match="line 200002: it has 1 field"):
        read(tmp_path, f"a,b\n{many}7\n")
    with pytest.raises(RelayError, match="line 200002: it has 3 fields"):
        read(tmp_path, f"a,b\n{many}7,8,9\n")
    assert read(tmp_path, f'a,b\n{many}7,"x\ny, ""z"""\n')["b"].iloc[-1] == 'x\ny, "z"'


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ([["a", " b "]], ["a", "b"]),
        ([["Size", "", "Sold"], ["h", "w", "on"]], ["Size h", "Size w", "Sold on"]),
        ([["name", "height"], ["", "cm"]], ["name", "height cm"]),
        ([["", "2020"], ["town", "x"], ["", "m", "more"]], ["town", "2020 x m", "more"]),
    ],
)  # fmt: skip
def test_a_header_in_several_rows_is_joined(rows: list[list[str]], names: list[str]) -> None:
    assert joined_names(rows) == names
