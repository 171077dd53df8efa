"""Tables in JSON lines, or in a JSON document of one of the usual forms."""

from __future__ import annotations

import io
import itertools
import json
import logging
import re
from collections.abc import Iterator
from typing import Any, TextIO

import pandas as pd

from relay.tables.reading.files.file_kinds import HEAD, byte_order_encoding
from relay.tables.reading.files.json_forms import NAMED_FORM, listed, names_beside, rows_of
from relay.tables.reading.files.python_values import table_of
from relay.tables.reading.files.source import Source
from relay.tables.reading.settings.options import ReadOptions, missing_texts
from relay.util.errors import RelayError

log = logging.getLogger("relay")

_ROWS_AT_ONCE = 10_000
_DEEPEST = 50
_PYTHON = re.compile(r"'|(None|True|False|nan|inf)\b|b'|[A-Za-z_.]+\(")
"""The beginning of what Python's `repr` writes and JSON does not have."""


def read_json(source: Source, options: ReadOptions) -> pd.DataFrame:
    """Return the table in `source`: an object is a row, a key a column, which rows can lack.

    A key of an inner object is a column of its own, `outer.inner`; a list is kept as JSON text. A
    file of one document can have another form that pandas writes: see `json_forms`. Raises
    RelayError, with the line, if something is not an object.
    """
    columns: dict[str, list[Any]] = {}
    done = 0
    objects = _objects(source, options, reports=True)
    while rows := list(itertools.islice(objects, _ROWS_AT_ONCE)):
        for name in dict.fromkeys(itertools.chain.from_iterable(rows)):
            columns.setdefault(name, [None] * done)
        for name, values in columns.items():
            values += [row.get(name) for row in rows]
        done += len(rows)
    if not columns:
        raise RelayError(f"{source.name} has no rows. Check data.url.")
    return table_of(list(columns), list(columns.values()), missing_texts(options))


def json_columns(source: Source, options: ReadOptions) -> list[str]:
    """Return the names of the columns in `source`, for which all rows are read."""
    names: dict[str, None] = {}
    for row in _objects(source, options):
        names.update(dict.fromkeys(row))
    return list(names)


def _objects(
    source: Source, options: ReadOptions, *, reports: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield the rows; with `reports`, log what is left out."""
    with source.open() as file:
        head = file.read(HEAD)
    encoding = options.encoding or byte_order_encoding(head) or "utf-8"
    try:
        with source.open() as file:
            text = io.TextIOWrapper(file, encoding, newline="\n")
            lines = _lines(text)
            first, second = next(lines, (1, "")), next(lines, None)
            if second is not None and _is_object(first[1]):
                yield from _by_line(source, itertools.chain([first, second], lines))
                return
        with source.open() as file:
            yield from _of_document(source, file.read().decode(encoding), reports=reports)
    except UnicodeDecodeError as error:
        raise RelayError(
            f"{source.name}: the bytes are not {encoding}. Set data.read.encoding."
        ) from error


def _lines(file: TextIO) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, with their numbers."""
    for number, line in enumerate(file, start=1):
        if line.strip():
            yield number, line


def _is_object(text: str) -> bool:
    try:
        return isinstance(_parsed(text), dict)
    except (ValueError, RecursionError):
        return False


def _by_line(source: Source, lines: Iterator[tuple[int, str]]) -> Iterator[dict[str, Any]]:
    for number, line in lines:
        yield _row_in(source, number, line)


def _of_document(source: Source, text: str, *, reports: bool) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file that is one JSON document, or whose first line is broken."""
    try:
        document = _parsed(text)
    except (ValueError, RecursionError) as error:
        if text.lstrip().startswith("["):
            raise RelayError(f"{source.name}{_broken(text, error)}") from error
        yield from _by_line(source, _lines(io.StringIO(text, newline="\n")))
        return
    rows = rows_of(source, document, may_be_a_row=_is_one_line(text))
    if reports and (beside := names_beside(document)) and rows[0] is not document:
        log.warning(
            "%s: its rows are the only list of objects in it; left out what is beside it: %s.",
            source.name, listed(beside),
        )  # fmt: skip
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise RelayError(f"{source.name}, row {number} of the data is not a JSON object.")
        yield _flattened(row, f"{source.name}, row {number} of the data")


def _is_one_line(text: str) -> bool:
    return "\n" not in text.strip()


def _row_in(source: Source, number: int, line: str) -> dict[str, Any]:
    place = f"{source.name}, line {number}"
    try:
        row = _parsed(line)
    except (ValueError, RecursionError) as error:
        raise RelayError(f"{place}{_broken(line, error, of_lines=True)}") from error
    if not isinstance(row, dict):
        raise RelayError(f"{place} is not a JSON object (got {type(row).__name__}).")
    return _flattened(row, place)


class _TwiceNamed(ValueError):
    """An object has a key twice, so that one of its values would be lost."""


def _parsed(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceNamed(next(name for name in names if names.count(name) > 1))
    return made


def _broken(text: str, error: ValueError | RecursionError, *, of_lines: bool = False) -> str:
    """Return the problem of `text`, as the end of a sentence that begins with its place."""
    if isinstance(error, RecursionError):
        return f" is nested too deeply: objects or lists within each other, more than {_DEEPEST}."
    if isinstance(error, _TwiceNamed):
        return f": the key '{error}' stands twice in one object. Rename one."
    if not isinstance(error, json.JSONDecodeError):
        return f" holds a number of too many digits: {error}."
    where = "" if of_lines else f", line {error.lineno}"
    if _PYTHON.match(error.doc, error.pos):
        return (
            f"{where} is not JSON but as Python prints it (single quotes, None, True): "
            f"{_shown(error)}. Write it with json.dumps, or {NAMED_FORM}."
        )
    if of_lines:
        return (
            f" is not a JSON object: {error.msg}: {_shown(error)}. "
            "In JSON lines each line is one object; or the file is one list of them."
        )
    return f"{where} is not JSON: {error.msg}: {_shown(error)}."


def _shown(error: json.JSONDecodeError) -> str:
    """Return the text at the place of the error."""
    return repr(error.doc[max(0, error.pos - 10) : error.pos + 20].strip()) if error.doc else "''"


def _flattened(row: dict[str, Any], place: str) -> dict[str, Any]:
    if not any(isinstance(value, dict | list) for value in row.values()):
        return row
    try:
        pairs = list(_flat(row))
        return _object(pairs)
    except RecursionError as error:
        raise RelayError(f"{place}{_broken('', error)}") from error
    except _TwiceNamed as error:
        raise RelayError(
            f"{place}: there is a key '{error}', and an object within gives a column of that name, "
            "too. Rename one."
        ) from error


def _flat(row: dict[str, Any], before: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    if depth > _DEEPEST:
        raise RecursionError
    for key, value in row.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{before}{key}.", depth + 1)
        elif isinstance(value, dict | list):
            yield f"{before}{key}", json.dumps(value, ensure_ascii=False) if value else None
        else:
            yield f"{before}{key}", value
