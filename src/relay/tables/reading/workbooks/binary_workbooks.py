"""Formulas and errors in the cells of binary workbooks: .xls (BIFF8, BIFF5) and .xlsb (BIFF12).

What reads their values sees an error as an empty cell, and a formula that no program has computed
as empty or as 0. The records are those of [MS-XLS] and [MS-XLSB], the file around .xls is [MS-CFB].
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import normpath
from typing import BinaryIO

_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_IN_HEADER = 109  # numbers of FAT sectors in the header of a compound file
_LAST = 0xFFFFFFFA  # from here on, a sector's number is a mark
_SMALL = 4096  # smaller streams are kept elsewhere; a workbook is not
_STREAMS = ("Workbook", "Book")
_FORMULA, _ERROR, _SHEET, _NOT_COMPUTED, _START, _END = 0x06, 0x205, 0x85, 0x5E, 0x809, 0x0A
_BIFF8 = 0x600
_NO_NUMBER, _TEXT, _FAILED, _EMPTY = 0xFFFF, 0, 2, 3
_B_ROW, _B_SHEET = 0, 156
_B_FAILED = (3, 11)  # an error as a value, and of a formula
_B_NUMBER, _B_OTHERS = 9, (8, 10)  # of formulas


@dataclass(frozen=True)
class Result:
    """A cell with an error or a formula; both places count from 0.

    `pending`: the result is what a library writes that leaves computing to others.
    """

    row: int
    column: int
    failed: bool = False
    pending: bool = False


def is_old_workbook(file: BinaryIO) -> bool:
    """Return whether `file` is a compound file, as .xls is."""
    file.seek(0)
    return file.read(len(_SIGNATURE)) == _SIGNATURE


def results_in_old(file: BinaryIO, sheet: str) -> list[Result]:
    """Return the cells with errors or formulas on `sheet` of the .xls in `file`.

    None of a file that is damaged, which its reader reports.
    """
    file.seek(0)
    try:
        stream = _stream(file.read())
        start = _sheet_start(stream, sheet)
        return [] if start is None else list(_results(stream, start))
    except (struct.error, IndexError):
        return []


def results_in_binary(
    archive: zipfile.ZipFile, sheet: str, relations: dict[str, str]
) -> list[Result]:
    """Return the cells with errors or formulas on `sheet` of an .xlsb with these `relations`."""
    try:
        book = archive.read("xl/workbook.bin")
        target = next((relations.get(id, "") for id, name in _sheets(book) if name == sheet), "")
        if not target:
            return []
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        return list(_binary_results(archive.read(normpath(path))))
    except (struct.error, IndexError):
        return []


def _stream(content: bytes) -> bytes:
    """Return the workbook's stream in a compound file; empty if there is none."""
    size = 1 << struct.unpack_from("<H", content, 30)[0]
    directory, next_list = (struct.unpack_from("<I", content, place)[0] for place in (48, 68))

    def sector(number: int) -> bytes:
        return content[(number + 1) * size : (number + 2) * size]

    lists = list(struct.unpack_from(f"<{_IN_HEADER}I", content, 76))
    while next_list < _LAST:
        more = struct.unpack(f"<{size // 4}I", sector(next_list))
        lists += more[:-1]
        next_list = more[-1]
    fat = [
        entry
        for number in lists
        if number < _LAST
        for entry in struct.unpack(f"<{size // 4}I", sector(number))
    ]

    def chain(number: int) -> bytes:
        parts: list[bytes] = []
        while number < _LAST and len(parts) <= len(fat):
            parts.append(sector(number))
            number = fat[number]
        return b"".join(parts)

    entries = chain(directory)
    for place in range(0, len(entries), 128):
        length = struct.unpack_from("<H", entries, place + 64)[0]
        name = entries[place : place + max(0, length - 2)].decode("utf-16-le", "replace")
        first, long = struct.unpack_from("<II", entries, place + 116)
        if name in _STREAMS and long >= _SMALL:
            return chain(first)[:long]
    return b""


def _records(stream: bytes, place: int) -> Iterator[tuple[int, int, int]]:
    """Return kind, place and length of each record from `place` to the end of its part.

    A part may hold others, such as charts.
    """
    depth = 0
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        depth += (kind == _START) - (kind == _END)
        if depth <= 0:
            return
        yield kind, place + 4, length
        place += 4 + length


def _sheet_start(stream: bytes, sheet: str) -> int | None:
    is_new = True
    for kind, place, length in _records(stream, 0):
        if kind == _START:
            is_new = struct.unpack_from("<H", stream, place)[0] >= _BIFF8
        if kind == _SHEET:
            text = stream[place + 7 : place + length]
            if is_new:
                text, encoding = text[1:], "utf-16-le" if text[0] & 1 else "latin-1"
                name = text.decode(encoding, "replace")
            else:
                name = text.decode("cp1252", "replace")
            if name == sheet:
                return int(struct.unpack_from("<I", stream, place)[0])
    return None


def _results(stream: bytes, start: int) -> Iterator[Result]:
    is_computed = True
    for kind, place, _ in _records(stream, start):
        if kind == _NOT_COMPUTED:
            is_computed = False
        elif kind == _ERROR and stream[place + 7]:
            row, column = struct.unpack_from("<HH", stream, place)
            yield Result(row, column, failed=True)
        elif kind == _FORMULA:
            row, column = struct.unpack_from("<HH", stream, place)
            mark, flags = struct.unpack_from("<HH", stream, place + 12)
            if mark == _NO_NUMBER:
                result = stream[place + 6]
                yield Result(row, column, failed=result == _FAILED, pending=result == _EMPTY)
            else:
                number = struct.unpack_from("<d", stream, place + 6)[0]
                waits = bool(flags & 3) or not is_computed
                yield Result(row, column, pending=waits and number == 0)


def _binary_records(content: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place < len(content):
        kind = content[place]
        place += 1
        if kind & 128:
            kind = kind & 127 | content[place] << 7
            place += 1
        length = shift = 0
        while True:
            byte = content[place]
            place += 1
            length |= (byte & 127) << shift
            shift += 7
            if not byte & 128:
                break
        yield kind, content[place : place + length]
        place += length


def _sheets(book: bytes) -> Iterator[tuple[str, str]]:
    """Return the relation's id and the name of each sheet."""
    for kind, record in _binary_records(book):
        if kind == _B_SHEET:
            id, place = _wide(record, 8)
            yield id, _wide(record, place)[0]


def _wide(record: bytes, place: int) -> tuple[str, int]:
    """Return the text at `place`, and the place behind it."""
    end = place + 4 + 2 * struct.unpack_from("<I", record, place)[0]
    return record[place + 4 : end].decode("utf-16-le", "replace"), end


def _binary_results(content: bytes) -> Iterator[Result]:
    row = 0
    for kind, record in _binary_records(content):
        if kind == _B_ROW:
            row = struct.unpack_from("<I", record)[0]
        elif kind in _B_FAILED:
            yield Result(row, struct.unpack_from("<I", record)[0], failed=True)
        elif kind == _B_NUMBER:
            column, _, number, flags = struct.unpack_from("<IIdH", record)
            yield Result(row, column, pending=bool(flags & 2) and number == 0)
        elif kind in _B_OTHERS:
            yield Result(row, struct.unpack_from("<I", record)[0])
