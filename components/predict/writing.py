"""Files that are written piece by piece, and are there whole or not at all."""

from __future__ import annotations

import uuid
from pathlib import Path
from types import TracebackType

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from relay import RelayError


class TableWriter:
    """Writes a table to `path`, as CSV or Parquet by its suffix.

    All pieces have the same columns of the same dtypes. The file takes its place when `finish` is
    called; without that, nothing of it is left. RelayError where it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        self._parquet: pq.ParquetWriter | None = None
        self._begun = False

    def write(self, piece: pd.DataFrame) -> None:
        """Append the rows of `piece`."""
        try:
            if self.path.suffix.lower() == ".csv":
                piece.to_csv(self._aside, index=False, mode="a", header=not self._begun)
            else:
                self._write_parquet(piece)
            self._begun = True
        except (OSError, ValueError) as error:
            raise self._error(error) from error

    def finish(self) -> Path:
        """Put the file in its place, and return that."""
        try:
            self._close()
            self._aside.replace(self.path)
        except (OSError, ValueError) as error:
            raise self._error(error) from error
        return self.path

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()
        if self.path.parent.is_dir():
            self._aside.unlink(missing_ok=True)

    def _write_parquet(self, piece: pd.DataFrame) -> None:
        if self._parquet is None:
            first = pa.Table.from_pandas(piece, preserve_index=False)
            self._parquet = pq.ParquetWriter(self._aside, first.schema, compression="zstd")
        rows = pa.Table.from_pandas(piece, schema=self._parquet.schema, preserve_index=False)
        self._parquet.write_table(rows)

    def _close(self) -> None:
        if self._parquet is not None:
            self._parquet.close()
            self._parquet = None

    def _error(self, error: Exception) -> RelayError:
        return RelayError(f"predict.output: {self.path} cannot be written: {error}")
