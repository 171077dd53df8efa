"""Parameters of `check`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from relay.params import Params as BaseParams


class ColumnRule(BaseModel):
    """What must hold for one column; what is not given is not checked."""

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


class Params(BaseParams):
    input_artifact: str = Field(description="the clean table")
    report_artifact: str = Field("report", description="name of the report")
    target: str = Field(min_length=1, description="column to predict")
    min_rows: int = Field(10, ge=1, description="least number of rows")
    columns: dict[str, ColumnRule] = Field(
        {}, description="{column: {dtype, nullable, unique, min, max, allowed}}"
    )
