"""What was found out of a file and its columns, as facts for the artifact and as lines to read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from cleaning import Cleaned

from relay.tables import is_categorical

_MANY = 50
_NEARLY_ALL = 0.95
_LOOKED_AT = 20_000
_WORDS_OF_TEXT = 3.0
_ID_NAME = re.compile(r"(^|_)(id|uuid|guid|key|index|row)$")
_NOTES = {
    "identifier": "an identifier: nothing can be learned from it",
    "constant": "constant: nothing can be learned from it",
    "text": "free text: data.text={name} reads it by its words",
}


def describe(cleaned: Cleaned, about: Mapping[str, Any]) -> dict[str, Any]:
    """The facts: of the file, and of each column its kind, how it was read, and notes."""
    columns: dict[str, dict[str, str]] = {}
    for name in map(str, cleaned.table.columns):
        kind = kind_of(cleaned.table[name])
        notes = [cleaned.notes.get(name, "")]
        if name != cleaned.target:
            notes.append(_NOTES.get(kind, "").format(name=name))
        facts = {
            "kind": kind,
            "read_as": cleaned.read_as.get(name, ""),
            "note": "; ".join(filter(None, notes)),
        }
        columns[name] = {key: value for key, value in facts.items() if value}
    for name, note in cleaned.notes.items():
        columns.setdefault(name, {"kind": "empty", "note": note})
    return {"file": {**about, "decimal": cleaned.decimal}, "columns": columns}


def kind_of(values: pd.Series) -> str:
    """number, boolean, date, category, text, identifier or constant."""
    known = values.dropna()
    if len(known) == len(values) and (known == known.iloc[0]).all():
        return "constant"
    if pd.api.types.is_bool_dtype(values):
        return "boolean"
    if pd.api.types.is_datetime64_any_dtype(values):
        return "date"
    if isinstance(values.dtype, pd.CategoricalDtype):
        return "category"
    if not is_categorical(values):
        named = _ID_NAME.search(str(values.name)) and pd.api.types.is_integer_dtype(values)
        return "identifier" if named and _are_all_different(known) else "number"
    if not _are_all_different(known):
        return "category"
    words = known.iloc[:_LOOKED_AT].str.count(r"\S+").mean()
    return "text" if words >= _WORDS_OF_TEXT else "identifier"


def _are_all_different(known: pd.Series) -> bool:
    """True where nearly all of many values are different; a look at some spares most of the work."""
    for some in (known.iloc[:_LOOKED_AT], known):
        distinct = some.nunique()
        if distinct <= _MANY or distinct < _NEARLY_ALL * len(some):
            return False
    return True


def in_words(inferred: Mapping[str, Any]) -> Iterator[str]:
    """Lines that say it to whoever watches: the file, then columns that are more than plain."""
    file = inferred["file"]
    parts = [_file_kind(file)]
    if file.get("encoding", "utf-8") not in ("utf-8", "utf-8-sig"):
        parts.append(file["encoding"])
    if file["decimal"] == ",":
        parts.append("decimal commas")
    if "lines_above_header" in file:
        parts.append(f"{file['lines_above_header']} lines above the header left out")
    if "header" in file:
        parts.append("without a header: its columns are column_1, column_2, ...")
    yield "Read as " + ", ".join(parts)
    for name, facts in inferred["columns"].items():
        said = [facts.get("read_as", ""), facts.get("note", "")]
        if any(said):
            yield f"Column {name}: {'; '.join(filter(None, said))}"


def _file_kind(file: Mapping[str, Any]) -> str:
    names = {"text": "separated text", "json": "JSON", "parquet": "Parquet", "excel": "a workbook"}
    kind = names[file["kind"]]
    if "separator" in file:
        shown = {"\t": "tabs", ",": "commas", ";": "semicolons", r"\s+": "blanks"}
        between = shown.get(file["separator"], f"'{file['separator']}'")
        kind = f"text with {between} between its fields"
    if "packing" in file:
        kind += f" in {file['packing']}" + (f" ({file['member']})" if "member" in file else "")
    return kind
