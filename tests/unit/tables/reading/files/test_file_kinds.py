"""The kind of a file is known by its content, and one that has no table is one clear error."""

from __future__ import annotations

import gzip
import io
import pickle
import zipfile
from typing import Any

import pytest

from relay.util.errors import RelayError
from tests.reading import read

Write = Any


def workbook() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty: 0 bytes"),
        (b" \n\n", "is empty"),
        (b"a,b,c\n", "a header, but no rows"),
        (b"a,b,c", "a header, but no rows"),
        (b"text\nfoo\nbar\n", "one column only, 'text'.*data.read.separator"),
        (b"<!DOCTYPE html>\n<html>", "a web page.*Check data.url"),
        (b"\xef\xbb\xbf\n <!-- x --> <HTML lang='en'>", "a web page"),
        (b"<?xml version='1.0'?><rows/>", "XML"),
        (b'["a", "b"]', "JSON, but no objects"),
        pytest.param(workbook(), "not an Excel workbook that can be read", id="workbook"),
        pytest.param(gzip.compress(workbook()), "an archive in gzip", id="workbook in gzip"),
        (b"PK\x03\x04junk", "a damaged or cut-off zip archive"),
        (b"PAR1junk", "a damaged or cut-off Parquet"),
        (b"\x00\x01\x02" * 50, "it is binary"),
        (b"a,b\n" * 99 + b"\x00" + bytes(range(1, 9)) * 9, "it is binary"),
        (b"Obj\x01\x04\x14avro.codec", "it is an Avro file; save it as Parquet"),
        (b"<stata_dta><header><release>118", "it is a Stata file; save it as CSV or Parquet"),
        (b"$FL2@(#) SPSS DATA FILE", "it is an SPSS file; save it as CSV or Parquet"),
        (b"\x93NUMPY\x01\x00v\x00", "it is an array of NumPy; save it as CSV or Parquet"),
        (pickle.dumps([1, 2]), "it is a pickle; save it as Parquet"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    ],
)
def test_a_file_without_a_table_is_one_clear_error(
    write: Write, content: bytes, message: str
) -> None:
    with pytest.raises(RelayError, match=message):
        read(write(content))


@pytest.mark.parametrize("name", ["<script>", "<html>", "<b>bold</b>", "<a href='x'>", "<body>"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_column_may_be_called_by_a_tag(write: Write, name: str, separator: str) -> None:
    text = f"{name},b\n<p>1</p>,2\n<p>3</p>,4\n".replace(",", separator)
    assert list(read(write(text)).columns) == [name, "b"]


@pytest.mark.parametrize(
    "page",
    [
        "<html>\n<head>\n",
        "<html><title>Here, there</title>\n<body>One, two</body></html>\n",
        '<html lang="en,de">\n<meta a="x,y">\n',
        "<!doctype html><p>a, b\n",
    ],
)
def test_a_page_with_commas_is_a_page(write: Write, page: str) -> None:
    with pytest.raises(RelayError, match="a web page"):
        read(write(page))
