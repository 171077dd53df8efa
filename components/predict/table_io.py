"""The file that is predicted and the file that the predictions go to."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pandas as pd

from relay.errors import RelayError
from relay.names import column_name, did_you_mean
from relay.reading.columns import renamed
from relay.reading.dtypes import to_dtype
from relay.reading.options import ReadOptions
from relay.reading.peek import read_columns
from relay.reading.table import read_table


def local_path(text: str, root: Path) -> Path:
    """The file that a path or file:// URL names; a relative path begins at `root`."""
    if "://" not in text:
        return root / Path(text).expanduser()
    url = urlsplit(text)
    if url.scheme.lower() != "file":
        raise RelayError(
            f"predict.input: {text} is not a file on this machine. Download it first, "
            "or bring it in as a data set with get_data and give predict.artifact=NAME:ALIAS."
        )
    return Path(unquote(url.path))


def read_input(
    path: Path, options: ReadOptions, rename: Mapping[str, str], texts: Collection[str]
) -> tuple[pd.DataFrame, list[str]]:
    """All rows of the file `path` with safe column names, and the names as they stand there.

    Columns of `texts` (safe names) are read as texts, even where each value looks like a number.
    """
    if not path.is_file():
        near = did_you_mean(path.name, _names_beside(path))
        raise RelayError(f"predict.input: there is no file {path}.{near}")
    try:
        raw = read_columns(path, options)
        names = renamed(raw, rename, may_lack_columns=True)  # such as the target
        as_text = {name for name, safe in zip(raw, names, strict=True) if safe in texts}
        table = read_table(path, options, as_text)
    except RelayError as error:
        # The reader's messages speak of the data set; here the file is another setting's.
        raise RelayError(str(error).replace("data.url", "predict.input")) from error
    raw = [str(name) for name in table.columns]
    table.columns = names
    return table, raw


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

    RelayError where a value cannot be read; for the columns `trained`, whose words come from the
    training data, it says so.
    """
    known = {}
    for name, word in words.items():
        if name not in table:
            continue
        try:
            known[name] = to_dtype(table[name], word)
        except RelayError as error:
            if name not in trained:
                raise
            raise RelayError(
                f"{error} The model's training data was read as {word}; for another way, "
                f"set data.dtypes.{name}."
            ) from error
    return table.assign(**known)


def write_output(table: pd.DataFrame, path: Path, *, source: Path | None) -> None:
    """Write `table` to `path` as CSV or Parquet by its suffix, whole or not at all.

    RelayError where `path` is the file `source` that was read, or cannot be written.
    """
    if source is not None and path.exists() and path.samefile(source):
        raise RelayError(f"predict.output: {path} is the file that is predicted; name another.")
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RelayError(f"predict.output: {path} cannot be written: {error}") from error
    try:
        if path.suffix.lower() == ".csv":
            table.to_csv(aside, index=False)
        else:
            table.to_parquet(aside, index=False)
        aside.replace(path)
    except (OSError, ValueError) as error:
        raise RelayError(f"predict.output: {path} cannot be written: {error}") from error
    finally:
        aside.unlink(missing_ok=True)


def _names_beside(path: Path) -> list[str]:
    if not path.parent.is_dir():
        return []
    return [one.name for one in path.parent.iterdir() if one.is_file()]
