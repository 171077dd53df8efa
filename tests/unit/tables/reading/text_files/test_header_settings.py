"""Where the names stand: data.read.header, data.read.skip and data.read.comment."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from relay.tables.reading.settings.options import ReadOptions
from relay.tables.reading.table import read_raw
from relay.util.errors import RelayError
from tests import reading

ROWS = "".join(f"{i},{i % 3},{i}.5\n" for i in range(12))


def read(folder: Path, text: str, **options: object) -> pd.DataFrame:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return reading.read(path, **options)


@pytest.mark.parametrize("above", ["A title\n", "It's 5\" long\n\n", "x,y,z\n1,2,3\n", "\n\n\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_line_of_the_names_can_be_given(tmp_path: Path, above: str, end: str) -> None:
    text = f"{above}a,b,c\n{ROWS}".replace("\n", end)
    table = read(tmp_path, text, header=[above.count("\n") + 1])
    assert list(table.columns) == ["a", "b", "c"]
    assert table["a"].tolist() == list(range(12))


def test_names_in_two_lines_are_joined(tmp_path: Path) -> None:
    table = read(tmp_path, f"Size,,Cost\nh,w,EUR\n{ROWS}", header=[1, 2])
    assert list(table.columns) == ["Size h", "Size w", "Cost EUR"]
    assert table["Size h"].tolist() == list(range(12))
    table = read(tmp_path, f"Title\na,b,c\n\ncm,,kg\n{ROWS}", header=[2, 4])
    assert list(table.columns) == ["a cm", "b", "c kg"]
    assert len(table) == 12


def test_a_file_may_have_no_names(tmp_path: Path) -> None:
    table = read(tmp_path, "x,y,z\np,q,r\n", header=[])
    assert list(table.columns) == ["column_1", "column_2", "column_3"]
    assert table["column_1"].tolist() == ["x", "p"]
    assert len(read(tmp_path, f"12,3,cold,warm\n{ROWS}", header=[], skip=1)) == 12


@pytest.mark.parametrize("lines", [1, 3])
def test_lines_at_the_top_can_be_left_out(tmp_path: Path, lines: int) -> None:
    table = read(tmp_path, 'x, "y\n' * lines + f"a,b,c\n{ROWS}", skip=lines)
    assert list(table.columns) == ["a", "b", "c"]
    assert len(table) == 12


@pytest.mark.parametrize("mark", ["#", "//", "%", "--"])
def test_comments_are_left_out_wherever_they_are(tmp_path: Path, mark: str) -> None:
    comment = f'{mark} 3" off, x, y, z\n'
    text = f"{comment}a,b,c\n{comment}{ROWS}{comment}{ROWS} {comment}".encode()
    (tmp_path / "t.csv").write_bytes(text)
    raw = read_raw(tmp_path / "t.csv", ReadOptions(comment=mark))
    assert list(raw.table.columns) == ["a", "b", "c"]
    assert raw.table["a"].tolist() == [str(i) for i in range(12)] * 2
    assert raw.about["comment_lines"] == 3
    assert raw.about["lines_above_header"] == 1


def test_names_may_stand_in_a_comment(tmp_path: Path) -> None:
    for text in (f"# a,b,c\n{ROWS}", f"# by numpy\n#a,b,c\n{ROWS}", f"#a,b,c\n# x\n{ROWS}"):
        table = read(tmp_path, text, comment="#", header=[2] if "numpy" in text else None)
        assert list(table.columns) in (["a", "b", "c"], ["column_1", "column_2", "column_3"])
        assert len(table) == 12
    assert list(read(tmp_path, f"# a,b,c\n{ROWS}", comment="#").columns) == ["a", "b", "c"]


def test_names_between_blanks_may_follow_a_mark(tmp_path: Path) -> None:
    table = read(tmp_path, "# a b c\n" + ROWS.replace(",", " "))
    assert list(table.columns) == ["a", "b", "c"]
    assert len(table) == 12


def test_below_very_many_titles_the_line_is_named(tmp_path: Path) -> None:
    with pytest.raises(RelayError, match=r"line 51: .*data\.read\.header=51"):
        read(tmp_path, "a title\n" * 50 + f"a,b,c\n{ROWS * 9}")


def test_a_mark_before_the_first_name_is_none_of_it(tmp_path: Path) -> None:
    assert list(read(tmp_path, f"#a,b,c\n{ROWS}").columns) == ["a", "b", "c"]
    assert list(read(tmp_path, f"# a,b,c\n{ROWS}").columns) == ["a", "b", "c"]
    assert list(read(tmp_path, f"#,b,c\n{ROWS}").columns) == ["#", "b", "c"]
    assert list(read(tmp_path, f"#a,#b,c\n{ROWS}").columns) == ["#a", "#b", "c"]


@pytest.mark.parametrize("second", ["cm,kg,EUR", "(m),,%", "h,w,d", ",,EUR"])
def test_a_second_line_of_names_is_an_error_that_names_the_setting(
    tmp_path: Path, second: str
) -> None:
    text = f"a,b,c\n{second}\n{ROWS}"
    with pytest.raises(RelayError, match=r"line 2: .*data\.read\.header=\[1,2\]' joins"):
        read(tmp_path, text)
    assert len(read(tmp_path, text, header=[1, 2])) == 12
    assert len(read(tmp_path, text, header=[1])) == 13


@pytest.mark.parametrize("first", ["NA,null,1", "?,?,?", "x,1,2", "1,,", "a,b,c"])
def test_a_first_row_with_values_missing_is_a_row(tmp_path: Path, first: str) -> None:
    assert len(read(tmp_path, f"a,b,c\n{first}\n{ROWS}", missing_values=["?"])) in (12, 13)


def test_a_line_above_the_names_that_can_be_a_part_of_them_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = read(tmp_path, f"Size,,,Cost,\nh,w,d,EUR,USD\n{ROWS.replace('.5', '.5,1,2')}")
    assert list(table.columns) == ["h", "w", "d", "EUR", "USD"]
    assert "left out: 'Size,,,Cost,'" in caplog.text
    assert "data.read.header=[1,2]" in caplog.text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"header": [99]}, r"data\.read\.header=99: t\.csv has 14 lines only"),
        ({"header": [1, 99]}, r"data\.read\.header: t\.csv has 14 lines, not 99"),
        ({"header": [1]}, r"data\.read\.header: line 1 of t\.csv is blank"),
        ({"skip": 14}, r"data\.read\.skip=14: t\.csv has 14 lines only"),
    ],
)
def test_a_line_that_is_not_there_is_an_error(
    tmp_path: Path, options: dict[str, object], message: str
) -> None:
    with pytest.raises(RelayError, match=message):
        read(tmp_path, f"\na,b,c\n{ROWS}", **options)


def test_a_first_line_of_another_width_names_the_settings(tmp_path: Path) -> None:
    text = "12,3,cold,warm\n" + "".join(f"4.5,{i * i},0,1,7\n" for i in range(12))
    with pytest.raises(
        RelayError, match=r"line 1: .* 4 fields .* 5\. .*data\.read\.skip=1"
    ) as error:
        read(tmp_path, text)
    assert "separator" not in str(error.value)
    assert read(tmp_path, text, skip=1).shape == (12, 5)
    with pytest.raises(RelayError, match=r"line 1: .*not a row: data\.read\.skip=1"):
        read(tmp_path, text, header=[])
