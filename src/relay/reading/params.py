"""Parameters of the steps that read people's files: the same settings mean the same in each."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from relay.params import Params
from relay.reading.dtype_words import DtypeWord
from relay.reading.options import ReadOptions


def _as_text(value: Any) -> Any:
    """-999 as "-999"; what YAML has made of `null` or `no` is refused: nobody means True."""
    if isinstance(value, bool) or value is None:
        raise ValueError(f"{value} is not a text: put it in quotes")
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_as_text)]


class ReadParams(Params):
    """How a file is read, and what its columns are called: `data.read` and what goes with it."""

    separator: str | None = Field(None, description="what lies between fields; none: found out")
    encoding: str | None = Field(None, description="of the file; none: found out")
    decimal: Literal[".", ","] | None = Field(
        None, description="decimal point or comma; none: found out"
    )
    table: str | None = Field(None, description="which sheet of a workbook, or file in a zip")
    max_mb: float = Field(
        10000, gt=0, description="largest size of a packed file once it is unpacked, in megabytes"
    )
    missing_values: list[Text] = Field([], description="more texts that mean 'missing'")
    keep_texts: list[Text] = Field([], description="usual missing-value texts that are values")
    rename: dict[str, str] = Field({}, description="{old: new} names of columns")
    dtypes: dict[str, DtypeWord] = Field(
        {}, description="{column: float, int, bool, str, category, datetime[:FORMAT]}"
    )

    def read_options(self) -> ReadOptions:
        """The part of these that the reader of a file takes."""
        return ReadOptions(
            separator=self.separator,
            encoding=self.encoding,
            decimal=self.decimal,
            table=self.table,
            max_mb=self.max_mb,
            missing_values=self.missing_values,
            keep_texts=self.keep_texts,
        )
