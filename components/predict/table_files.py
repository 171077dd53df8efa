"""The tables of `predict`, read piece by piece."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from relay import Input, RelayError
from relay.tables.io import table_file
from relay.tables.reading.columns.dtypes import to_dtype
from relay.tables.reading.pieces import Pieces, read_in_pieces
from relay.tables.reading.settings.column_names import renamed
from relay.tables.reading.settings.options import ReadOptions
from relay.util.names import column_name


@dataclass(frozen=True)
class Table:
    """A table in pieces, with safe column names."""

    pieces: Pieces
    names: list[str]
    """The safe names of its columns."""
    raw_names: list[str]
    """The names of its columns in the file."""

    def __iter__(self) -> Iterator[pd.DataFrame]:
        with _name_setting():
            for piece in self.pieces:
                piece.columns = self.names
                yield piece


def open_input(path: Path, options: ReadOptions, rename: Mapping[str, str]) -> Table:
    """Open the file `path`, with columns named as `clean` would name them.

    Raises RelayError if it cannot be read.
    """
    with _name_setting():
        pieces = read_in_pieces(path, options)
        names = renamed(pieces.columns, rename, may_lack_columns=True)  # such as the target
    return Table(pieces, names, list(map(str, pieces.columns)))


def open_artifact(source: Input) -> Table:
    """Open the table in an artifact that a step made.

    Raises RelayError if the artifact has no table.
    """
    pieces = read_in_pieces(table_file(source), ReadOptions(totals="keep"))
    return Table(pieces, pieces.columns, pieces.columns)


def dtype_words(
    columns: Collection[str], given: Mapping[str, str], read_as: Mapping[str, str]
) -> dict[str, str]:
    """Return {column: dtype word} for those of `columns` that have a dtype word.

    The words of the settings, `given` by name as in the file or in snake_case, take precedence over
    those by which the training set was read, `read_as`.
    """
    words = {**read_as, **{column_name(name): word for name, word in given.items()}}
    return {name: word for name, word in words.items() if name in columns}


def with_dtypes(
    table: pd.DataFrame, words: Mapping[str, str], trained: Collection[str] = ()
) -> pd.DataFrame:
    """Return `table` with its columns converted by `words`, {column: dtype word}.

    Raises RelayError with a line for each column that has a value that cannot be converted; for
    columns in `trained`, whose words come from the training set, the line adds that.
    """
    converted, problems = {}, []
    for name, word in words.items():
        if name not in table:
            continue
        try:
            converted[name] = to_dtype(table[name], word)
        except RelayError as error:
            advice = (
                f" The model's training set was read as {word}; for another dtype, set "
                f"data.dtypes.{name}."
            )
            problems.append(f"{error}{advice if name in trained else ''}")
    if problems:
        raise RelayError("\n".join(problems))
    return table.assign(**converted)


@contextmanager
def _name_setting() -> Iterator[None]:
    """Name `predict.input` in errors of the reader, which name `data.url`."""
    try:
        yield
    except RelayError as error:
        raise RelayError(str(error).replace("data.url", "predict.input")) from error
