"""Files that mix two encodings: each line by its own, with a warning; never wrong letters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relay.tables.reading.settings.options import ReadOptions
from relay.tables.reading.table import read_raw
from relay.util.errors import RelayError

TOWNS = ["Köln", "Zürich", "Nîmes", "Málaga", "Bonn"]


def read(folder: Path, lines: list[bytes], **options: Any) -> tuple[list[str], str]:
    path = folder / "t.csv"
    path.write_bytes(b"\n".join([*lines, b""]))
    raw = read_raw(path, ReadOptions(**options))
    return raw.table.iloc[:, 0].tolist(), raw.about["encoding"]


def rows(count: int, encoding: str) -> list[bytes]:
    return [f"{TOWNS[i % 5]},{i}".encode(encoding) for i in range(count)]


@pytest.mark.parametrize(
    ("utf_8", "cp1252", "message"),
    [
        (100, 1, "1 line with such letters read as cp1252 (line 102: 'Köln,0'), the other 80 as"),
        (1, 100, "1 line with such letters read as UTF-8 (line 2: 'Köln,0'), the other 80 as"),
        (60_000, 5, "4 lines with such letters read as cp1252 (line 60002: 'Köln,0')"),
    ],
)
def test_each_line_is_read_by_its_own_encoding(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, utf_8: int, cp1252: int, message: str
) -> None:
    lines = [b"town,n", *rows(utf_8, "utf-8"), *rows(cp1252, "cp1252")]
    towns, encoding = read(tmp_path, lines)
    assert towns == [TOWNS[i % 5] for i in (*range(utf_8), *range(cp1252))]
    assert encoding == "utf-8 and cp1252"
    assert message in caplog.text
    assert "data.read.encoding" in caplog.text


def test_the_names_of_columns_are_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"\n".join(["größe,n".encode(), *rows(9, "cp1252"), b""]))
    assert list(read_raw(path, ReadOptions()).table.columns) == ["größe", "n"]


def test_a_mark_of_byte_order_is_a_sign_of_utf_8(tmp_path: Path) -> None:
    lines = [b"\xef\xbb\xbftown,n", *rows(3, "cp1252")]
    towns, encoding = read(tmp_path, lines)
    assert (towns, encoding) == (TOWNS[:3], "utf-8 and cp1252")


@pytest.mark.parametrize(("encoding", "town"), [("cp1251", "Москва"), ("gbk", "北京")])
def test_letters_of_other_scripts_are_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, encoding: str, town: str
) -> None:
    lines = [b"town,n", *[f"{town},{i}".encode(encoding) for i in range(9)]]
    read(tmp_path, lines)
    assert "its letters look wrong" in caplog.text
    assert read(tmp_path, lines, encoding=encoding)[0] == [town] * 9


@pytest.mark.parametrize(
    ("encoding", "towns"),
    [
        ("cp850", ["Köln", "Paris", "Gießen"]),
        ("cp437", ["Zürich", "Bern"]),
        ("mac_roman", ["Zürich", "Genève", "Gießen"]),
    ],
)
def test_so_are_letters_of_older_encodings(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, encoding: str, towns: list[str]
) -> None:
    names = towns * 3
    lines = [b"town,n", *[f"{town},{i}".encode(encoding) for i, town in enumerate(names)]]
    read(tmp_path, lines)
    assert "data.read.encoding, for example to cp850 or mac_roman" in caplog.text
    assert read(tmp_path, lines, encoding=encoding)[0] == names


def test_quotation_marks_and_capitals_of_cp1252_are_at_their_places(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    towns = ["„Köln“", "Škoda", "it’s", "cœur", "ŠKODA", "Plzeň – Žižkov".replace("ň", "n")]
    lines = [b"town,n", *[f"{town},{i}".encode("cp1252") for i, town in enumerate(towns * 3)]]
    assert read(tmp_path, lines)[0] == towns * 3
    assert "look wrong: " not in caplog.text


def test_one_line_may_hold_both(tmp_path: Path) -> None:
    both = "Zoë".encode() + b"," + "Köln".encode("cp1252")
    (tmp_path / "t.csv").write_bytes(b"name,town\n" + b"\n".join([both] * 3) + b"\n")
    table = read_raw(tmp_path / "t.csv", ReadOptions()).table
    assert table.iloc[0].tolist() == ["Zoë", "Köln"]


def test_what_is_one_encoding_is_not_taken_for_two(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # In cp1252 the end of Spaß« is, by chance, the bytes of a letter in UTF-8.
    lines = [b"town,n", *rows(50, "cp1252"), "Spaß«,1".encode("cp1252")]
    towns, encoding = read(tmp_path, lines)
    assert encoding == "cp1252"
    assert towns[-1] == "Spaß«"
    assert read(tmp_path, [b"town,n", *rows(50, "utf-8")])[1] == "utf-8"
    assert not caplog.text


def test_the_setting_holds_for_the_whole_file(tmp_path: Path) -> None:
    lines = [b"town,n", *rows(20, "utf-8"), *rows(1, "cp1252")]
    assert read(tmp_path, lines, encoding="cp1252")[0][0] == "KÃ¶ln"
    with pytest.raises(RelayError, match=r"line 22: the bytes are not utf-8"):
        read(tmp_path, lines, encoding="utf-8")


def test_letters_that_another_program_lost_are_reported_with_their_place(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lines = [f"{town},{i}".encode() for i, town in enumerate(["Bonn", "K\ufffdln", "Z\ufffdrich"])]
    towns, _ = read(tmp_path, [b"town,n", *lines])
    assert towns == ["Bonn", "K\ufffdln", "Z\ufffdrich"]
    assert "first in row 2 of the data, 'K\ufffdln'. Values by column: town 2." in caplog.text
