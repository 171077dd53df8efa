"""How a file is to be read, by the settings that are given. Light: no pandas."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ReadOptions:
    """How a file is to be read; None means that it is found out from the content.

    `missing_values` are texts that mean "missing" besides the usual ones; `keep_texts` are
    usual ones (`None`, `NA`, ...) that are values in this file, and `keep_in` those that are so in
    one column, by its name in snake_case. `header` are the lines of the file (of a sheet: the rows)
    that hold the names, counted from 1 and ascending; an empty one means that there are no names.
    The first `skip` lines are left out, and those that begin with `comment`. `totals` is "drop"
    where rows of totals are left out, else "keep". `table` is the sheet of a workbook or the file
    in a zip archive; `max_mb` limits what is unpacked.
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
    totals: str = "drop"
    table: str | None = None
    max_mb: float = 10_000


USUAL_MISSING = frozenset(
    {"#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "1.#IND", "1.#QNAN", "<NA>", "N/A", "n/a"}
    | {"NA", "NULL", "null", "NaN", "nan", "-NaN", "-nan", "None"}
    | {"#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!"}
)
"""Texts that mean "missing" where `keep_texts` does not say otherwise: of pandas and Excel."""


def missing_texts(options: ReadOptions) -> list[str]:
    """Return all texts that mean "missing" in a file; the empty one is among them."""
    return sorted((USUAL_MISSING - set(options.keep_texts)) | {"", *options.missing_values})
