"""Reads the files that people have into tables, with the columns' names as they stand there."""

from __future__ import annotations

import codecs
import csv
import logging
import re
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from relay.errors import RelayError
from relay.reading.kinds import file_kind, open_bytes
from relay.reading.layout import (
    ReadOptions,
    TextFormat,
    parquet_columns,
    text_format,
    undecodable,
)

log = logging.getLogger("relay")

USUAL_MISSING = frozenset(
    {"#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "1.#IND", "1.#QNAN", "<NA>", "N/A", "n/a"}
    | {"NA", "NULL", "null", "NaN", "nan", "-NaN", "-nan", "None"}
)
"""Texts that mean "missing" where `keep_texts` does not say otherwise: those of pandas."""

_CHUNK = 1 << 22
_TAIL = 1 << 20
_WIDE_ROW = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")
_OPEN_QUOTE = re.compile(r"EOF inside string starting at row (\d+)")


def read_table(path: Path, options: ReadOptions, as_text: Collection[str] = ()) -> pd.DataFrame:
    """The table in `path`: separated text (also gzip) or Parquet, told apart by content.

    Columns have their names as in the file and are numbers, booleans, texts (`str`) or, from
    Parquet, also times and categories; integers with missing values are floats. Columns named
    in `as_text` are not read as numbers (`007` stays `007`). RelayError where the file is no
    table, says where it is broken, and names the setting that mends it.
    """
    if file_kind(path) == "parquet":
        return _read_parquet(path)
    layout = text_format(path, options)
    if not layout.has_rows:
        raise RelayError(f"{path.name} holds a header but no rows. Check data.url.")
    text = _scan_text(path, layout, options)
    _warn_if_cut_off(path, layout, text.tail)
    return _read_text(path, layout, options, text, as_text)


@dataclass(frozen=True)
class _Text:
    """What a look at all bytes of a file found: its encoding, and how it ends."""

    encoding: str
    errors: str
    tail: str


def _scan_text(path: Path, layout: TextFormat, options: ReadOptions) -> _Text:
    """Find the encoding that holds for the whole file, not just for its beginning."""
    candidates = [layout.encoding]
    if not options.encoding and layout.encoding in ("utf-8", "cp1252"):
        candidates = ["utf-8", "cp1252", "latin-1"]
    for encoding in candidates:
        try:
            text = _decode_all(path, layout, encoding)
        except _BadBytes as error:
            if encoding == candidates[-1]:
                raise undecodable(path, encoding, error.line) from error
            continue
        if encoding in ("cp1252", "latin-1") and not options.encoding:
            log.info(
                "%s is not UTF-8: read as %s. If letters look wrong, set data.read.encoding.",
                path.name,
                encoding,
            )
        return text
    raise AssertionError("latin-1 decodes everything")


def _decode_all(path: Path, layout: TextFormat, encoding: str) -> _Text:
    """Decode all of the file once, in chunks; _BadBytes where it is not in `encoding`."""
    decoder = codecs.getincrementaldecoder(encoding)()
    tail, is_ascii, errors, line = "", True, "strict", 1
    with open_bytes(path, layout.kind) as file:
        while chunk := file.read(_CHUNK):
            try:
                text = decoder.decode(chunk)
            except UnicodeError as error:
                raise _BadBytes(line + _line_ends_before(error)) from error
            is_ascii = is_ascii and text.isascii()
            line += text.count("\n")
            tail = (tail + text)[-_TAIL:]
    try:
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        if is_ascii:
            raise _BadBytes(line) from error
        errors = "replace"  # the file was cut in the middle of its last letter
    return _Text(encoding, errors, tail)


class _BadBytes(Exception):
    """Bytes that are no text in an encoding, and the line that they are in."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def _line_ends_before(error: UnicodeError) -> int:
    """The ends of lines between the beginning of what was decoded and the bad byte in it."""
    return error.object.count(b"\n", 0, error.start) if isinstance(error, UnicodeDecodeError) else 0


def _warn_if_cut_off(path: Path, layout: TextFormat, tail: str) -> None:
    lines = re.split(r"\r\n|\r|\n", tail)
    if not lines[-1].strip() or layout.separator == r"\s+":
        return
    try:
        fields = next(csv.reader([lines[-1]], delimiter=layout.separator, skipinitialspace=True))
    except csv.Error:  # a field longer than the csv module takes: there is no telling
        return
    if len(fields) < len(layout.header):
        log.warning(
            "Warning: the last line of %s has %d of %d fields and no end: "
            "the file may be cut off. Its missing fields are read as missing values.",
            path.name,
            len(fields),
            len(layout.header),
        )


def _read_text(
    path: Path, layout: TextFormat, options: ReadOptions, text: _Text, as_text: Collection[str]
) -> pd.DataFrame:
    names = [str(i) for i in range(len(layout.header) + layout.unnamed)]
    as_str = {names[i]: "str" for i, name in enumerate(layout.header) if name in as_text}
    missing = (USUAL_MISSING - set(options.keep_texts)) | {"", *options.missing_values}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.ParserWarning)
            table = pd.read_csv(
                path,
                sep=layout.separator,
                header=0,
                names=names,
                index_col=False,
                dtype=as_str,
                decimal=options.decimal,
                skipinitialspace=True,
                keep_default_na=False,
                na_values=sorted(missing),
                encoding=text.encoding,
                encoding_errors=text.errors,
                compression="gzip" if layout.kind == "gzip" else None,
                low_memory=False,
            )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise _broken_line(path, str(error).strip()) from error
    for name in names[len(layout.header) :]:
        surplus = table.pop(name).notna()
        if surplus.any():
            raise RelayError(
                f"{path.name}, row {int(surplus.to_numpy().argmax()) + 1} of the data: "
                f"it has more fields than the header's {len(layout.header)}. Mend the file, "
                "or name the separator: data.read.separator=';'."
            )
    if table.empty:
        raise RelayError(f"{path.name} holds a header but no rows. Check data.url.")
    table.columns = layout.header
    return _with_plain_dtypes(table)


def _broken_line(path: Path, message: str) -> RelayError:
    if wide := _WIDE_ROW.search(message):
        header, line, fields = wide.groups()
        return RelayError(
            f"{path.name}, line {line}: it has {fields} fields, the header {header}. Mend the "
            "line (a text with the separator in it needs quotes), or name the separator: "
            "data.read.separator=';'."
        )
    if quote := _OPEN_QUOTE.search(message):
        return RelayError(
            f"{path.name}, row {int(quote[1])} of the data: a quote opens there and is never "
            "closed. The quote is stray, or the file was cut off."
        )
    return RelayError(f"{path.name} cannot be read: {message}")


def _with_plain_dtypes(table: pd.DataFrame) -> pd.DataFrame:
    """Booleans with missing values, which pandas reads as objects, as texts."""
    for i, dtype in enumerate(table.dtypes):
        if pd.api.types.is_object_dtype(dtype):
            texts = table.iloc[:, i].map(str, na_action="ignore").astype("str")
            table.isetitem(i, texts.array)
    return table


def _read_parquet(path: Path) -> pd.DataFrame:
    import pyarrow as pa  # noqa: PLC0415 - most files are text
    import pyarrow.parquet as pq  # noqa: PLC0415

    columns = parquet_columns(path)
    try:
        source = pq.read_table(path, columns=columns)
    except (OSError, ValueError) as error:
        raise RelayError(f"{path.name} is a damaged or cut-off Parquet file: {error}") from error
    for i, field in enumerate(source.schema):
        kind = field.type
        if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            raise RelayError(
                f"{path.name}, column '{field.name}' holds {kind}, not one value per row. "
                "Store it without this column."
            )
        plain = None
        if pa.types.is_decimal(kind):
            plain = pa.float64()
        elif pa.types.is_date(kind):
            plain = pa.timestamp("us")
        elif pa.types.is_time(kind) or pa.types.is_duration(kind):
            plain = pa.string() if pa.types.is_time(kind) else pa.int64()
        elif pa.types.is_timestamp(kind) and kind.tz is not None:
            plain = pa.timestamp(kind.unit)
        elif pa.types.is_boolean(kind) and source.column(i).null_count:
            plain = pa.string()
        if plain is not None:
            source = source.set_column(i, field.name, source.column(i).cast(plain))
    if source.num_rows == 0:
        raise RelayError(f"{path.name} holds columns but no rows. Check data.url.")
    table: pd.DataFrame = source.to_pandas(ignore_metadata=True)
    return table
