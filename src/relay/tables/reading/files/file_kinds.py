"""The kind of a file, by its first bytes, and kinds that have no table."""

from __future__ import annotations

import codecs
import re
from typing import Literal

Kind = Literal["text", "json", "parquet", "excel", "gzip", "zip"]

SUPPORTED = (
    "Supported are CSV and other separated text, JSON lines, Parquet and Excel, "
    "and the first two also in gzip and each in a zip archive."
)
HEAD = 4096
"""The number of first bytes that are enough to see the kind."""

_OTHER_KINDS = (
    (b"%PDF", "a PDF document"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x89HDF", "an HDF5 file"),
    (b"PARE", "an encrypted Parquet file; save it without"),
    (b"ARROW1", "an Arrow or Feather file; save it as Parquet"),
    (b"Obj\x01", "an Avro file; save it as Parquet"),
    (b"<stata_dta>", "a Stata file; save it as CSV or Parquet"),
    (b"$FL2", "an SPSS file; save it as CSV or Parquet"),
    (b"\x93NUMPY", "an array of NumPy; save it as CSV or Parquet"),
    *((b"\x80%c" % protocol, "a pickle; save it as Parquet") for protocol in range(2, 6)),
    (b"BZh", "compressed by bzip2; unpack it"),
    (b"\xfd7zXZ", "compressed by xz; unpack it"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd; unpack it"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself; run `git lfs pull`"),
)
_WEB_PAGE = re.compile(
    rb"^(<!--.*?-->|<\?xml[^>]*>|\s)*<(!doctype\s+html|html|head|body)", re.I | re.S
)
_XML = re.compile(rb"^(<!--.*?-->|\s)*<(\?xml|[a-z]+[ >])", re.I | re.S)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_JSON = re.compile(rb"""^(\[\s*)?\{\s*(["}]|'[^'\n]{1,80}'\s*:)|^\[\s*(\[|\])""")
"""Objects or lists of them, also as Python prints them, for which the reader has an error."""
_OTHER_JSON = re.compile(rb'^\[\s*"')
_TAG = re.compile(rb"<[a-z!?/][^<>]*>", re.I)
_SEPARATORS = (b",", b";", b"\t", b"|")
_ARFF = re.compile(rb"^(%[^\n]*\n|\s)*@relation\b", re.I)
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_WEB_PAGE_ADVICE = (
    "a web page (HTML). Check data.url: it must lead to the file itself, not to a page about it "
    "or a login"
)


class NoTable(Exception):
    """The bytes have no table; the message has their kind."""


def kind_of(head: bytes) -> Kind:
    """Return the kind of a file with the first bytes `head`. Raises NoTable if it has no table."""
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(_OLD_EXCEL):
        return "excel"
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    for magic, what in _OTHER_KINDS:
        if head.startswith(magic):
            raise NoTable(what)
    if head[257:262] == b"ustar":
        raise NoTable("a tar archive; unpack it")
    start = _plain_start(head)
    if _WEB_PAGE.match(start) and not _has_fields(start):
        raise NoTable(_WEB_PAGE_ADVICE)
    if _XML.match(start) and not _has_fields(start):
        raise NoTable("XML")
    if _ARFF.match(start):
        raise NoTable("an ARFF file of Weka; save it as CSV")
    if _JSON.match(start):
        return "json"
    if _OTHER_JSON.match(start):
        raise NoTable("JSON, but no objects, one for each row")
    return "text"


def byte_order_encoding(head: bytes) -> str | None:
    """Return the encoding by a byte-order mark at the beginning of `head`; None without one."""
    return next((encoding for bom, encoding in _BOMS if head.startswith(bom)), None)


def _plain_start(head: bytes) -> bytes:
    """Return `head` in UTF-8, without a byte-order mark and blanks at its beginning."""
    encoding = byte_order_encoding(head)
    if encoding is not None:
        head = head.decode(encoding, errors="ignore").encode(errors="ignore")
    return head.lstrip()


def _has_fields(start: bytes) -> bool:
    """Return True if the first two lines are rows of a table, whose names are or have tags.

    They have the same number of separators, none of them within a tag or between two.
    """
    lines = start.splitlines()[:2]
    for separator in _SEPARATORS:
        fields = [line.split(separator) for line in lines]
        alike = len(fields) == 2 and len(fields[0]) == len(fields[1]) > 1
        if alike and all(map(_is_closed, fields[0])):
            return True
    return False


def _is_closed(field: bytes) -> bool:
    """Return True if each `<` begins a whole tag, and each closed tag was opened."""
    tags = _TAG.findall(field)
    closing = sum(tag.startswith(b"</") for tag in tags)
    return field.count(b"<") == field.count(b">") == len(tags) and closing <= len(tags) - closing
