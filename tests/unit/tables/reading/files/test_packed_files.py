"""Tables in zip archives and gzip: which file is read, and how much of it at most."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from relay.util.errors import RelayError
from tests.reading import read

TABLE = b"a,b\n1,x\n2,y\n"
MANY = b"a,b\n" + b"1,2\n" * 300_000


def packed(folder: Path, **files: bytes) -> Path:
    path = folder / "data.csv"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_the_one_table_in_an_archive_is_read(tmp_path: Path) -> None:
    more = {"README.md": b"about, it", "__MACOSX/._t.csv": b"x", "pic.png": b"\x89PNG", ".x": b"y"}
    path = packed(tmp_path, **{"folder/t.csv": TABLE, **more})
    assert read(path)["a"].tolist() == [1, 2]


def test_where_there_are_several_one_must_be_named(tmp_path: Path) -> None:
    path = packed(tmp_path, **{"x/one.csv": TABLE, "two.csv": TABLE.replace(b"1", b"7")})
    with pytest.raises(RelayError, match=r"2 tables in it: x/one.csv, two.csv.*data\.read\.table"):
        read(path)
    assert read(path, table="two.csv")["a"].tolist() == [7, 2]
    assert read(path, table="one.csv")["a"].tolist() == [1, 2]
    with pytest.raises(RelayError, match=r"no file 'too.csv'\. Did you mean 'two.csv'"):
        read(path, table="too.csv")


def test_parquet_json_and_latin_letters_are_read_from_archives(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    pd.DataFrame({"a": [1.5], "b": ["x"]}).to_parquet(buffer)
    assert read(packed(tmp_path, data=buffer.getvalue()))["a"].tolist() == [1.5]
    assert read(packed(tmp_path, data=b'{"a": 1, "b": 2}\n'))["b"].tolist() == [2]
    assert read(packed(tmp_path, data="a;b\né;1\n".encode("cp1252")))["a"].tolist() == ["é"]


def test_names_that_lead_out_of_the_archive_do_nothing(tmp_path: Path) -> None:
    path = packed(tmp_path, **{"../../evil.csv": TABLE})
    assert read(path, table="../../evil.csv")["a"].tolist() == [1, 2]
    assert [path.name for path in tmp_path.rglob("*")] == ["data.csv"]
    assert not (tmp_path.parent.parent / "evil.csv").exists()


@pytest.mark.parametrize("form", ["zip", "gzip"])
def test_what_is_larger_than_allowed_once_unpacked_is_refused(tmp_path: Path, form: str) -> None:
    path = packed(tmp_path, data=MANY)
    if form == "gzip":
        path.write_bytes(gzip.compress(MANY))
    assert path.stat().st_size < 10_000
    with pytest.raises(RelayError, match=r"larger than 1 MB.*raise data\.read\.max_mb"):
        read(path, max_mb=1)
    assert len(read(path, max_mb=2)) == 300_000


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "zip archive"),
        ({"a.pdf": b"%PDF"}, "not a table: it is a zip archive with a.pdf"),
        ({"a.csv": b""}, "not a table"),
        ({"a.csv.gz": gzip.compress(TABLE)}, "not a table"),
    ],
)
def test_an_archive_without_a_table_is_one_clear_error(
    tmp_path: Path, files: dict[str, bytes], message: str
) -> None:
    with pytest.raises(RelayError, match=message):
        read(packed(tmp_path, **files))


@pytest.mark.parametrize("wanted", [None, "t.csv"])
def test_two_files_of_one_name_are_an_error(tmp_path: Path, wanted: str | None) -> None:
    path = tmp_path / "data.zip"
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "w") as archive:
        archive.writestr("t.csv", TABLE)
        archive.writestr("t.csv", TABLE + b"3,z\n")
    with pytest.raises(RelayError, match=r"several files of the name 't\.csv'"):
        read(path, table=wanted)


def test_a_damaged_archive_is_an_error(tmp_path: Path) -> None:
    path = packed(tmp_path, data=MANY)
    content = bytearray(path.read_bytes())
    content[60:70] = bytes(10)
    path.write_bytes(content)
    with pytest.raises(RelayError, match="damaged or cut-off zip"):
        read(path)
