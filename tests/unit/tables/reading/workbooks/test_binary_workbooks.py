"""Formulas and errors in .xls and .xlsb workbooks, and errors in .ods."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from relay.tables.reading.settings.options import ReadOptions
from relay.tables.reading.table import read_raw
from relay.tables.reading.workbooks.uncomputed_formulas import find_formulas
from tests.made_workbooks import Cell, Error, Formula, xls, xlsb
from tests.reading import read_as_it_stands as read

Make = Callable[[Sequence[Sequence[Cell]]], bytes]
both = pytest.mark.parametrize("make", [xls, xlsb])


def saved(folder: Path, content: bytes) -> Path:
    path = folder / "data.bin"
    path.write_bytes(content)
    return path


def rows(value: Callable[[int], Cell]) -> list[list[Cell]]:
    """Six rows under a header: a number, a text, and `value` of the row."""
    return [["a", "kind", "x"], *[[i + 0.5, "uv"[i % 2], value(i)] for i in range(6)]]


@both
def test_values_and_results_of_formulas_are_read(make: Make, tmp_path: Path) -> None:
    values: list[Cell] = [Formula(1.5), Formula(0.0), 2.5, Formula(4.0), 5.5, 6.5]
    table = read(saved(tmp_path, make(rows(values.__getitem__))))
    assert table["x"].tolist() == [1.5, 0.0, 2.5, 4.0, 5.5, 6.5]
    assert table["kind"].tolist() == ["u", "v"] * 3


@both
def test_truths_are_truths_also_those_of_formulas(make: Make, tmp_path: Path) -> None:
    table = read(saved(tmp_path, make(rows(lambda i: Formula(True) if i % 2 else False))))
    assert table["x"].tolist() == [False, True] * 3


@both
@pytest.mark.parametrize("error", [Error(7), Formula(Error(42))])
def test_errors_are_missing_values_and_reported(
    make: Make, error: Cell, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = read(saved(tmp_path, make(rows(lambda i: error if i == 2 else float(i)))))
    assert table["x"].isna().tolist() == [False, False, True, False, False, False]
    assert caplog.messages == [
        "Column x: 1 of 6 cells hold formulas that ended in an error: they are missing values."
    ]


@both
def test_zeros_that_wait_for_a_program_to_compute_them_are_missing_and_reported(
    make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    raw = read_raw(saved(tmp_path, make(rows(lambda i: Formula(0.0, on_load=True)))), ReadOptions())
    assert raw.table["x"].isna().all()
    assert raw.about["uncomputed"] == {"x": 6}
    assert "Column x: 6 of 6 cells hold formulas that were never computed" in caplog.text


@both
def test_a_zero_beside_other_results_is_a_zero(
    make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = make(rows(lambda i: Formula(float(i), on_load=True)))
    assert read(saved(tmp_path, content))["x"].tolist() == [0, 1, 2, 3, 4, 5]
    assert not caplog.messages


@pytest.mark.parametrize("content", [xls(rows(float)), xlsb(rows(float))])
def test_a_sheet_that_is_not_there_and_a_damaged_file_have_no_formulas(content: bytes) -> None:
    assert find_formulas(io.BytesIO(content), "other").failed == {}
    assert find_formulas(io.BytesIO(content[: len(content) // 2]), "Sheet1").failed == {}


def test_errors_of_an_opendocument_workbook_are_missing_and_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lines = "".join(
        f"<table:table-row>{_number(i)}{_number(2 * i) if i % 3 else _FAILED}</table:table-row>"
        for i in range(6)
    )
    names = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{name}</text:p></table:table-cell>'
        for name in "ab"
    )
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text", "calcext")
    )
    path = tmp_path / "t.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f'<office:document-content {spaces} office:version="1.2"><office:body>'
            f'<office:spreadsheet><table:table table:name="one"><table:table-row>{names}'
            f"</table:table-row>{lines}</table:table></office:spreadsheet></office:body>"
            "</office:document-content>",
        )
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:'
            'manifest:1.0"/>',
        )
    assert read(path)["b"].isna().tolist() == [True, False, False] * 2
    assert caplog.messages == [
        "Column b: 2 of 6 cells hold formulas that ended in an error: they are missing values."
    ]


_FAILED = (
    '<table:table-cell table:formula="of:=NA()" office:value-type="float" office:value="0" '
    'calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>'
)


def _number(value: int) -> str:
    return (
        f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}'
        "</text:p></table:table-cell>"
    )
