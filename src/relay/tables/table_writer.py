"""Tables of predictions that are written piece by piece."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from relay.util.errors import RelayError
from relay.util.files import name_aside


class TableWriter:
    """Writes a table to `path`, as CSV or Parquet by its suffix.

    All pieces must have the same columns of the same dtypes. The file appears when `finish` is
    called; without that, no file is left. Raises RelayError if it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._aside = name_aside(path)
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
        """Move the file to its path, and return that."""
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
        return RelayError(
            f"predict.output: {self.path} cannot be written: {error}. Check its folder, or "
            "name another file."
        )
