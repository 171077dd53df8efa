"""Parameters of `forecast_split`."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from relay import ArtifactVersion, Facts
from relay import Params as BaseParams
from relay.tables.reading.settings.column_names import Column
from relay.tables.setting_checks import check_inputs


class Params(BaseParams):
    input_artifact: str = Field(description="the series on a regular time axis")
    train_artifact: str = Field("train", description="name of the training set")
    test_artifact: str = Field("test", description="name of the test set")
    target: Column = Field(min_length=1, description="column to forecast")
    horizon: int | None = Field(
        None, ge=1, description="steps to forecast; none: a season, such as 12 months"
    )
    test_size: float = Field(
        0.2, gt=0, lt=1, description="share of the steps in the test set, in whole horizons"
    )


def check_input_metadata(step: str, params: Params, inputs: Mapping[str, ArtifactVersion]) -> Facts:
    """Check that the inputs have the target. Raises ConfigError if not."""
    check_inputs(step, params.target, inputs)
    return {}
