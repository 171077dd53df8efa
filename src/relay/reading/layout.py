"""Files that hold tables: what kind a file is, how its text is to be read, its columns.

Works on the first bytes of a file and without pandas, so that a plan can be checked quickly.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from relay.errors import RelayError
from relay.reading.kinds import SUPPORTED, Kind, file_kind, open_bytes

SAMPLE_BYTES = 1 << 20
SAMPLE_RECORDS = 500
_SEPARATORS = (",", ";", "\t", "|")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class ReadOptions:
    """How a file is to be read; None means that it is found out from the content.

    `missing_values` are texts that mean "missing" besides the usual ones; `keep_texts` are
    usual ones (`None`, `NA`, ...) that are values in this file.
    """

    separator: str | None = None
    encoding: str | None = None
    decimal: str = "."
    missing_values: Sequence[str] = ()
    keep_texts: Sequence[str] = ()


@dataclass(frozen=True)
class TextFormat:
    """How the text of a file is laid out.

    `unnamed` counts the fields of the first row that have no name in the header, as where each
    row ends in a separator.
    """

    kind: Kind
    encoding: str
    separator: str
    header: list[str]
    unnamed: int = 0
    has_rows: bool = True


def read_columns(path: Path, options: ReadOptions) -> list[str]:
    """The names of the columns in `path` as they stand there, from the file's beginning alone.

    RelayError where the file holds no table.
    """
    if file_kind(path) == "parquet":
        return parquet_columns(path)
    return text_format(path, options).header


def parquet_columns(path: Path) -> list[str]:
    """The names of the columns of a Parquet file, without an index that pandas left unnamed."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - most files are text

    try:
        names: list[str] = pq.read_schema(path).names
    except (OSError, ValueError) as error:
        raise RelayError(f"{path.name} is a damaged or cut-off Parquet file: {error}") from error
    return [name for name in names if not name.startswith("__index_level_")]


def text_format(path: Path, options: ReadOptions) -> TextFormat:
    """How the text file `path` is laid out, from its beginning; RelayError if it is no table."""
    kind = file_kind(path)
    with open_bytes(path, kind) as file:
        head = file.read(SAMPLE_BYTES)
    if not head.strip():
        raise RelayError(f"{path.name} is empty. Check data.url.")
    whole = len(head) < SAMPLE_BYTES
    encoding = checked_encoding(options.encoding) if options.encoding else guess_encoding(head)
    if b"\0" in head and not encoding.startswith(("utf-16", "utf-32")):
        raise RelayError(
            f"{path.name} is not a table: it is binary. {SUPPORTED} If it is UTF-16 without a "
            "byte-order mark, set data.read.encoding=utf-16-le."
        )
    text = _decode_head(path, head, encoding, whole)
    if not whole and not re.search(r"[\r\n]", text):
        raise RelayError(f"{path.name} is not a table: its first line has no end. {SUPPORTED}")
    separator = checked_separator(options.separator) or _guess_separator(
        path, text, whole, options.decimal
    )
    if separator == options.decimal:
        raise RelayError(
            f"data.read.separator and data.read.decimal are both '{separator}': "
            "a number's fields cannot be told apart."
        )
    records = _records(text, separator, whole)
    header = [name.strip() for name in records[0]]
    unnamed = max(0, len(records[1]) - len(header)) if len(records) > 1 else 0
    if unnamed and any(field.strip() for field in records[1][len(header) :]):
        raise RelayError(
            f"{path.name}, line 2: it has {len(records[1])} fields, the header {len(header)}. "
            "Mend the file, or name the separator: data.read.separator=';'."
        )
    return TextFormat(kind, encoding, separator, header, unnamed, has_rows=len(records) > 1)


def checked_encoding(name: str) -> str:
    """Python's word for the encoding `name`; RelayError where it knows no such encoding."""
    try:
        known = codecs.lookup(name).name
    except LookupError as error:
        raise RelayError(
            f"data.read.encoding: there is no encoding '{name}'. "
            "Usual ones: utf-8, cp1252, latin-1, utf-16."
        ) from error
    return "utf-8-sig" if known == "utf-8" else known


def checked_separator(separator: str | None) -> str | None:
    """The separator as one character; `\\t` and `tab` mean a tab, `\\s+` any blanks."""
    if not separator:
        return None
    separator = {"\\t": "\t", "tab": "\t"}.get(separator, separator)
    if len(separator) != 1 and separator != r"\s+":
        raise RelayError(
            f"data.read.separator: {separator!r} is not one character. "
            r"For a tab write '\t', for blanks of any number '\s+'."
        )
    return separator


def guess_encoding(head: bytes) -> str:
    """The encoding that a file's first bytes speak for: a BOM's, UTF-8, else cp1252."""
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _decode_head(path: Path, head: bytes, encoding: str, whole: bool) -> str:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head, final=False)
    except UnicodeDecodeError as error:
        if encoding == "cp1252":
            return head.decode("latin-1")
        raise undecodable(path, encoding, head[: error.start].count(b"\n") + 1) from error
    except UnicodeError as error:
        raise undecodable(path, encoding, 1) from error


def undecodable(path: Path, encoding: str, line: int) -> RelayError:
    """The error for bytes that are not text in the encoding that was asked for."""
    return RelayError(
        f"{path.name}, line {line}: the bytes are not {encoding}. "
        "Set data.read.encoding=latin-1 (or the right one), or leave it out to have it found."
    )


def _records(text: str, separator: str, whole: bool) -> list[list[str]]:
    """The first records of `text`; never the last of a text that was cut in the middle."""
    if separator == r"\s+":
        rows = [line.split() for line in text.splitlines()[: SAMPLE_RECORDS + 1] if line.strip()]
    else:
        rows = []
        lines = io.StringIO(text, newline=None)
        try:
            for row in csv.reader(lines, delimiter=separator, skipinitialspace=True):
                if row not in ([], [""]):
                    rows.append(row)
                if len(rows) > SAMPLE_RECORDS:
                    break
        except csv.Error:
            pass  # a field longer than the csv module takes: the records before it will do
    cut = not whole and 1 < len(rows) <= SAMPLE_RECORDS
    return rows[:-1] if cut else rows or [[""]]


def _guess_separator(path: Path, text: str, whole: bool, decimal: str) -> str:
    """The separator by which most records are as wide as the header, and then the widest."""
    found = []
    for separator in _SEPARATORS:
        if separator == decimal:
            continue
        widths = [len(record) for record in _records(text, separator, whole)]
        if widths[0] > 1:
            same = sum(width == widths[0] for width in widths) / len(widths)
            found.append((same, widths[0], separator))
    if not found:
        first = text.lstrip().splitlines()[0] if text.strip() else ""
        raise RelayError(
            f"{path.name} has one column only, '{_short(first)}', so there is nothing to predict "
            "from. If there are more columns, name what lies between them: "
            "data.read.separator=';'."
        )
    return max(found, key=lambda one: one[:2])[2]


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
