"""Lines that are not rows: an error with the line, or left out with a warning; never filled up."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd
import pytest

from relay.tables.reading.pieces import read_in_pieces
from relay.tables.reading.settings.options import ReadOptions
from relay.tables.reading.table import read_raw
from relay.util.errors import RelayError

ROWS = [f"{i}.5,{i % 7},north" for i in range(40)]
HEADER = "a,b,c"


def read(folder: Path, content: str | bytes, **options: object) -> pd.DataFrame:
    """Return the table, which must be the same read whole and in pieces."""
    path = folder / "t.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    given = ReadOptions(**options)  # type: ignore[arg-type]
    try:
        table = read_raw(path, given).table
    except RelayError as error:
        with pytest.raises(RelayError) as in_pieces:
            list(read_in_pieces(path, given))
        assert str(in_pieces.value) == str(error)
        raise
    pieces = pd.concat(list(read_in_pieces(path, given).read(15)), ignore_index=True)
    pd.testing.assert_frame_equal(pieces, table, check_dtype=False)
    return table


def with_lines(*lines: str, at: int = 20, end: str = "\n") -> str:
    return end.join([HEADER, *ROWS[:at], *lines, *ROWS[at:], ""])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("6.5,2", r"line 22: it has 2 fields, the header 3 \('6\.5,2'\)\. Correct the line"),
        ("6.5", "line 22: it has 1 field, the header 3"),
        ('"north, or so",2', "line 22: it has 2 fields"),
        ("6.5,2,north,4", "line 22: it has 4 fields, the header 3. .* needs quotes"),
        (
            "# gap",
            r"line 22: it begins with '# gap'.*begin with # are comments: 'data\.read\.comment=#'",
        ),
        ("// gap", r"line 22: .*data\.read\.comment=// "),
        ("# a, b, c", r"line 22: it begins with '# a'.*'data\.read\.comment=#'"),
    ],
)
def test_a_line_of_another_width_is_an_error(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(RelayError, match=message):
        read(tmp_path, with_lines(line))


@pytest.mark.parametrize("at", [0, 39, 40])
def test_the_line_is_right_wherever_it_is(tmp_path: Path, at: int) -> None:
    with pytest.raises(RelayError, match=f"line {at + 2}: it has 2 fields"):
        read(tmp_path, with_lines("6.5,2", at=at, end="\r\n"))


def test_ends_of_lines_without_their_last_empty_fields_are_rows(tmp_path: Path) -> None:
    text = "a,b,c\n1,2,\n3,4,\n5,6\n7,8\n"
    assert read(tmp_path, text)["b"].tolist() == ["2", "4", "6", "8"]
    with pytest.raises(RelayError, match="line 4: it has 2 fields, the header 3"):
        read(tmp_path, text + "9,1,2\n")


@pytest.mark.parametrize(
    "notes",
    [
        "* made up,,\n",
        "Source: somebody\n",
        "\nSource: a, b\n* made up\n",
        "(40 rows)",
        "Source: x\n* made up,,\n",
    ],
)
def test_notes_below_the_table_are_left_out_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, notes: str
) -> None:
    assert len(read(tmp_path, with_lines() + notes)) == 40
    first = notes.strip().split("\n")[0].rstrip(",")
    assert f"below the table: '{first}'" in caplog.text


def test_a_table_of_texts_may_have_notes_but_no_short_rows(tmp_path: Path) -> None:
    text = "name,town,k\nann,x,1\nbob,y,2\ncat,z,3\n"
    assert len(read(tmp_path, text + "Source: somebody\n")) == 3
    with pytest.raises(RelayError, match="line 5: it has 2 fields"):
        read(tmp_path, text + "dan,x\n")


@pytest.mark.parametrize(
    ("first", "last", "between"),
    [
        ('9.1,4,"3"" tube', '9.1,4,tube"', 9),
        ('9.1,4,"tube', '9.1,4,tube"', 1),
        ('9.1,4,"tube', '9.1,4,"tube', 5),
        ('9.1,4,"tube', '9.1,4,tube"', 0),
        ('"9.1,4,tube', '9.1,4,tube"', 20),
    ],
)
def test_rows_between_two_stray_quotes_are_not_swallowed(
    tmp_path: Path, first: str, last: str, between: int
) -> None:
    text = "\n".join([HEADER, *ROWS[:9], first, *ROWS[9 : 9 + between], last, *ROWS[30:], ""])
    with pytest.raises(RelayError, match=r"lines? 11( to \d+)?: a quote") as error:
        read(tmp_path, text)
    assert "Correct the quotes" in str(error.value) or "Write it twice" in str(error.value)


@pytest.mark.parametrize("stray", ['9.1,4,"tube', '"9.1,4,tube', '9.1,"4,tube'])
@pytest.mark.parametrize("at", [0, 20, 40])
def test_a_quote_that_is_never_closed_is_an_error(tmp_path: Path, stray: str, at: int) -> None:
    with pytest.raises(RelayError, match=f"line {at + 2}: a quote opens and is never"):
        read(tmp_path, with_lines(stray, at=at))


@pytest.mark.parametrize("field", ['"3" tube"', '"so "called" x"', '""tube"" of it'])
def test_a_quote_within_quotes_is_written_twice(tmp_path: Path, field: str) -> None:
    with pytest.raises(RelayError, match="line 22: a quote is within"):
        read(tmp_path, with_lines(f"9.1,4,{field}"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ('"3"" tube"', '3" tube'),
        ('3" tube', '3" tube'),
        ('"two\nlines, or\nthree"', "two\nlines, or\nthree"),
        ('"# no comment\n# nor this"', "# no comment\n# nor this"),
        ('"x" ', "x"),
        ('"one, 2, x\nthree, 4, y"', "one, 2, x\nthree, 4, y"),
        ('""', None),
        ('"a\rb"', "a\rb"),
    ],
)
@pytest.mark.parametrize("comment", [None, "#"])
def test_quotes_that_are_right_are_read_as_before(
    tmp_path: Path, field: str, value: str | None, comment: str | None
) -> None:
    table = read(tmp_path, with_lines(f"9.1,4,{field}"), comment=comment)
    assert len(table) == 41
    assert table["c"].iloc[20] == value if value else pd.isna(table["c"].iloc[20])


def test_a_carriage_return_within_a_line_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RelayError, match=r"line 22: a carriage return \(CR\) within it"):
        read(tmp_path, with_lines("9.1,4,no\rrth"))
    with pytest.raises(RelayError, match="line 2: a carriage return"):
        read(tmp_path, "a,c,b\r\n" + "1,x\ry,2\r\n" * 9)


def test_a_carriage_return_within_the_header_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RelayError, match="line 1: a carriage return"):
        read(tmp_path, with_lines().replace("a,", "x\ra,", 1))


@pytest.mark.parametrize("missing", ["#N/A", "#", "--", "*", "NA"])
def test_a_mark_for_missing_is_not_a_comment(tmp_path: Path, missing: str) -> None:
    assert len(read(tmp_path, with_lines(f'{missing},4,3" tube'))) == 41


def test_the_end_of_file_mark_of_dos_is_not_a_row(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(read(tmp_path, with_lines(end="\r\n") + "\x1a")) == 40
    assert not caplog.text


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n", "\r\r\n"])
def test_any_end_of_lines_will_do(tmp_path: Path, end: str) -> None:
    assert len(read(tmp_path, with_lines(end=end))) == 40
    assert len(read(tmp_path, with_lines() + with_lines(end=end).split(end, 1)[1])) == 80


@pytest.mark.parametrize("far", [0, 300_000])
def test_a_nul_byte_is_an_error_with_its_line(tmp_path: Path, far: int) -> None:
    text = with_lines(*["1.5,2,x"] * far, "1\0xyz,4,north")
    with pytest.raises(RelayError, match=f"line {far + 22}: it has a NUL byte"):
        read(tmp_path, text)


def test_utf_16_without_a_mark_is_named(tmp_path: Path) -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        with pytest.raises(RelayError, match=f"binary.*data.read.encoding={encoding}"):
            read(tmp_path, with_lines().encode(encoding))
        assert len(read(tmp_path, with_lines().encode(encoding), encoding=encoding)) == 40


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_repeated_header_is_not_a_row(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mark: str
) -> None:
    caplog.set_level(logging.INFO, "relay")
    table = read(tmp_path, mark + with_lines() + mark + with_lines() + mark + with_lines())
    assert table["a"].tolist() == [row.split(",")[0] for row in ROWS] * 3
    assert list(table.columns) == ["a", "b", "c"]
    assert "t.csv: left out 2 lines that repeat the header" in caplog.text
