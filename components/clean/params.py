"""Parameters of `clean`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from relay.params import Params as BaseParams
from relay.reading.dtype_words import DtypeWord

Task = Literal["auto", "regression", "classification"]
Range = tuple[float | None, float | None]


def _as_text(value: Any) -> Any:
    """-999 as "-999"; what YAML has made of `null` or `no` is refused: nobody means True."""
    if isinstance(value, bool) or value is None:
        raise ValueError(f"{value} is not a text: put it in quotes")
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_as_text)]


class Params(BaseParams):
    input_artifact: str = Field(description="the file as it came")
    clean_artifact: str = Field("clean", description="name of the clean table")
    target: str = Field(min_length=1, description="column to predict")
    task: Task = Field("auto", description="auto, regression or classification")
    separator: str | None = Field(None, description="what lies between fields; none: found out")
    encoding: str | None = Field(None, description="of the file; none: found out")
    decimal: Literal[".", ","] = Field(".", description="decimal point or comma")
    missing_values: list[Text] = Field([], description="more texts that mean 'missing'")
    keep_texts: list[Text] = Field([], description="usual missing-value texts that are values")
    rename: dict[str, str] = Field({}, description="{old: new} names of columns")
    drop: list[str] = Field([], description="columns to leave out")
    dtypes: dict[str, DtypeWord] = Field(
        {}, description="{column: float, int, bool, str, category, datetime[:FORMAT]}"
    )
    ranges: dict[str, Range] = Field(
        {}, description="{column: [low, high]}: rows outside are dropped; null is open"
    )
    filters: list[str] = Field([], description="rows to keep, as pandas queries")
    drop_duplicates: bool = Field(True, description="drop rows that repeat another row")

    @field_validator("ranges")
    @classmethod
    def _low_is_not_above_high(cls, ranges: dict[str, Range]) -> dict[str, Range]:
        for column, (low, high) in ranges.items():
            if low is not None and high is not None and low > high:
                raise ValueError(f"{column}: the low end {low:g} is above the high end {high:g}")
        return ranges

    @field_validator("filters")
    @classmethod
    def _filters_see_the_table_only(cls, filters: list[str]) -> list[str]:
        for one in filters:
            if "@" in one or "__" in one or not one.strip():
                raise ValueError(f"{one!r} is not a query on the table's columns")
        return filters
