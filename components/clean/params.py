"""Parameters of `clean`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, field_validator

from relay import ArtifactVersion, Facts
from relay.tables.reading.settings.column_names import Column
from relay.tables.reading.settings.filters import check_filter
from relay.tables.reading.settings.params import ReadParams
from relay.tables.setting_checks import TASK, check_inputs, require_columns

Task = Literal["auto", "regression", "classification"]
Range = tuple[float | None, float | None]


class Params(ReadParams):
    input_artifact: str = Field(description="the fetched file")
    clean_artifact: str = Field("clean", description="name of the clean table")
    target: Column = Field(min_length=1, description="column to predict")
    task: Task = Field("auto", description="auto, regression or classification")
    time: Column | None = Field(
        None, description="column of times of a series: periods such as 2000Q1 are read"
    )
    drop: list[str] = Field([], description="columns to leave out")
    ranges: dict[str, Range] = Field(
        {}, description="{column: [low, high]}: rows outside are dropped; null is open"
    )
    filters: list[str] = Field([], description="rows to keep, as pandas queries")
    drop_duplicates: bool | Literal["auto"] = Field(
        "auto",
        description="drop rows equal to an earlier one; auto: unless that is plausible by chance",
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
        return [check_filter(query) for query in filters]


def check_input_metadata(step: str, params: Params, inputs: Mapping[str, ArtifactVersion]) -> Facts:
    """Return the task, if the settings or the inputs show it.

    Raises ConfigError if the inputs are for another target.
    """
    task = {} if params.task == "auto" else {TASK: params.task}
    return {**task, **check_inputs(step, params.target, inputs)}


def inspect_source(params: Params, facts: Facts) -> Facts:
    """Return the columns of the file. Raises ConfigError if the target is not among them."""
    from relay.tables.header_check import look_at_header

    return look_at_header(params, params.target, params.drop, facts)


def check_facts(params: Params, facts: Facts) -> None:
    """Check that the file has the columns of the settings. Raises ConfigError if not."""
    named = dict.fromkeys(params.drop, "data.drop")
    named |= {name: "data.dtypes" for name in params.dtypes if name not in named}
    require_columns(
        facts, named | {name: "data.ranges" for name in params.ranges if name not in named}
    )
