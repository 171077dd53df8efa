"""Parameters of `split`."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, model_validator

from relay import ArtifactVersion, Facts
from relay import Params as BaseParams
from relay.tables.reading.settings.column_names import Column
from relay.tables.setting_checks import check_inputs, require_columns


class Params(BaseParams):
    input_artifact: str = Field(description="the clean table")
    train_artifact: str = Field("train", description="name of the training set")
    test_artifact: str = Field("test", description="name of the test set")
    target: Column = Field(min_length=1, description="column to predict")
    test_size: float = Field(0.2, gt=0, lt=1, description="share of the rows in the test set")
    stratify: bool = Field(True, description="keep the target's mix, by bins if it is numeric")
    time_column: Column | None = Field(
        None, description="column of times; the newest rows are the test set"
    )
    group_column: Column | None = Field(
        None, description="column of groups; all rows of a group are in one set"
    )
    seed: int = Field(42, ge=0, lt=2**32, description="seed of the shuffle")

    @model_validator(mode="after")
    def _one_of_both(self) -> Params:
        if self.group_column and self.time_column:
            raise ValueError("split.group_column and split.time_column: give one, not both")
        return self


def check_input_metadata(step: str, params: Params, inputs: Mapping[str, ArtifactVersion]) -> Facts:
    """Return the task that the inputs show. Raises ConfigError if they are for another target."""
    return check_inputs(step, params.target, inputs)


def check_facts(params: Params, facts: Facts) -> None:
    """Check that the file has the columns of the settings. Raises ConfigError if not."""
    named = {params.time_column: "split.time_column", params.group_column: "split.group_column"}
    require_columns(facts, {name: key for name, key in named.items() if name})
