"""The place of a table: in a file itself, in gzip, or in a zip archive. Light: no pandas."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from relay.tables.reading.files.file_kinds import HEAD, SUPPORTED, Kind, NoTable, kind_of
from relay.tables.reading.settings.options import ReadOptions
from relay.util.errors import RelayError
from relay.util.names import did_you_mean

_SHOWN = 10
_MOST_MEMBERS = 1000
_WORKBOOKS = ("xl/workbook.xml", "xl/workbook.bin")
_OPEN_DOCUMENT = "content.xml"
_NOTES = ("readme", "license", "licence", "copying", "changelog", "notice")


@dataclass(frozen=True)
class Source:
    """The place of a table: a file, the kind of its bytes, and its packing."""

    path: Path
    kind: Kind
    packing: Kind | None = None
    member: str = ""
    """The name of the file in a zip archive."""
    max_bytes: int = 0
    """The limit for the size of an unpacked file."""

    @property
    def name(self) -> str:
        """Return the name for messages."""
        return f"{self.path.name} ({self.member})" if self.member else self.path.name

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the unpacked bytes.

        Raises RelayError if a packed file is damaged or too large.
        """
        try:
            if self.packing is None:
                with self.path.open("rb") as file:
                    yield file
            elif self.packing == "gzip":
                with gzip.open(self.path) as packed:
                    yield self._limited(cast(BinaryIO, packed))
            else:
                with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as packed:
                    yield self._limited(cast(BinaryIO, packed))
        except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
            raise RelayError(
                f"{self.path.name} is a damaged or cut-off {self.packing} file: {error}"
            ) from error

    @contextmanager
    def open_at_any_place(self) -> Iterator[BinaryIO]:
        """Open the bytes for formats that are not read from the first byte to the last."""
        with self.open() as file:
            yield file if self.packing is None else io.BytesIO(file.read())

    def _limited(self, file: BinaryIO) -> BinaryIO:
        return cast(BinaryIO, io.BufferedReader(_Limited(file, self.max_bytes, self.name), 1 << 20))


class _Limited(io.RawIOBase):
    """The bytes of a packed file, up to a limit: a small file can unpack to more than a disk."""

    def __init__(self, file: BinaryIO, limit: int, name: str) -> None:
        super().__init__()
        self._file, self._limit, self._name, self._done = file, limit, name, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._file.read(len(buffer))
        self._done += len(piece)
        if self._done > self._limit:
            raise _too_large(self._name, self._limit)
        buffer[: len(piece)] = piece
        return len(piece)


def _too_large(name: str, limit: int) -> RelayError:
    return RelayError(
        f"{name}: unpacked, it is larger than {limit / 1e6:g} MB. "
        "If that is right, raise data.read.max_mb."
    )


def find_source(path: Path, options: ReadOptions) -> Source:
    """Return the place of the table in `path`, by its content.

    In a zip archive one file must be a table, or `options.table` must name one. Raises RelayError
    if there is no table, or if it is not clear which file is meant.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise RelayError(f"{path} cannot be read: {error.strerror or error}") from error
    if not head:
        raise RelayError(f"{path.name} is empty: 0 bytes. Check data.url.")
    limit = int(options.max_mb * 1_000_000)
    kind = _kind(path.name, head, "it is")
    if kind == "zip":
        return _in_zip(path, options.table, limit)
    if kind != "gzip":
        return Source(path, kind)
    packed = Source(path, "text", "gzip", max_bytes=limit)
    with packed.open() as inner:
        head = inner.read(HEAD)
    kind = _kind(path.name, head, "the gzip file holds")
    if kind not in ("text", "json"):
        raise RelayError(f"{path.name} is an archive in gzip; unpack it first. {SUPPORTED}")
    return Source(path, kind, "gzip", max_bytes=limit)


def _kind(name: str, head: bytes, it_is: str) -> Kind:
    try:
        return kind_of(head)
    except NoTable as error:
        raise RelayError(f"{name} is not a table: {it_is} {error}. {SUPPORTED}") from error


def _in_zip(path: Path, wanted: str | None, limit: int) -> Source:
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist() if not info.is_dir()}
            if any(name in members for name in _WORKBOOKS) or _is_spreadsheet(archive):
                if sum(info.file_size for info in members.values()) > limit:
                    raise _too_large(path.name, limit)
                return Source(path, "excel")
            if any(info.flag_bits & 1 for info in members.values()):
                raise RelayError(f"{path.name} is a zip archive with a password; unpack it.")
            name, kind = _choose(path, archive, list(members)[:_MOST_MEMBERS], wanted)
            if [info.filename for info in archive.infolist()].count(name) > 1:
                raise RelayError(
                    f"{path.name} is a zip archive with several files of the name '{name}', so "
                    "it is not clear which is meant. Pack it again with one of them."
                )
            if members[name].file_size > limit:
                raise _too_large(f"{path.name} ({name})", limit)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise RelayError(f"{path.name} is a damaged or cut-off zip archive: {error}") from error
    return Source(path, kind, "zip", name, limit)


def _is_spreadsheet(archive: zipfile.ZipFile) -> bool:
    names = archive.namelist()
    if _OPEN_DOCUMENT not in names or "mimetype" not in names:
        return False
    with archive.open("mimetype") as file:
        return file.read(HEAD).strip() == b"application/vnd.oasis.opendocument.spreadsheet"


def _choose(
    path: Path, archive: zipfile.ZipFile, names: list[str], wanted: str | None
) -> tuple[str, Kind]:
    """Return the file in the archive that is the table, and its kind."""
    if wanted:
        chosen = [name for name in names if wanted in (name, PurePosixPath(name).name)]
        if len(chosen) != 1:
            hint = did_you_mean(wanted, names)
            raise RelayError(f"data.read.table: {path.name} has no file '{wanted}'.{hint}")
        return chosen[0], _member_kind(path, archive, chosen[0])
    tables = {}
    for name in filter(_may_be_a_table, names):
        try:
            tables[name] = _member_kind(path, archive, name)
        except RelayError:
            continue
    if len(tables) == 1:
        return tables.popitem()
    shown = ", ".join((list(tables) or names)[:_SHOWN]) or "nothing"
    more = ", ..." if len(tables or names) > _SHOWN else ""
    if not tables:
        raise RelayError(
            f"{path.name} is not a table: it is a zip archive with {shown}{more} in it. {SUPPORTED}"
        )
    raise RelayError(
        f"{path.name} is a zip archive with {len(tables)} tables in it: {shown}{more}. "
        "Name one: data.read.table=NAME."
    )


def _may_be_a_table(name: str) -> bool:
    """Return False for files that are usual in archives: hidden ones, of macOS, read-me texts."""
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
    return not hidden and not parts[-1].lower().startswith(_NOTES)


def _member_kind(path: Path, archive: zipfile.ZipFile, name: str) -> Kind:
    with archive.open(name) as file:
        head = file.read(HEAD)
    if not head:
        raise RelayError(f"{path.name} ({name}) is empty: 0 bytes.")
    kind = _kind(f"{path.name} ({name})", head, "it is")
    if kind == "zip":  # a workbook, as far as can be seen without unpacking it
        return "excel"
    if kind == "gzip":
        raise RelayError(f"{path.name} ({name}) is packed twice; unpack it. {SUPPORTED}")
    return kind
