"""Parameters of the steps that read files: a setting has the same meaning in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from relay import NO_CONTENT, Params
from relay.tables.reading.settings.dtype_words import DtypeWord, texts_kept_by
from relay.tables.reading.settings.options import ReadOptions
from relay.util.names import column_name


def _as_text(value: Any) -> Any:
    """Return -999 as "-999". Raises ValueError for what YAML makes of `null` or `no`."""
    if isinstance(value, bool) or value is None:
        raise ValueError(f"must be a text (got {value}). Put it in quotes")
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_as_text)]

_NO_HEADER = ("none", "no", "false")


def _as_lines(value: Any) -> Any:
    """Return 3 as [3], and "none" as []. Raises ValueError if it is not numbers of lines."""
    if value is None:
        return None
    if value is False or (isinstance(value, str) and value.lower() in _NO_HEADER):
        return []
    lines = [value] if type(value) is int else value
    if not (isinstance(lines, list) and all(type(line) is int for line in lines)):
        raise ValueError(
            f"{value!r} is not the number of a line. Write 3, [1,2] for names in two lines, or "
            "none for a file without names"
        )
    if any(line < 1 for line in lines):
        raise ValueError("lines are counted from 1; for a file without names write none")
    if lines != sorted(set(lines)):
        raise ValueError(f"the lines must ascend (got {value!r})")
    return lines


Header = Annotated[list[int] | None, BeforeValidator(_as_lines)]


class ReadParams(Params):
    """How a file is read, and the names and dtypes of its columns."""

    separator: str | None = Field(None, description="separator of the fields; none: detected")
    encoding: str | None = Field(None, description="encoding of the file; none: detected")
    decimal: Literal[".", ","] | None = Field(
        None, description="decimal point or comma; none: detected"
    )
    header: Header = Field(
        None, description="number of the header line, a list of several, or none"
    )
    skip: int = Field(ReadOptions.skip, ge=0, strict=True, description="lines to skip at the top")
    comment: str | None = Field(None, description="beginning of lines that are left out")
    totals: Literal["drop", "keep"] = Field(
        ReadOptions.totals, description="drop or keep rows that are sums or means of other rows"
    )
    table: str | None = Field(None, description="sheet of a workbook, or file in a zip archive")
    max_mb: float = Field(
        ReadOptions.max_mb,
        gt=0,
        description="largest unpacked size of an archive, in megabytes",
        json_schema_extra=NO_CONTENT,
    )
    missing_values: list[Text] = Field([], description="further texts that mean a missing value")
    keep_texts: list[Text] = Field([], description="usual missing-value texts that are values here")
    rename: dict[str, str] = Field({}, description="{old: new} names of columns")
    dtypes: dict[str, DtypeWord] = Field(
        {}, description="{column: float, int, bool, str, category, datetime[:FORMAT]}"
    )

    @model_validator(mode="after")
    def _header_is_below_what_is_skipped(self) -> Self:
        if self.header and self.header[0] <= self.skip:
            raise ValueError(
                f"data.read.header: line {self.header[0]} is left out by data.read.skip="
                f"{self.skip}. Both count the lines of the file, so leave data.read.skip out"
            )
        return self

    def read_options(self) -> ReadOptions:
        """Return the parameters that the reader of a file takes."""
        return ReadOptions(
            separator=self.separator,
            encoding=self.encoding,
            decimal=self.decimal,
            header=self.header,
            skip=self.skip,
            comment=self.comment,
            totals=self.totals,
            table=self.table,
            max_mb=self.max_mb,
            missing_values=self.missing_values,
            keep_texts=self.keep_texts,
            keep_in=kept_in(self.dtypes, self.rename),
        )


def kept_in(words: Mapping[str, str], rename: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the texts that are values in some columns by the dtype `words`."""
    before = {column_name(new): column_name(old) for old, new in rename.items()}
    names = {column_name(name): texts_kept_by(word) for name, word in words.items()}
    return {before.get(name, name): texts for name, texts in names.items() if texts}
