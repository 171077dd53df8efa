"""The settings by which a file is read. Light: no pandas."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class ReadOptions:
    """How to read a file; None means that it is inferred from the content.

    `missing_values` are texts that mean "missing" besides the usual ones; `keep_texts` are usual
    ones (`None`, `NA`, ...) that are values in this file, and `keep_in` those that are values in
    one column, by its name in snake_case. `header` has the lines of the file (of a sheet: the rows)
    with the names, counted from 1 and ascending; an empty one means that there are no names. The
    first `skip` lines are left out, and those that begin with `comment`. `totals` is "drop" to
    leave out rows of totals, else "keep". `table` is the sheet of a workbook or the file in a zip
    archive; `max_mb` limits the size of unpacked files.
    """

    separator: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    header: Sequence[int] | None = None
    skip: int = 0
    comment: str | None = None
    missing_values: Sequence[str] = ()
    keep_texts: Sequence[str] = ()
    keep_in: Mapping[str, Collection[str]] = field(default_factory=dict)
    totals: Literal["drop", "keep"] = "drop"
    table: str | None = None
    max_mb: float = 10_000


SPREADSHEET_ERRORS = frozenset({"#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!"})
USUAL_MISSING = frozenset(
    {"#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "1.#IND", "1.#QNAN", "<NA>", "N/A", "n/a"}
    | {"NA", "NULL", "null", "NaN", "nan", "-NaN", "-nan", "None"}
    | SPREADSHEET_ERRORS
    | {"\\N"}
)
"""Texts of pandas, Excel and MySQL that mean "missing", unless `keep_texts` keeps them."""


def missing_texts(options: ReadOptions) -> list[str]:
    """Return all texts that mean "missing" in a file, with the empty one."""
    return sorted((USUAL_MISSING - set(options.keep_texts)) | {"", *options.missing_values})
