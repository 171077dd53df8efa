"""The layout of separated text: its separator, header and columns.

It is inferred from the first bytes of a file and without pandas, so that a plan is checked quickly.
"""

from __future__ import annotations

from dataclasses import dataclass

from relay.tables.reading.files.source import Source
from relay.tables.reading.header import number_columns
from relay.tables.reading.settings.options import ReadOptions, missing_texts
from relay.tables.reading.text_files.head import read_head
from relay.tables.reading.text_files.separators import checked_separator, guess_separator
from relay.tables.reading.text_files.text_header import (
    count_unnamed,
    fields_of,
    find_header,
    make_header,
    read_named_header,
    without_empty_ends,
)
from relay.util.errors import RelayError


@dataclass(frozen=True)
class TextFormat:
    """The layout of the text in a file.

    The header comes after `above` lines and ends with line `header_end`; in a file without a header
    both are the same, and the names are made up. `unnamed` counts the fields of the first row that
    have no name in the header, as if each row ends in a separator.
    """

    source: Source
    encoding: str
    separator: str
    header: list[str]
    above: int = 0
    header_end: int = 1
    unnamed: int = 0
    has_rows: bool = True
    comment: str | None = None
    header_rows: tuple[tuple[str, ...], ...] = ()
    """The fields of the header's rows, as in the file."""
    numbers: frozenset[int] = frozenset()
    """The places of columns of numbers."""
    beside: str = ""
    """The line above the header, if it can be a part of it."""
    missing: frozenset[str] = frozenset()
    """Texts that mean "missing"."""

    @property
    def has_header(self) -> bool:
        return self.header_end > self.above

    def require_rows(self) -> None:
        """Check that there are rows below the header. Raises RelayError if there are none."""
        if not self.has_rows:
            raise self.no_rows()

    def no_rows(self) -> RelayError:
        """Return the error for a table without rows."""
        return RelayError(f"{self.source.name} has a header, but no rows. Check data.url.")


def text_format(source: Source, options: ReadOptions) -> TextFormat:
    """Return the layout of the text in `source`, inferred from its beginning.

    Raises RelayError if it is not a table, or if a setting does not fit it.
    """
    head = read_head(source, options)
    by_excel = head.excels_separator
    top = max(options.skip, options.header[0] - 1 if options.header else 0, 1 if by_excel else 0)
    if top >= len(head.lines):
        setting = f"header={options.header[0]}" if options.header else f"skip={options.skip}"
        raise RelayError(
            f"data.read.{setting}: {head.name} has {len(head.lines)} lines only. "
            "Give a smaller number."
        )
    separator = checked_separator(options.separator) or by_excel
    separator = separator or guess_separator(head, top, options.decimal)
    if separator == options.decimal:
        raise RelayError(
            f"data.read.separator: must differ from data.read.decimal (both are '{separator}'). "
            "Set one of them to another character."
        )
    if options.header is None:
        header = find_header(head, separator, top, missing_texts(options))
    elif options.header:
        header = read_named_header(head, separator, options.header)
    else:
        header = make_header(head.records(separator, top), top)
    header = without_empty_ends(header)
    return TextFormat(
        source,
        head.encoding,
        separator,
        header.names,
        above=header.above,
        header_end=header.end,
        unnamed=count_unnamed(head, header, separator),
        has_rows=bool(header.below),
        comment=options.comment,
        header_rows=header.rows,
        numbers=number_columns(fields_of(header.below)),
        beside=header.beside,
        missing=frozenset(missing_texts(options)),
    )
