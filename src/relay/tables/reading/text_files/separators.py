"""The separator of the fields of a text. Light: no pandas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from relay.tables.reading.header import has_row_names
from relay.tables.reading.text_files.head import Head, shortened
from relay.tables.reading.text_files.lines import BLANKS
from relay.util.errors import RelayError
from relay.util.setting_text import setting

_SEPARATORS = (",", ";", "\t", "|")
_MOST_RAGGED = 0.5


def checked_separator(separator: str | None) -> str | None:
    r"""Return the separator as one character; `\t` and `tab` mean a tab, `\s+` any blanks.

    Raises RelayError if it has several characters.
    """
    if not separator:
        return None
    separator = {"\\t": "\t", "tab": "\t"}.get(separator, separator)
    if len(separator) != 1 and separator != BLANKS:
        raise RelayError(
            f"data.read.separator: {separator!r} is not one character. "
            r"For a tab write '\t', for blanks of any number '\s+'."
        )
    return separator


def guess_separator(head: Head, above: int, decimal: str | None) -> str:
    """Return the separator by which most records are as wide as the header, and then the widest.

    If less than half of the records are for each of them, there can be a title above the header:
    then it is the one by which most records have the same width. The first `above` lines do not
    count. Raises RelayError if there is one column only.
    """
    by_header, by_most = [], []
    for separator in _SEPARATORS:
        widths = [len(record.fields) for record in head.records(separator, above)]
        if separator == decimal or not widths:
            continue
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
    records = [record.fields for record in head.records(BLANKS, above)]
    if records and _is_aligned(records):
        return BLANKS
    first = next((line for line in head.lines[above:] if line.strip()), "")
    raise RelayError(
        f"{head.name} has one column only, '{shortened(first)}', so there is nothing to predict "
        "from. If there are more columns, name the character between them: "
        "data.read.separator=CHARACTER; if they stand below a title, the line of their names: "
        "data.read.header=3."
    )


def separator_advice(lines: Sequence[str], separator: str) -> str:
    """Return advice to set another separator, if each of `lines` has it; else ""."""
    for other in _SEPARATORS:
        if other != separator and lines and all(other in line for line in lines):
            shown = setting("data.read.separator", "\\t" if other == "\t" else other)
            return f" If another character separates the fields: {shown}."
    return ""


def _share_and_width(candidate: tuple[float, int, str]) -> tuple[float, int]:
    return candidate[:2]


def _is_aligned(records: Sequence[Sequence[str]]) -> bool:
    """Return True if blanks separate fields: the same number in each record, numbers among them."""
    header, *below = records
    header = header[1:] if header[0] == "#" else header
    names = has_row_names(header, below)
    alike = all(len(fields) == len(header) + names for fields in below)
    return alike and len(header) > 1 and any(text[-1:].isdigit() for text in (below or [[]])[-1])
