"""Files that hold separated text: how the text is to be read, and its columns.

Works on the first bytes of a file and without pandas, so that a plan can be checked quickly.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from relay.errors import RelayError
from relay.reading.file_kinds import SUPPORTED, byte_order_encoding
from relay.reading.header import has_no_names, has_row_names, header_row, made_names
from relay.reading.options import ReadOptions
from relay.reading.source import Source

SAMPLE_BYTES = 1 << 20
SAMPLE_RECORDS = 500
BLANKS = r"\s+"
"""Stands for a separator of any number of blanks and tabs."""
_SEPARATORS = (",", ";", "\t", "|")
_SEP_LINE = re.compile(r'^"?sep=(?P<separator>.)"?\s*$', re.MULTILINE)
_FIELD = re.compile(r'"(?:[^"]|"")*"|\S+')
_MOST_RAGGED = 0.5


@dataclass(frozen=True)
class TextFormat:
    """How the text of a file is laid out.

    The header stands after `above` lines and ends with line `header_end`; a file without a header
    has columns with made-up names, and both are the same. `unnamed` counts the fields of the
    first row that have no name in the header, as where each row ends in a separator.
    """

    source: Source
    encoding: str
    separator: str
    header: list[str]
    above: int = 0
    header_end: int = 1
    unnamed: int = 0
    has_rows: bool = True

    @property
    def has_header(self) -> bool:
        return self.header_end > self.above


@dataclass(frozen=True)
class _Record:
    """One record of a text and the lines that it ends with."""

    first_line: int
    last_line: int
    fields: list[str]


def text_format(source: Source, options: ReadOptions) -> TextFormat:
    """How the text in `source` is laid out, from its beginning; RelayError if it is no table."""
    name = source.name
    with source.open() as file:
        head = file.read(SAMPLE_BYTES)
    if not head.strip():
        raise RelayError(f"{name} is empty. Check data.url.")
    whole = len(head) < SAMPLE_BYTES
    encoding = checked_encoding(options.encoding) if options.encoding else guess_encoding(head)
    if b"\0" in head and not encoding.startswith(("utf-16", "utf-32")):
        raise RelayError(
            f"{name} is not a table: it is binary. {SUPPORTED} If it is UTF-16 without a "
            "byte-order mark, set data.read.encoding=utf-16-le."
        )
    text = _decode_head(name, head, encoding)
    if not whole and not re.search(r"[\r\n]", text):
        raise RelayError(f"{name} is not a table: its first line has no end. {SUPPORTED}")
    said = _SEP_LINE.match(text)  # a line that Excel writes for itself
    separator = checked_separator(options.separator) or (said and said["separator"])
    separator = separator or _guess_separator(name, text, whole, options.decimal)
    if separator == options.decimal:
        raise RelayError(
            f"data.read.separator and data.read.decimal are both '{separator}': "
            "a number's fields cannot be told apart."
        )
    records = _records(text, separator, whole)[1 if said else 0 :] or [_Record(0, 0, [""])]
    rows = [record.fields for record in records]
    place = header_row(rows)
    header, below = records[place], rows[place + 1 :]
    if has_no_names(header.fields, below):
        names = made_names(len(header.fields))
        above = header.first_line
        return TextFormat(source, encoding, separator, names, above, above)
    names = [field.strip() for field in header.fields]
    if has_row_names(names, below):
        names = ["", *names]
    unnamed = max(0, len(below[0]) - len(names)) if below else 0
    if unnamed and any(field.strip() for field in below[0][len(names) :]):
        raise RelayError(
            f"{name}, line {header.last_line + 1}: it has {len(below[0])} fields, the header "
            f"{len(names)}. Mend the file, or name the separator: data.read.separator=';'."
        )
    return TextFormat(
        source,
        encoding,
        separator,
        names,
        above=header.first_line,
        header_end=header.last_line,
        unnamed=unnamed,
        has_rows=bool(below),
    )


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
    if len(separator) != 1 and separator != BLANKS:
        raise RelayError(
            f"data.read.separator: {separator!r} is not one character. "
            r"For a tab write '\t', for blanks of any number '\s+'."
        )
    return separator


def guess_encoding(head: bytes) -> str:
    """The encoding that a file's first bytes speak for: a BOM's, UTF-8, else cp1252."""
    if encoding := byte_order_encoding(head):
        return encoding
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _decode_head(name: str, head: bytes, encoding: str) -> str:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head, final=False)
    except UnicodeDecodeError as error:
        if encoding == "cp1252":
            return head.decode("latin-1")
        raise undecodable(name, encoding, head[: error.start].count(b"\n") + 1) from error
    except UnicodeError as error:
        raise undecodable(name, encoding, 1) from error


def undecodable(name: str, encoding: str, line: int) -> RelayError:
    """The error for bytes that are not text in the encoding that was asked for."""
    return RelayError(
        f"{name}, line {line}: the bytes are not {encoding}. "
        "Set data.read.encoding=latin-1 (or the right one), or leave it out to have it found."
    )


def _records(text: str, separator: str, whole: bool) -> list[_Record]:
    """The first records of `text`; never the last of a text that was cut in the middle."""
    found: list[_Record] = []
    lines = io.StringIO(text, newline=None)
    if separator == BLANKS:
        for number, line in enumerate(lines):
            if line.strip():
                found.append(_Record(number, number + 1, _between_blanks(line)))
            if len(found) > SAMPLE_RECORDS:
                break
    else:
        reader, done = csv.reader(lines, delimiter=separator, skipinitialspace=True), 0
        try:
            for row in reader:
                if row not in ([], [""]):
                    found.append(_Record(done, reader.line_num, row))
                done = reader.line_num
                if len(found) > SAMPLE_RECORDS:
                    break
        except csv.Error:
            pass  # a field longer than the csv module takes: the records before it will do
    cut = not whole and 1 < len(found) <= SAMPLE_RECORDS
    return found[:-1] if cut else found or [_Record(0, 0, [""])]


def _between_blanks(line: str) -> list[str]:
    found = _FIELD.findall(line)
    return [one[1:-1].replace('""', '"') if one[:1] == '"' else one for one in found]


def _guess_separator(name: str, text: str, whole: bool, decimal: str | None) -> str:
    """The separator by which most records are as wide as the header, and then the widest.

    Where by none of them even half of the records are, there may be a title above the header: then
    the one that makes most records alike.
    """
    by_header, by_most = [], []
    for separator in _SEPARATORS:
        if separator == decimal:
            continue
        widths = [len(record.fields) for record in _records(text, separator, whole)]
        usual, count = Counter(widths).most_common(1)[0]
        if widths[0] > 1:
            same = widths.count(widths[0]) / len(widths)
            by_header.append((same, widths[0], separator))
        if usual > 1:
            by_most.append((count / len(widths), usual, separator))
    best = max(by_header, key=_share_and_width, default=(0.0, 0, ""))
    if best[0] < _MOST_RAGGED:
        best = max([best, *by_most], key=_share_and_width)
    if best[1] > 1:
        return best[2]
    if _is_aligned(_records(text, BLANKS, whole)):
        return BLANKS
    first = text.lstrip().splitlines()[0] if text.strip() else ""
    raise RelayError(
        f"{name} has one column only, '{_short(first)}', so there is nothing to predict "
        "from. If there are more columns, name what lies between them: "
        "data.read.separator=';'."
    )


def _share_and_width(found: tuple[float, int, str]) -> tuple[float, int]:
    return found[:2]


def _is_aligned(records: Sequence[_Record]) -> bool:
    """True where blanks separate fields: as many in each record, and numbers among them."""
    header, *below = [record.fields for record in records]
    names = has_row_names(header, below)
    alike = all(len(fields) == len(header) + names for fields in below)
    return alike and len(header) > 1 and any(one[-1:].isdigit() for one in (below or [[]])[-1])


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
