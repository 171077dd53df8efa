"""Parameters of `split`."""

from __future__ import annotations

from pydantic import Field, field_validator, model_validator

from relay import Params as BaseParams
from relay.util.names import column_name


class Params(BaseParams):
    input_artifact: str = Field(description="the clean table")
    train_artifact: str = Field("train", description="name of the train set")
    test_artifact: str = Field("test", description="name of the test set")
    target: str = Field(description="column to predict")
    test_size: float = Field(0.2, gt=0, lt=1, description="share of the rows in the test set")
    stratify: bool = Field(True, description="keep the target's mix, by bins if it is numeric")
    time_column: str | None = Field(
        None, description="column by which the newest rows are the test"
    )
    group_column: str | None = Field(
        None, description="column of which no value is in both the train and the test set"
    )
    seed: int = Field(42, ge=0, lt=2**32, description="seed of the shuffle")

    @field_validator("time_column", "group_column")
    @classmethod
    def _as_in_the_table(cls, name: str | None) -> str | None:
        return name if name is None else column_name(name)

    @model_validator(mode="after")
    def _one_of_both(self) -> Params:
        if self.group_column and self.time_column:
            raise ValueError("split.group_column and split.time_column: give one, not both")
        return self
