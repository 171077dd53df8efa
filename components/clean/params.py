"""Parameters of `clean`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from relay.tables.reading.filters import check_filter
from relay.tables.reading.params import ReadParams

Task = Literal["auto", "regression", "classification"]
Range = tuple[float | None, float | None]


class Params(ReadParams):
    input_artifact: str = Field(description="the file as it came")
    clean_artifact: str = Field("clean", description="name of the clean table")
    target: str = Field(min_length=1, description="column to predict")
    task: Task = Field("auto", description="auto, regression or classification")
    drop: list[str] = Field([], description="columns to leave out")
    ranges: dict[str, Range] = Field(
        {}, description="{column: [low, high]}: rows outside are dropped; null is open"
    )
    filters: list[str] = Field([], description="rows to keep, as pandas queries")
    drop_duplicates: bool | Literal["auto"] = Field(
        "auto",
        description="drop rows that repeat another row; auto: not where they are equal by chance",
    )

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
        return [check_filter(one) for one in filters]
