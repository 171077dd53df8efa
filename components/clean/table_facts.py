"""Facts of a file and its columns for the artifact, and lines about them for the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cleaning import Cleaned
from na_warnings import missing_note

from relay.tables.reading.columns.column_kinds import kind_of
from relay.util.names import list_columns

_MOST_LINES = 20
_NOTES = {
    "identifier": "an identifier: nothing can be learned from it",
    "constant": "constant: nothing can be learned from it",
    "text": "free text: data.text={name} reads it by its words",
}
_LEFT_OUT = {
    "lines_above_header": "above the header",
    "comment_lines": "of comments",
    "repeated_headers": "that repeat the header",
    "lines_below": "below the table",
}


def describe(cleaned: Cleaned, about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of the file, and of each column its kind, how it was read, and notes."""
    columns: dict[str, dict[str, str]] = {}
    for name in map(str, cleaned.table.columns):
        kind = kind_of(cleaned.table[name])
        notes = [cleaned.notes.get(name, ""), missing_note(cleaned.taken.counts.get(name, {}))]
        if name != cleaned.target:
            notes.append(_NOTES.get(kind, "").format(name=name))
        facts = {
            "kind": kind,
            "read_as": cleaned.read_as.get(name, ""),
            "note": "; ".join(filter(None, notes)),
            "warning": cleaned.warnings.get(name, ""),
        }
        columns[name] = {key: value for key, value in facts.items() if value}
    for name, note in cleaned.notes.items():
        columns.setdefault(name, {"kind": "empty", "note": note})
    decimal = {"decimal": cleaned.decimal} if cleaned.decimal else {}
    return {"file": {**about, **decimal}, "columns": columns}


def columns_in_words(inferred: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for the log on each column with a note, one for all columns with the same."""
    alike: dict[str, list[str]] = {}
    for name, facts in inferred["columns"].items():
        text = "; ".join(filter(None, (facts.get("read_as"), facts.get("note"))))
        if text and facts["kind"] != "empty":
            alike.setdefault(text, []).append(name)
    yield from _lines(alike)


def warnings_in_words(cleaned: Cleaned) -> Iterator[str]:
    """Yield a line for each warning of columns, one for all columns with the same."""
    alike: dict[str, list[str]] = {}
    for name, warning in cleaned.warnings.items():
        alike.setdefault(warning, []).append(name)
    yield from _lines(alike)


def _lines(alike: Mapping[str, list[str]]) -> Iterator[str]:
    lines = [f"C{list_columns(names)[1:]}: {text}" for text, names in alike.items()]
    yield from lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        yield f"... and {len(lines) - _MOST_LINES} more, which are in the report of check"


def file_in_words(about: Mapping[str, Any]) -> str:
    """Return a line on how a file was read."""
    parts = [_file_kind(about)]
    if about.get("encoding", "utf-8") not in ("utf-8", "utf-8-sig"):
        parts.append(about["encoding"])
    for fact, place in _LEFT_OUT.items():
        if fact in about:
            lines = "1 line" if about[fact] == 1 else f"{about[fact]} lines"
            parts.append(f"left out {lines} {place}")
    if "totals" in about:
        parts.append(f"left out {about['totals']} row{'s' * (about['totals'] > 1)} of totals")
    if "header" in about:
        parts.append("no header: the columns are named column_1, column_2, ...")
    return "Read " + ", ".join(parts)


def _file_kind(file: Mapping[str, Any]) -> str:
    kind = {"json": "JSON", "parquet": "Parquet", "excel": "a workbook"}.get(file["kind"], "")
    if "separator" in file:
        shown = {"\t": "tabs", ",": "commas", ";": "semicolons", r"\s+": "blanks"}
        between = shown.get(file["separator"], f"'{file['separator']}'")
        kind = f"text with {between} between its fields"
    if "packing" in file:
        kind += f" in {file['packing']}" + (f" ({file['member']})" if "member" in file else "")
    return kind
