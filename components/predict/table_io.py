"""The table that is predicted: a file or an artifact, read piece by piece."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from relay import Input, RelayError
from relay.tables.io import table_file
from relay.tables.reading.columns import renamed
from relay.tables.reading.dtypes import to_dtype
from relay.tables.reading.options import ReadOptions
from relay.tables.reading.pieces import Pieces, read_in_pieces
from relay.util.names import column_name


@dataclass(frozen=True)
class Table:
    """A table in pieces, with safe column names."""

    pieces: Pieces
    names: list[str]
    """Of its columns."""
    raw_names: list[str]
    """Of its columns as they stand in the file."""

    def __iter__(self) -> Iterator[pd.DataFrame]:
        with _own_setting():
            for piece in self.pieces:
                piece.columns = self.names
                yield piece


def open_input(path: Path, options: ReadOptions, rename: Mapping[str, str]) -> Table:
    """The file `path`, its columns named as `clean` would name them."""
    with _own_setting():
        pieces = read_in_pieces(path, options)
        names = renamed(pieces.columns, rename, may_lack_columns=True)  # such as the target
    return Table(pieces, names, list(map(str, pieces.columns)))


def open_artifact(source: Input) -> Table:
    """The table in an artifact that a step made; RelayError where it holds none."""
    pieces = read_in_pieces(table_file(source), ReadOptions(totals="keep"))
    return Table(pieces, pieces.columns, pieces.columns)


def dtype_words(
    columns: Collection[str], given: Mapping[str, str], read_as: Mapping[str, str]
) -> dict[str, str]:
    """The dtype word of each of the model's `columns` for which there is one.

    The user's own (`given`, names as in the file or in snake_case) stand above those by which the
    training data was read.
    """
    words = {**read_as, **{column_name(name): word for name, word in given.items()}}
    return {name: word for name, word in words.items() if name in columns}


def with_dtypes(
    table: pd.DataFrame, words: Mapping[str, str], trained: Collection[str] = ()
) -> pd.DataFrame:
    """`table` with the columns that it has of `words` ({column: dtype word}) read as such.

    RelayError, a line for each column that has a value that cannot be read; for the columns
    `trained`, whose words come from the training data, it says so.
    """
    known, wrong = {}, []
    for name, word in words.items():
        if name not in table:
            continue
        try:
            known[name] = to_dtype(table[name], word)
        except RelayError as error:
            why = (
                f" The model's training data was read as {word}; for another way, set "
                f"data.dtypes.{name}."
            )
            wrong.append(f"{error}{why if name in trained else ''}")
    if wrong:
        raise RelayError("\n".join(wrong))
    return table.assign(**known)


@contextmanager
def _own_setting() -> Iterator[None]:
    """The reader's messages speak of the data set; here the file is another setting's."""
    try:
        yield
    except RelayError as error:
        raise RelayError(str(error).replace("data.url", "predict.input")) from error
