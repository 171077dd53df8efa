"""What kind of file a file is, by its first bytes: no table comes out of a web page."""

from __future__ import annotations

import codecs
import gzip
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, cast

from relay.errors import RelayError

Kind = Literal["text", "gzip", "parquet"]

SUPPORTED = "Supported are CSV and other separated text (also gzip) and Parquet."

_OTHER_KINDS = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save it as CSV"),
    (b"%PDF", "a PDF document"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x89HDF", "an HDF5 file"),
    (b"ARROW1", "an Arrow or Feather file; save it as Parquet"),
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
_JSON = re.compile(rb'^(\[\s*[\[{"]|\{\s*")')


def file_kind(path: Path) -> Kind:
    """What `path` is by its content; RelayError for what holds no table that can be read."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise RelayError(f"{path} cannot be read: {error.strerror or error}") from error
    if not head:
        raise RelayError(f"{path.name} is empty: 0 bytes. Check data.url.")
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"\x1f\x8b"):
        with open_bytes(path, "gzip") as inner:
            head = inner.read(4096)
        _refuse_other_kinds(path, head, "the gzip file holds ")
        if head.startswith((b"PAR1", b"\x1f\x8b")) or head[257:262] == b"ustar":
            raise RelayError(f"{path.name} is an archive in gzip; unpack it first. {SUPPORTED}")
        return "gzip"
    _refuse_other_kinds(path, head, "it is ")
    return "text"


def _refuse_other_kinds(path: Path, head: bytes, it_is: str) -> None:
    for magic, what in _OTHER_KINDS:
        if head.startswith(magic):
            raise RelayError(f"{path.name} is not a table: {it_is}{what}. {SUPPORTED}")
    if head.startswith(b"PK\x03\x04"):
        raise RelayError(f"{path.name} is not a table: {it_is}{_zip_content(path)}. {SUPPORTED}")
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if _WEB_PAGE.match(start):
        raise RelayError(
            f"{path.name} is not a table: {it_is}a web page (HTML). Check data.url: "
            "it must lead to the file itself, not to a page about it or a login."
        )
    if _XML.match(start):
        raise RelayError(f"{path.name} is not a table: {it_is}XML. {SUPPORTED}")
    if _JSON.match(start):
        raise RelayError(f"{path.name} is not a table: {it_is}JSON. {SUPPORTED}")


def _zip_content(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return "a zip archive; unpack it"
    if any(name.startswith("xl/") for name in names):
        return "an Excel workbook; save it as CSV"
    return f"a zip archive with {', '.join(names[:3]) or 'nothing'} in it; unpack it"


@contextmanager
def open_bytes(path: Path, kind: Kind) -> Iterator[BinaryIO]:
    """The bytes of `path`, unpacked; RelayError where a gzip file is damaged."""
    try:
        with path.open("rb") as file:
            yield cast(BinaryIO, gzip.GzipFile(fileobj=file)) if kind == "gzip" else file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise RelayError(f"{path.name} is a damaged or cut-off gzip file: {error}") from error
