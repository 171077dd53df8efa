"""Old and binary workbooks (.xls, .xlsb) for tests, byte by byte: no library here writes them."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

Value = str | float | bool | None


@dataclass(frozen=True)
class Error:
    """An error such as #DIV/0! (7) or #N/A (42)."""

    code: int


@dataclass(frozen=True)
class Formula:
    """A formula with its last result; `on_load`: a program is to compute it when it opens it."""

    result: str | float | bool | Error
    on_load: bool = False


Cell = Value | Error | Formula
_EXPRESSION = struct.pack("<BH", 0x1E, 1)  # the number 1


def xls(rows: Sequence[Sequence[Cell]], sheet: str = "Sheet1") -> bytes:
    """Return a workbook of BIFF8 with `rows` on one sheet."""
    cells = b"".join(
        _biff_cell(row, column, cell)
        for row, line in enumerate(rows)
        for column, cell in enumerate(line)
        if cell is not None
    )
    name = struct.pack("<BB", len(sheet), 0) + sheet.encode("latin-1")
    globals_size = 4 + 16 + 4 + 6 + len(name) + 4
    stream = (
        _biff(0x0809, struct.pack("<HHHHII", 0x0600, 5, 0, 0, 0, 0))
        + _biff(0x0085, struct.pack("<IH", globals_size, 0) + name)
        + _biff(0x000A, b"")
        + _biff(0x0809, struct.pack("<HHHHII", 0x0600, 0x10, 0, 0, 0, 0))
        + cells
        + _biff(0x000A, b"")
    )
    return _compound(stream)


def _biff(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _biff_cell(row: int, column: int, cell: Cell) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(cell, Formula):
        flags = 3 if cell.on_load else 0
        result, more = _biff_result(cell.result)
        tokens = struct.pack("<H", len(_EXPRESSION)) + _EXPRESSION
        return _biff(0x0006, place + result + struct.pack("<HI", flags, 0) + tokens) + more
    if isinstance(cell, Error):
        return _biff(0x0205, place + struct.pack("<BB", cell.code, 1))
    if isinstance(cell, bool):
        return _biff(0x0205, place + struct.pack("<BB", cell, 0))
    if isinstance(cell, str):
        text = cell.encode("utf-16-le")
        return _biff(0x0204, place + struct.pack("<HB", len(cell), 1) + text)
    assert cell is not None
    return _biff(0x0203, place + struct.pack("<d", cell))


def _biff_result(result: str | float | bool | Error) -> tuple[bytes, bytes]:
    """Return the result within the record of a formula, and what follows that record."""
    if isinstance(result, str):
        text = struct.pack("<HB", len(result), 1) + result.encode("utf-16-le")
        return struct.pack("<B5xH", 0, 0xFFFF), _biff(0x0207, text)
    if isinstance(result, bool):
        return struct.pack("<BxB3xH", 1, result, 0xFFFF), b""
    if isinstance(result, Error):
        return struct.pack("<BxB3xH", 2, result.code, 0xFFFF), b""
    return struct.pack("<d", result), b""


def _compound(stream: bytes) -> bytes:
    """Return a compound file with `stream` as its Workbook."""
    stream = stream.ljust(4096, b"\0")
    sectors = -(-len(stream) // 512)
    end, free, fat_sector = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
    fat = [fat_sector, end, *range(3, 2 + sectors), end]
    assert len(fat) <= 128
    fat += [free] * (128 - len(fat))
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
        + struct.pack("<HHHHH6xIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1)
        + struct.pack("<IIIIII", 0, 4096, end, 0, end, 0)
        + struct.pack("<109I", 0, *[free] * 108)
    )  # fmt: skip
    entries = _entry("Root Entry", 5, 1, end, 0) + _entry("Workbook", 2, free, 2, len(stream))
    directory = entries + _entry("", 0, free, 0, 0) * 2
    return header + struct.pack("<128I", *fat) + directory + stream.ljust(sectors * 512, b"\0")


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    length = len(text) + 2 if name else 0
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBBIII", length, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )


def xlsb(rows: Sequence[Sequence[Cell]], sheet: str = "Sheet1") -> bytes:
    """Return a binary workbook (.xlsb) with `rows` on one sheet."""
    size = struct.pack("<IIII", 0, len(rows) - 1, 0, max(map(len, rows)) - 1)
    content = _record(129) + _record(148, size) + _record(145)
    for row, line in enumerate(rows):
        content += _record(0, struct.pack("<IIHBBBI", row, 0, 300, 0, 0, 0, 0))
        content += b"".join(
            _binary_cell(column, cell) for column, cell in enumerate(line) if cell is not None
        )
    content += _record(146) + _record(130)
    names = "http://schemas.openxmlformats.org"
    bundle = struct.pack("<II", 0, 1) + _wide("rId1") + _wide(sheet)
    book = _record(131) + _record(143) + _record(156, bundle) + _record(144) + _record(132)
    kind = f"{names}/officeDocument/2006/relationships"
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{names}/package/2006/content-types"/>',
        "xl/workbook.bin": book,
        "xl/_rels/workbook.bin.rels": f'<Relationships xmlns="{names}/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{kind}/worksheet" Target="worksheets/sheet1.bin"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.bin": content,
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return file.getvalue()


def _record(kind: int, content: bytes = b"") -> bytes:
    number = (
        struct.pack("<B", kind) if kind < 128 else struct.pack("<BB", kind & 127 | 128, kind >> 7)
    )
    size, left = b"", len(content)
    while True:
        size += struct.pack("<B", left & 127 | (128 if left > 127 else 0))
        left >>= 7
        if not left:
            return number + size + content


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _binary_cell(column: int, cell: Cell) -> bytes:
    place = struct.pack("<II", column, 0)
    if isinstance(cell, Formula):
        kind, result = _binary_value(cell.result)
        flags = struct.pack("<H", 2 if cell.on_load else 0)
        tokens = struct.pack("<I", len(_EXPRESSION)) + _EXPRESSION + struct.pack("<I", 0)
        return _record({6: 8, 5: 9, 4: 10, 3: 11}[kind], place + result + flags + tokens)
    assert cell is not None
    kind, value = _binary_value(cell)
    return _record(kind, place + value)


def _binary_value(value: str | float | bool | Error) -> tuple[int, bytes]:
    if isinstance(value, Error):
        return 3, struct.pack("<B", value.code)
    if isinstance(value, bool):
        return 4, struct.pack("<B", value)
    if isinstance(value, str):
        return 6, _wide(value)
    return 5, struct.pack("<d", value)
