"""Excel workbooks as tables."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from relay.tables.reading.files.python_values import table_of
from relay.tables.reading.settings.options import ReadOptions
from relay.tables.reading.table import read_raw
from relay.tables.reading.workbooks.uncomputed_formulas import find_formulas
from relay.util.errors import RelayError
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


def test_titles_above_and_empty_rows_and_columns_beside_it_are_left_out(tmp_path: Path) -> None:
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
    with pytest.raises(RelayError, match="not an Excel workbook that can be read"):
        read(tmp_path / "old.xls")


def columns(count: int, **more: Any) -> list[list[Any]]:
    """Return a header a, y, ... and so many rows; `more` are columns, as functions of the row."""
    rows: list[list[Any]] = [["a", "y", *more]]
    return rows + [[i + 0.5, 3 * i, *(make(i) for make in more.values())] for i in range(count)]


def test_a_second_row_of_the_header_is_an_error_that_names_the_settings(tmp_path: Path) -> None:
    table = columns(6, kind=lambda i: "uv"[i % 2])
    path = workbook(tmp_path, Sheet1=[["Measured", None, "Place"], *table])
    with pytest.raises(RelayError) as raised:
        read(path)
    assert str(raised.value) == (
        "data.csv, sheet 'Sheet1', row 2 (a, y, kind) seems to be a second row of the header. "
        "data.read.header=2 takes the names from it, 'data.read.header=[1,2]' joins both rows, "
        "data.read.header=1 takes it for data."
    )
    assert read(path, header=[2])["y"].tolist() == [0, 3, 6, 9, 12, 15]
    joined = read(path, header=[1, 2])
    assert list(joined.columns) == ["Measured a", "Measured y", "Place kind"]
    assert joined["Measured a"].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]


def test_a_merged_cell_above_names_is_a_header_in_two_rows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    rows = [
        ["Who", None, "Result"],
        ["name", "kind", "y"],
        *([f"n{i}", "uv"[i % 2], i] for i in range(6)),
    ]
    for row in rows:
        sheet.append(row)
    book.save(tmp_path / "plain.xlsx")
    assert read(tmp_path / "plain.xlsx").shape == (7, 3)
    sheet.merge_cells("A1:B1")
    book.save(tmp_path / "merged.xlsx")
    with pytest.raises(RelayError, match=r"row 2 \(name, kind, y\).*data\.read\.header=2"):
        read(tmp_path / "merged.xlsx")


def test_rows_count_from_the_top_of_the_sheet_for_header_and_skip(tmp_path: Path) -> None:
    path = workbook(tmp_path, Sheet1=[["made by", "me"], [], [1, 2], *columns(3)])
    assert read(path, header=[4])["y"].tolist() == [0, 3, 6]
    assert read(path, skip=3)["y"].tolist() == [0, 3, 6]
    assert list(read(path, header=[], skip=4).columns) == ["column_1", "column_2"]
    with pytest.raises(RelayError, match=r"no sheet holds a table.*data\.read\.header.*its rows"):
        read(path, header=[2])


def test_a_comment_in_a_sheet_is_not_a_row(tmp_path: Path) -> None:
    rows = columns(3)
    path = workbook(tmp_path, Sheet1=[["# from the lab", 7], *rows[:2], ["# broken", 5], *rows[2:]])
    assert read(path, comment="#")["y"].tolist() == [0, 3, 6]


def test_cells_merged_over_rows_give_their_value_to_each_and_are_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    book = openpyxl.Workbook()
    for row in columns(4, place=lambda i: "north" if i == 0 else "south" if i == 3 else None):
        book.active.append(row)
    book.active.merge_cells("C2:C4")
    book.save(tmp_path / "x.xlsx")
    assert read(tmp_path / "x.xlsx")["place"].tolist() == ["north"] * 3 + ["south"]
    assert "Column place: 2 rows lie within merged cells" in caplog.text


def test_cells_that_a_merged_one_at_their_left_covers_are_missing_and_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    book = openpyxl.Workbook()
    for row in [*columns(4, z=float), ["a note below"]]:
        book.active.append(row)
    book.active.merge_cells("B3:C3")
    book.active.merge_cells("A6:C6")
    book.save(tmp_path / "x.xlsx")
    assert read(tmp_path / "x.xlsx")["z"].isna().tolist()[:4] == [False, True, False, False]
    assert [text for text in caplog.messages if "covered" in text] == [
        "Column z: 1 cells are covered by merged cells at their left: they are missing values. "
        "If that is wrong, unmerge them in the workbook."
    ]


@pytest.mark.parametrize("share", [1, 2])
def test_formulas_without_results_are_counted_by_column(
    tmp_path: Path, share: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = workbook(
        tmp_path, Sheet1=columns(8, s=lambda i: f"=A{i + 2}*2" if i % share == 0 else 1.5)
    )
    raw = read_raw(path, ReadOptions())
    assert raw.table["s"].isna().sum() == 8 // share
    assert raw.about["uncomputed"] == {"s": 8 // share}
    assert (
        f"Column s: {8 // share} of 8 cells hold formulas that were never computed" in caplog.text
    )
    assert "Open it in Excel or LibreOffice and save it" in caplog.text


def sheet_of(cells: str, *, to_calculate: bool = False) -> dict[str, str]:
    """Return the parts of a workbook with the cells B1 and on, as programs write them."""
    calculation = '<calcPr fullCalcOnLoad="1"/>' if to_calculate else ""
    name = "http://schemas.openxmlformats.org"
    return {
        "xl/workbook.xml": f'<workbook xmlns="{name}/spreadsheetml/2006/main" xmlns:r="{name}'
        '/officeDocument/2006/relationships"><sheets><sheet name="A &amp; B" sheetId="1" '
        f'r:id="rId7"/></sheets>{calculation}</workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{name}/package/2006/relationships">'
        f'<Relationship Id="rId7" Type="{name}/officeDocument/2006/relationships/worksheet" '
        'Target="worksheets/one.xml"/></Relationships>',
        "xl/worksheets/one.xml": f'<worksheet xmlns="{name}/spreadsheetml/2006/main"><sheetData>'
        f"{cells}</sheetData></worksheet>",
    }


def packed(parts: dict[str, str]) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return file


@pytest.mark.parametrize(
    ("cell", "lacks"),
    [
        ("<f>A1*2</f><v>0</v>", False),
        ("<f>A1*2</f><v>2</v>", False),
        ("<f>A1*2</f><v></v>", True),
        ("<f>A1*2</f>", True),
        ('<f t="shared" si="0"/><v/>', True),
        ("<v>2</v>", False),
    ],
)
def test_a_formula_lacks_its_result_where_no_value_follows_it(cell: str, lacks: bool) -> None:
    row = f'<row r="1"><c r="AA1" s="3">{cell}</c><c r="AB1"><v>1</v></c></row>'
    assert find_formulas(packed(sheet_of(row)), "A & B").uncomputed == ({26: {0}} if lacks else {})


def test_a_formula_whose_result_is_an_empty_text_was_computed() -> None:
    row = '<row r="1"><c r="B1" t="str"><f>IF(A1,"x","")</f><v></v></c></row>'
    assert find_formulas(packed(sheet_of(row)), "A & B").uncomputed == {}


def test_zeros_that_stand_for_results_to_come_are_none() -> None:
    zeros = "".join(
        f'<row r="{i}"><c r="B{i}"><f>A{i}</f><v>0</v></c>'
        f'<c r="C{i}"><f>1-{i}</f><v>{1 - i}</v></c></row>'
        for i in (1, 2)
    )
    assert find_formulas(packed(sheet_of(zeros)), "A & B").uncomputed == {}
    assert find_formulas(packed(sheet_of(zeros, to_calculate=True)), "A & B").uncomputed == {
        1: {0, 1}
    }


def test_dates_beside_dates_typed_as_texts_are_written_alike_for_the_later_look(
    tmp_path: Path,
) -> None:
    rows = columns(3, when=lambda i: dt.datetime(2021, 1, 2 + i) if i else "2021-01-02")
    assert read(workbook(tmp_path, Sheet1=rows))["when"].str[:10].tolist() == [
        "2021-01-02", "2021-01-03", "2021-01-04",
    ]  # fmt: skip


def test_numbers_near_a_columns_dates_are_days_and_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = columns(3, when=lambda i: dt.datetime(2021, 1, 2 + i) if i else 44198)
    got = read(workbook(tmp_path, Sheet1=rows))
    assert got["when"].dt.day.tolist() == [2, 3, 4]
    assert "Column when: 1 of 3 dates are plain numbers in the workbook" in caplog.text
    rows = columns(3, when=lambda i: dt.datetime(2021, 1, 2 + i) if i else 7)
    assert read(workbook(tmp_path, Sheet1=rows))["when"].iloc[0] == "7"


def test_days_and_months_that_excel_exchanged_are_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    days = [dt.datetime(2021, 1 + i, 3) if i % 2 else f"{14 + i}/03/2021" for i in range(12)]
    read(workbook(tmp_path, Sheet1=columns(12, when=lambda i: days[i])))
    assert "Excel has probably exchanged day and month" in caplog.text


def test_ids_of_more_digits_than_a_workbook_keeps_are_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    read(
        workbook(
            tmp_path, Sheet1=columns(4, key=lambda i: 1234567890123456789 + i, v=lambda i: 1e21 * i)
        )
    )
    (warned,) = caplog.messages
    assert warned.startswith("Column key: 4 numbers have more than the 15 digits")
    caplog.clear()
    read(workbook(tmp_path, Sheet1=columns(4, key=lambda i: 10**18 + i if i else "unknown", v=int)))
    (warned,) = caplog.messages
    assert warned.startswith("Column key: 3 numbers have more than the 15 digits")


def test_durations_are_texts_of_hours_minutes_and_seconds() -> None:
    table = table_of(
        ["t"], [[dt.time(0, 5), dt.timedelta(days=1, hours=2, seconds=1.5), None]], [""]
    )
    assert table["t"].tolist()[:2] == ["00:05:00", "26:00:01.5"]


def test_a_row_of_names_between_title_and_header_is_reported_with_the_setting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = workbook(
        tmp_path, Sheet1=[["Sales"], ["2019", None, "2020"], *columns(5, b=float, c=float)]
    )
    assert list(read(path).columns) == ["a", "y", "b", "c"]
    assert caplog.messages == [
        "data.csv, sheet 'Sheet1': row 2 (2019, 2020) is above the names in row 3 and is left "
        "out. 'data.read.header=[2,3]' joins both."
    ]
    assert list(read(path, header=[2, 3]).columns) == ["2019 a", "2019 y", "2020 b", "2020 c"]


def test_formulas_that_failed_are_counted_with_their_errors(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    read(workbook(tmp_path, Sheet1=columns(4, r=lambda i: "#DIV/0!" if i % 2 else i)))
    (warned,) = caplog.messages
    assert warned == (
        "Column r: 2 of 4 cells hold formulas that ended in an error: they are missing values."
    )


def test_numbers_typed_as_texts_with_a_decimal_comma_are_numbers_and_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = workbook(tmp_path, Sheet1=columns(4, q=lambda i: "1.234,5" if i == 1 else i * 0.5))
    assert read(path)["q"].astype("float").tolist() == [0, 1234.5, 1, 1.5]
    assert (
        "Column q: 1 of its numbers are texts with a decimal comma, such as '1.234,5'"
        in caplog.text
    )
    caplog.clear()
    path = workbook(tmp_path, Sheet1=columns(4, q=lambda i: "1,234" if i == 1 else i * 0.5))
    assert read(path)["q"].tolist() == ["0", "1,234", "1", "1.5"]  # it may be either
    assert not caplog.messages


def document(folder: Path, cells: Sequence[Sequence[str]]) -> Path:
    """Write an OpenDocument workbook of one sheet with `cells`, each as XML."""
    rows = "".join(f"<table:table-row>{''.join(row)}</table:table-row>" for row in cells)
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<office:document-content {names} office:version="1.2"><office:body><office:spreadsheet>'
        f'<table:table table:name="a &amp; b">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        "</manifest:manifest>"
    )
    path = folder / "t.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    return path


def cell(value: object, formula: str = "") -> str:
    attribute = f' table:formula="{formula}"' if formula else ""
    if value is None:
        return f"<table:table-cell{attribute}/>"
    kind = "string" if isinstance(value, str) else "float"
    number = "" if isinstance(value, str) else f' office:value="{value}"'
    return (
        f'<table:table-cell{attribute} office:value-type="{kind}"{number}>'
        f"<text:p>{value}</text:p></table:table-cell>"
    )


def test_formulas_without_results_of_an_opendocument_workbook_are_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [
        [cell(i), cell(2 * i, "of:=[.A1]*2"), cell(None, "of:=IF([.A1]>1;3;4)")] for i in range(12)
    ]
    path = document(tmp_path, [[cell("a"), cell("b"), cell("c")], *rows])
    raw = read_raw(path, ReadOptions())
    assert raw.table["b"].tolist() == [2 * i for i in range(12)]
    assert raw.table["c"].isna().all()
    assert raw.about["uncomputed"] == {"c": 12}
    assert "Column c: 12 of 12 cells hold formulas that were never computed" in caplog.text


def test_repeated_cells_and_rows_of_an_opendocument_workbook_are_counted(tmp_path: Path) -> None:
    blank = '<table:table-cell table:number-columns-repeated="2"/>'
    lacking = cell(None, "of:=1").replace("/>", ' table:number-columns-repeated="2"/>')
    path = document(tmp_path, [[blank, cell(1)], [cell(1), lacking]])
    content = zipfile.ZipFile(path).read("content.xml").decode()
    repeated = content.replace(
        "<table:table-row>", '<table:table-row table:number-rows-repeated="3">', 1
    )
    with zipfile.ZipFile(tmp_path / "u.ods", "w") as archive:
        archive.writestr("content.xml", repeated)
    with (tmp_path / "u.ods").open("rb") as file:
        assert find_formulas(file, "a & b").uncomputed == {1: {3}, 2: {3}}
        assert find_formulas(file, "other").uncomputed == {}
