"""Reading files of all kinds: right tables, or one error with advice."""

from __future__ import annotations

import gzip
import logging
from pathlib import Path
from typing import Any

import pytest

from relay.tables.header_check import read_columns
from relay.tables.reading.settings.options import ReadOptions
from relay.util.errors import RelayError
from tests.reading import read, read_as_it_stands

Write = Any
TABLE = "a,b,c\n1,x,2.5\n2,y,\n"


def test_a_csv_has_numbers_texts_and_missing_values(write: Write) -> None:
    table = read(write(TABLE))
    assert list(table.columns) == ["a", "b", "c"]
    assert [str(dtype) for dtype in table.dtypes] == ["int64", "str", "float64"]
    assert table["c"].isna().tolist() == [False, True]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_out(write: Write, separator: str) -> None:
    assert read(write(TABLE.replace(",", separator)))["b"].tolist() == ["x", "y"]


def test_commas_in_text_do_not_look_like_separators(write: Write) -> None:
    text = 'name;comment;n\n"Doe, J";one, two, three;1\nRoe, R;four, five;2\nPoe;six;3\n'
    assert read(write(text))["n"].tolist() == [1, 2, 3]


def test_separators_and_line_ends_in_quotes_are_text(write: Write) -> None:
    table = read(write('a,b\n"1;2;3","x\ny"\n"4;5;6","p, ""q"""\n'))
    assert table["a"].tolist() == ["1;2;3", "4;5;6"]
    assert table["b"].tolist() == ["x\ny", 'p, "q"']


def test_blanks_after_separators_are_removed(write: Write) -> None:
    table = read(write('a, b, c\n1, "x, y", 2\n2, z, 3\n'))
    assert list(table.columns) == ["a", "b", "c"]
    assert table["b"].tolist() == ["x, y", "z"]


def test_empty_fields_between_tabs_stay_in_their_columns(write: Write) -> None:
    table = read(write("a\tb\tc\n1\t\t3\n4\t5\t6\n"))
    assert table["c"].tolist() == [3, 6]


@pytest.mark.parametrize(("given", "text"), [("\\t", "a\tb\n1\t2\n"), (r"\s+", "a   b\n1 2\n")])
def test_the_separator_can_be_given(write: Write, given: str, text: str) -> None:
    assert read(write(text), separator=given)["b"].tolist() == [2]


def test_a_separator_of_several_letters_is_refused(write: Write) -> None:
    with pytest.raises(RelayError, match=r"data\.read\.separator.*not one character"):
        read(write(TABLE), separator="::")


def test_a_decimal_comma_is_read_where_it_is_set(write: Write) -> None:
    path = write("a;b\n1,5;2\n2,5;3\n")
    assert read(path, decimal=",")["a"].tolist() == [1.5, 2.5]
    assert str(read(path)["a"].dtype) == "str"


def test_a_decimal_comma_and_a_separating_comma_exclude_each_other(write: Write) -> None:
    with pytest.raises(RelayError, match="both are ','"):
        read(write(TABLE), decimal=",", separator=",")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-32"])
def test_usual_encodings_are_found_out(write: Write, encoding: str) -> None:
    table = read(write("prénom,n\nZoé,1\nÀlex,2\n", encoding=encoding))
    assert list(table.columns) == ["prénom", "n"]
    assert table["prénom"].tolist() == ["Zoé", "Àlex"]


def test_a_guessed_encoding_is_logged_with_its_setting(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "relay")
    read(write("a,b\né,1\n", encoding="cp1252"))
    assert "read as cp1252" in caplog.text
    assert "data.read.encoding" in caplog.text


def test_bytes_that_cp1252_does_not_know_are_read_as_latin_1(write: Write) -> None:
    assert read(write(b"a,b\n\x81\xe9,1\n"))["a"].tolist() == ["\x81é"]


def test_an_odd_letter_far_down_the_file_is_read(write: Write) -> None:
    table = read(write(b"a,b\n" + b"some text here,1\n" * 100_000 + b"caf\xe9,2\n"))
    assert table["a"].iloc[-1] == "café"


def test_an_encoding_that_does_not_fit_names_the_line(write: Write) -> None:
    with pytest.raises(RelayError, match=r"line 3: .*utf-8.*data\.read\.encoding=latin-1"):
        read(write("a,b\nx,1\né,2\n", encoding="cp1252"), encoding="utf-8")


@pytest.mark.parametrize("lines", [3, 200_000, 600_000])
def test_the_line_of_a_bad_byte_is_counted_however_far_down(write: Write, lines: int) -> None:
    content = b"a,b\n" + b"1,2345678\n" * (lines - 2) + b"1,\xff\n2,3\n"
    with pytest.raises(RelayError, match=rf"line {lines}: the bytes are not utf-8"):
        read(write(content), encoding="utf-8")


def test_a_last_line_with_a_very_long_field_is_read(write: Write) -> None:
    table = read(write("a,b\n1,x\n2," + "y" * 200_000))
    assert table["b"].str.len().tolist() == [1, 200_000]


def test_an_unknown_encoding_is_an_error(write: Write) -> None:
    with pytest.raises(RelayError, match="no encoding 'utf-99'"):
        read(write(TABLE), encoding="utf-99")


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_all_line_ends_are_read(write: Write, end: str) -> None:
    assert len(read(write(TABLE.replace("\n", end)))) == 2


def test_gzip_is_recognised_by_content_not_by_name(write: Write) -> None:
    assert read(write(gzip.compress(TABLE.encode()), "data.csv"))["a"].tolist() == [1, 2]
    assert read(write(TABLE, "data.csv.gz"))["a"].tolist() == [1, 2]


def test_a_gzip_file_that_was_cut_off_is_an_error(write: Write) -> None:
    packed = gzip.compress(b"a,b\n" + bytes(str(list(range(9999))), "ascii"))
    with pytest.raises(RelayError, match="cut-off gzip"):
        read(write(packed[:-20]))


def test_missing_values_are_the_usual_texts_and_those_given(write: Write) -> None:
    path = write("a,b\nNA,1\n?,-999\nNone,3\n")
    assert read(path)["a"].tolist()[1] == "?"
    table = read(path, missing_values=["?", "-999"], keep_texts=["None"])
    assert table["a"].isna().tolist() == [True, True, False]
    assert table["b"].isna().tolist() == [False, True, False]


def test_texts_are_read_as_they_stand_with_their_zeros(write: Write) -> None:
    table = read_as_it_stands(write("zip,n\n01234,1\n,2\n"))
    assert table["zip"].iloc[0] == "01234"
    assert table["zip"].isna().iloc[1]


def test_booleans_with_missing_values_are_texts(write: Write) -> None:
    table = read(write("a,b\nTrue,1\n,2\nFalse,3\n"))
    assert table["a"].tolist()[::2] == ["True", "False"]
    assert table["a"].isna().iloc[1]


def test_the_first_column_is_never_taken_for_an_index(write: Write) -> None:
    assert list(read(write(",a,b\n0,1,2\n1,3,4\n")).columns) == ["", "a", "b"]


def test_columns_of_one_name_are_all_read(write: Write) -> None:
    table = read(write("a,a,b\n1,2,3\n"))
    assert table.iloc[0].tolist() == [1, 2, 3]


def test_a_separator_at_the_end_of_each_row_is_not_a_column(write: Write) -> None:
    table = read(write("a,b\n1,2,\n3,4,\n"))
    assert table["b"].tolist() == [2, 4]


def test_a_last_line_cut_in_the_middle_is_warned_of(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(read(write("a,b,c\n1,2,3\n4,5"))) == 2
    assert "2 of 3 fields" in caplog.text
    assert "can be cut off" in caplog.text


def test_a_last_line_without_an_end_is_not_a_warning(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    read(write("a,b,c\n1,2,3\n4,5,6"))
    read(write("a,b,c\n1,2,3\n4,5,6\n"))
    assert not caplog.text


def test_a_file_cut_in_the_middle_of_a_letter_is_still_utf_8(write: Write) -> None:
    assert read(write("a,b\né,1\né,é".encode()[:-1]))["a"].tolist() == ["é", "é"]


REAL = {
    "pokemon.csv": (800, 13),
    "house_prices/train.csv": (1460, 81),
    "house_prices/test.csv": (1459, 80),
    "nyc_airbnb/sample1.csv": (20000, 16),
    "tabular/housing.csv": (20640, 10),
    "tabular/diamonds.csv": (53940, 10),
    "timeseries/airline-passengers.csv": (144, 2),
    "timeseries/daily-min-temperatures.csv": (3650, 2),
    "messy/winequality-red.csv": (1599, 12),
    "messy/winequality-white.csv": (4898, 12),
    "messy/winequality-red_cr_only.csv": (1599, 12),
    "messy/bikes_latin1_semicolon.csv": (310, 10),
    "messy/oecd_bli_bom.csv": (2369, 17),
    "messy/boe_cpi_fan_bom.csv": (13, 6),
    "messy/house_train_truncated_100000_bytes.csv": (315, 81),
}


@pytest.mark.shared
@pytest.mark.parametrize(("name", "shape"), REAL.items())
def test_real_files_are_read_whole(shared: Path, name: str, shape: tuple[int, int]) -> None:
    assert read(shared / name).shape == shape


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("empty.csv", "0 bytes"),
        ("pokemon_header_only.csv", "no rows"),
        ("html_404_page.csv", "web page"),
    ],
)
def test_real_files_that_hold_no_table_are_errors(shared: Path, name: str, message: str) -> None:
    with pytest.raises(RelayError, match=message):
        read(shared / "messy" / name)


@pytest.mark.shared
def test_real_latin_letters_come_through(shared: Path) -> None:
    columns = read_columns(shared / "messy" / "bikes_latin1_semicolon.csv", ReadOptions())
    assert "Côte-Sainte-Catherine" in columns
