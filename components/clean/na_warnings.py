"""Warnings about texts that were taken as missing, or kept as values."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import pandas as pd

from relay.tables.reading.arrow_texts import is_text
from relay.tables.reading.columns.na_values import Counts, are_codes
from relay.tables.reading.settings.dtype_words import text_word
from relay.tables.reading.settings.options import SPREADSHEET_ERRORS
from relay.util.setting_text import setting

_SHOWN = 3
_MOSTLY = 0.5
_MAY_BE_LEVELS = ("NA", "N/A", "n/a")
_LEVEL = "None"
_NA = "NA"
_REGIONS = frozenset(
    {"europe", "asia", "africa", "oceania", "antarctica", "europa", "asien", "afrika", "ozeanien"}
    | {"asie", "afrique", "americas", "eu", "emea", "apac", "apj", "latam", "mea", "anz"}
)
"""Beside these, NA can be North America."""
_FEWEST_REGIONS = 2
_ACRONYMS = r"^[A-Z]{2,6}$"
_MOST_VALUES = 50


@dataclass(frozen=True)
class Taken:
    """Texts taken as missing in columns of texts, by column; `codes` are columns of codes.

    `errors` are those of a spreadsheet, such as #DIV/0!, in columns of any kind.
    """

    counts: Mapping[str, Counts]
    codes: frozenset[str] = frozenset()
    errors: Mapping[str, Counts] = field(default_factory=dict)

    def warnings(self, rows: int, target: str) -> Iterator[str]:
        """Yield a warning for each text that can be a value, in all columns but the target.

        "None" can be one in any column of texts; NA and the like if most of the `rows` have it, or
        if the other texts are codes. Errors of a spreadsheet are one in the target as well.
        """
        for name, counts in self.errors.items():
            shown = ", ".join(f"'{text}' {count}" for text, count in counts.items())
            yield (
                f"Column {name}: errors of a spreadsheet ({shown}) are taken as missing. Correct "
                "its formulas; or, if missing is right: "
                f"{setting('data.read.missing_values', list(counts))}"
            )
        besides = {name: counts for name, counts in self.counts.items() if name != target}
        for text in (_LEVEL, *_MAY_BE_LEVELS):
            where = {name: counts[text] for name, counts in besides.items() if text in counts}
            if not where:
                continue
            most = sorted(where, key=lambda name: -where[name])
            mostly = where[most[0]] > _MOSTLY * rows
            if text != _LEVEL and not mostly and self.codes.isdisjoint(where):
                continue
            shown = ", ".join(f"{name} {where[name]}" for name in most[:_SHOWN])
            others = f" and {len(most) - _SHOWN} more columns" if len(most) > _SHOWN else ""
            yield (
                f"'{text}' is taken as missing in columns of texts: {shown}{others}. If it is a "
                f"value: {setting('data.read.keep_texts', [text])}, or "
                f"{setting(f'data.dtypes.{most[0]}', text_word([text]))}; if it is not: "
                f"{setting('data.read.missing_values', [text])}"
            )


def missing_note(taken: Counts) -> str:
    """Return how often each text was taken as missing in a column; "" if none was."""
    shown = ", ".join(f"'{text}' {count}" for text, count in taken.items())
    keep = f"{setting('data.read.keep_texts', list(taken))} keeps them"
    return f"taken as missing: {shown} ({keep})" if taken else ""


def taken_among_texts(
    table: pd.DataFrame, taken: Mapping[str, Counts], dropped: Collection[str]
) -> Taken:
    """Return the texts `taken` as missing that can be values: those in columns of texts."""
    among = {
        name: counts
        for name, counts in taken.items()
        if name not in dropped and (is_text(table[name]) or table[name].isna().all())
    }
    codes = {name for name in among if are_codes(table[name]) or _has_regions(table[name])}
    with_na = {name for name, counts in taken.items() if _NA in counts}
    acronyms = {name for name in with_na & among.keys() if _are_acronyms(table[name])}
    if with_na == acronyms:  # in another column, NA would mean missing
        codes |= acronyms
    errors = {
        name: {text: counts[text] for text in counts if text in SPREADSHEET_ERRORS}
        for name, counts in taken.items()
        if name not in dropped and not SPREADSHEET_ERRORS.isdisjoint(counts)
    }
    return Taken(among, frozenset(codes), errors)


def _has_regions(values: pd.Series) -> bool:
    """Return True if some of the texts are regions of the world."""
    texts = _few_texts(values)
    return sum(text.casefold() in _REGIONS for text in texts) >= _FEWEST_REGIONS


def _are_acronyms(values: pd.Series) -> bool:
    """Return True if there are several texts, each of a few capital letters."""
    texts = _few_texts(values)
    return len(texts) >= _FEWEST_REGIONS and all(re.match(_ACRONYMS, text) for text in texts)


def _few_texts(values: pd.Series) -> list[str]:
    """Return the different texts of `values`; none if these are many."""
    texts = values.dropna().unique()
    return [str(text) for text in texts] if len(texts) <= _MOST_VALUES else []


def keep_codes(
    table: pd.DataFrame,
    kept: Mapping[str, Counts],
    read_as: dict[str, str],
    warnings: dict[str, str],
) -> None:
    """Add columns of codes that keep a text that means "missing" to `read_as` and `warnings`."""
    for name, counts in kept.items():
        if is_text(table[name]) and name not in read_as:
            read_as[name] = text_word(counts)
            warnings[name] = _kept_warning(counts)


def _kept_warning(counts: Counts) -> str:
    """Return a warning that texts which usually mean "missing" are values here."""
    ((text, count),) = counts.items()
    return (
        f"'{text}' ({count}) is kept as a value among codes of two capital letters. If it means "
        f"missing: {setting('data.read.missing_values', [text])}"
    )


def describe_missing_target(counts: Counts) -> str:
    """Return the texts of the target that were taken as missing, and the setting to keep them."""
    shown = ", ".join(f"'{text}' {count}" for text, count in counts.items())
    return (
        f" ({shown}; if that is a class: {setting('data.read.keep_texts', [next(iter(counts))])})"
    )
