"""Parameters of `check`, and the artifact that it reads besides its input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from relay import ArtifactVersion, Facts, Find, recorded_input, train_set
from relay import Params as BaseParams
from relay.tables.reading.settings.column_names import Column
from relay.tables.setting_checks import check_inputs


class ColumnRule(BaseModel):
    """The rules for one column; a rule that is not set is not checked."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    dtype: Literal["float", "int", "bool", "str", "category", "datetime"] | None = Field(
        None, description="kind of the values; whole numbers pass as float too"
    )
    nullable: bool = Field(True, description="whether values may be missing")
    unique: bool = Field(False, description="whether each value may occur once only")
    min: float | None = Field(None, description="least value")
    max: float | None = Field(None, description="greatest value")
    allowed: list[bool | int | float | str] | None = Field(
        None, min_length=1, description="the only values that may occur"
    )

    @model_validator(mode="after")
    def _min_is_not_above_max(self) -> ColumnRule:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self


class DriftRule(BaseModel):
    """When a column has drifted from the one that the champion was trained on."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    psi: float | None = Field(
        0.2,
        ge=0,
        description="smallest population stability index that is drift; null: no drift check",
    )
    p_value: float = Field(0.001, gt=0, le=1, description="and largest p-value of the test")
    ignore: list[Column] = Field([], description="columns that may drift, such as a date")
    fail: bool = Field(False, description="whether drift fails the check; else it is a warning")


class Params(BaseParams):
    input_artifact: str = Field(description="the clean table")
    report_artifact: str = Field("report", description="name of the report")
    target: Column = Field(min_length=1, description="column to predict")
    min_rows: int = Field(10, ge=1, description="smallest number of rows that passes")
    columns: dict[str, ColumnRule] = Field(
        {}, description="{column: {dtype, nullable, unique, min, max, allowed}}"
    )
    champion: str | None = Field(
        None, description="model whose training set the table is compared with"
    )
    drift: DriftRule = Field(
        DriftRule(), description="{psi, p_value, ignore, fail}: when a column has drifted"
    )
    leakage: float = Field(
        0.98,
        gt=0,
        description="a column that alone predicts the target this well (1 is perfect) is reported",
    )


def compared_with(params: Params, table: str, find: Find) -> ArtifactVersion | None:
    """Return the champion's training set, which `table` (a digest) is compared with.

    None if there is no champion, if its training set is not recorded, or if that is a part of this
    table, so that there is nothing to compare.
    """
    if params.champion is None or params.drift.psi is None:
        return None
    champion = find(params.champion)
    train = None if champion is None else train_set(champion, find)
    source = None if train is None else recorded_input(train, "input")
    return None if source is not None and source.digest == table else train


def discover_inputs(params: Params, inputs: Mapping[str, str], find: Find) -> dict[str, str]:
    """Return the digests of artifacts that are read besides `inputs`, by key, for the cache."""
    train = compared_with(params, inputs["input"], find)
    return {} if train is None else {"the champion's data": train.digest}


def check_input_metadata(step: str, params: Params, inputs: Mapping[str, ArtifactVersion]) -> Facts:
    """Return the task that the inputs show. Raises ConfigError if they are for another target."""
    return check_inputs(step, params.target, inputs)
