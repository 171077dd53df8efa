"""Forms of a table in one JSON document, such as those that pandas' `to_json` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relay.tables.reading.files.source import Source
from relay.tables.reading.header import has_no_names
from relay.util.errors import RelayError

NAMED_FORM = 'with pandas: table.to_json(FILE, orient="records", lines=True)'
INDEX = ""
"""The name of the column of row names: empty, as in a CSV that pandas wrote."""
_FEWEST_IN_FORM = 10
"""From so many rows or columns on, an object of objects on one line is not a row itself."""


def rows_of(source: Source, document: Any, *, may_be_a_row: bool = False) -> Sequence[Any]:
    """Return the rows in a JSON document, each {column: value} if the form has names.

    Forms are a list of objects; a list of lists, the first with the names; an object of columns, as
    lists or by row names; an object of rows by their names; pandas' `split` and `table`; and an
    object with one list of objects in it. An object of another form is one row, if it
    `may_be_a_row`. Raises RelayError, with the form, if it can be read in two ways, or in none.
    """
    if isinstance(document, list):
        return _of_lists(source, document) if _are_all(document, list) else document
    if not isinstance(document, dict):
        raise RelayError(
            f"{source.name} has no table, but one {type(document).__name__}. Write it {NAMED_FORM}."
        )
    if set(document) in ({"columns", "index", "data"}, {"columns", "data"}):
        return _of_split(source, document)
    values = list(document.values())
    if _are_all(values, list) and not any(_are_objects(value) for value in values):
        return _of_columns(source, document)
    if _are_all(values, dict) and len(values) > 1 and _share_keys(values):
        rows = _of_objects(document)
        if rows is not None:
            return rows
        if not may_be_a_row or max(len(values), len(values[0])) >= _FEWEST_IN_FORM:
            raise RelayError(
                f"{source.name} is an object of objects: are {listed(document)} the columns, or "
                f"{listed(values[0])}? Write it {NAMED_FORM}."
            )
    table = _table_within(document)
    if table is not None and (len(document[table]) > 1 or not may_be_a_row):
        return _within(document, table)
    if may_be_a_row:
        return [document]
    raise RelayError(
        f"{source.name} is one JSON object over several lines, with {listed(document)}: which "
        f"are its rows? Write an object for each row: {NAMED_FORM}."
    )


def _of_lists(source: Source, rows: list[Any]) -> list[dict[str, Any]]:
    names, below = rows[0], rows[1:]
    texts = [["" if value is None else str(value) for value in row] for row in rows[:500]]
    are_names = _are_all(names, str) and len(set(names)) == len(names)
    if not are_names or not below or has_no_names(texts[0], texts[1:]):
        raise RelayError(
            f"{source.name} is a list of lists without the names of columns "
            f'(pandas\' orient="values"). Write it {NAMED_FORM}.'
        )
    return _zipped(source, names, below)


def _of_split(source: Source, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    names, rows = document["columns"], document["data"]
    if not (_are_all(names, str) and _are_all(rows, list)):
        raise RelayError(
            f'{source.name} looks like pandas\' orient="split", but its columns have no plain '
            f"names, or its data are not lists. Write it {NAMED_FORM}."
        )
    return _with_index(_zipped(source, names, rows), document.get("index"))


def _zipped(source: Source, names: list[str], rows: list[Any]) -> list[dict[str, Any]]:
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise RelayError(f"{source.name}: there are two columns '{twice}'. Rename one.")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise RelayError(
                f"{source.name}, row {number} of the data: it has {len(row)} values for "
                f"{len(names)} columns."
            )
    return [dict(zip(names, row, strict=True)) for row in rows]


def _of_columns(source: Source, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of {column: [values]}."""
    lengths = {name: len(values) for name, values in document.items()}
    if len(set(lengths.values())) > 1:
        shortest, longest = (end(lengths, key=lambda name: lengths[name]) for end in (min, max))
        raise RelayError(
            f"{source.name}: its columns have different lengths: '{shortest}' has "
            f"{lengths[shortest]} values, '{longest}' {lengths[longest]}."
        )
    return [dict(zip(document, row, strict=True)) for row in zip(*document.values(), strict=True)]


def _of_objects(document: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the rows of {column: {row: value}}, pandas' default, or {row: {column: value}}.

    None if it can be either: row names are recognised because they are numbers.
    """
    inner = list(next(iter(document.values())))
    inner_counts, outer_counts = _are_numbers(inner), _are_numbers(document)
    if inner_counts == outer_counts:
        return None
    if outer_counts:
        return _with_index(list(document.values()), list(document))
    return _with_index(
        [{name: values.get(row) for name, values in document.items()} for row in inner], inner
    )


def names_beside(document: Any) -> list[str]:
    """Return the keys of an object beside the one list of objects in it, which are left out."""
    table = _table_within(document) if isinstance(document, dict) else None
    if table is None or _is_pandas_table(document):
        return []
    return [name for name in document if name != table]


def _table_within(document: Mapping[str, Any]) -> str | None:
    tables = [name for name, value in document.items() if _are_objects(value)]
    return tables[0] if len(tables) == 1 else None


def _is_pandas_table(document: Mapping[str, Any]) -> bool:
    schema = document.get("schema")
    return isinstance(schema, dict) and "pandas_version" in schema and "data" in document


def _within(document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the rows in the one list of objects, as in pandas' `table` and in servers' answers."""
    rows = list(document[name])
    if _is_pandas_table(document) and document["schema"].get("primaryKey") == ["index"]:
        index = [row.get("index") for row in rows]
        return _with_index([_without(row, "index") for row in rows], index)
    return rows


def _with_index(rows: list[dict[str, Any]], index: Sequence[Any] | None) -> list[dict[str, Any]]:
    """Return `rows` with a column of row names, if these do more than count from 0."""
    if index is None or [str(name) for name in index] == [str(place) for place in range(len(rows))]:
        return rows
    names = [int(name) for name in index] if _are_numbers(index) else index
    return [{INDEX: name, **row} for name, row in zip(names, rows, strict=True)]


def _without(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}


def _are_all(values: Any, kind: type) -> bool:
    return isinstance(values, list) and bool(values) and all(type(v) is kind for v in values)


def _are_objects(value: Any) -> bool:
    return _are_all(value, dict)


def _are_numbers(names: Any) -> bool:
    return all(str(name).isascii() and str(name).isdecimal() for name in names)


def _share_keys(objects: Sequence[Mapping[str, Any]]) -> bool:
    """Return True if objects have the same keys: they are the rows or columns of a table."""
    keys = set(objects[0])
    return bool(keys) and all(set(row) == keys for row in objects)


def listed(names: Any, most: int = 5) -> str:
    """Return the first of `names`, in quotes."""
    shown = list(names)
    more = ", ..." if len(shown) > most else ""
    return ", ".join(f"'{name}'" for name in shown[:most]) + more
