"""JSON lines, and JSON files that hold one list of objects, as tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from relay.errors import RelayError
from relay.reading.options import ReadOptions, missing_texts
from relay.reading.source import Source
from relay.reading.values import table_of


def read_json(source: Source, options: ReadOptions) -> pd.DataFrame:
    """The table in `source`: an object is a row, and a key a column; a key may be left out.

    What is in an object within is a column of its own, `outer.inner`; a list is kept as JSON text.
    RelayError, naming the line, for what is no object.
    """
    columns: dict[str, list[Any]] = {}
    rows = 0
    for row in _objects(source, options):
        for name, value in _flat(row):
            column = columns.setdefault(name, [])
            column += [None] * (rows - len(column))
            column.append(value)
        rows += 1
    if not rows or not columns:
        raise RelayError(f"{source.name} holds no rows. Check data.url.")
    filled = {name: [*known, *[None] * (rows - len(known))] for name, known in columns.items()}
    return table_of(filled, missing_texts(options))


def json_columns(source: Source, options: ReadOptions) -> list[str]:
    """The names of the columns in `source`: all rows must be looked at for them."""
    names: dict[str, None] = {}
    for row in _objects(source, options):
        names.update(dict.fromkeys(name for name, _ in _flat(row)))
    return list(names)


def _objects(source: Source, options: ReadOptions) -> Iterator[dict[str, Any]]:
    encoding = options.encoding or "utf-8-sig"
    try:
        with source.open() as file:
            is_list = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")
        with source.open() as file:
            if is_list:
                yield from _listed(source, json.loads(file.read().decode(encoding)))
                return
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield _object(source, number, line.decode(encoding))
    except UnicodeDecodeError as error:
        raise RelayError(
            f"{source.name}: the bytes are not {encoding}. Set data.read.encoding."
        ) from error
    except json.JSONDecodeError as error:
        raise RelayError(f"{source.name} is no JSON: {error}") from error


def _listed(source: Source, rows: list[Any]) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise RelayError(f"{source.name}, row {number} of the data is no JSON object.")
        yield row


def _object(source: Source, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise RelayError(
            f"{source.name}, line {number} is no JSON object: {error.msg}. "
            "In JSON lines each line is one object; or the file is one list of them."
        ) from error
    if not isinstance(row, dict):
        raise RelayError(
            f"{source.name}, line {number} is no JSON object but {type(row).__name__}."
        )
    return row


def _flat(row: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in row.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{before}{key}.")
        elif isinstance(value, dict | list):
            yield f"{before}{key}", json.dumps(value, ensure_ascii=False) if value else None
        else:
            yield f"{before}{key}", value
