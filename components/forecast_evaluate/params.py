"""Parameters of `forecast_evaluate`."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, field_validator

from relay import ArtifactVersion, Facts
from relay import Params as BaseParams
from relay.models.metric_names import OF_TASK
from relay.tables.reading.settings.column_names import Column
from relay.tables.setting_checks import check_inputs
from relay.util.names import did_you_mean


class Params(BaseParams):
    model_artifact: str = Field(description="the model")
    test_artifact: str = Field(description="the test set")
    evaluation_artifact: str = Field("evaluation", description="name of the evaluation")
    target: Column = Field(min_length=1, description="column that the model forecasts")
    thresholds: dict[str, float] = Field(
        {}, description="{metric: value}: the largest mase, smape, mae or rmse that passes"
    )

    @field_validator("thresholds")
    @classmethod
    def _known_metrics(cls, thresholds: dict[str, float]) -> dict[str, float]:
        for name in thresholds:
            if name not in OF_TASK["forecast"]:
                names = ", ".join(OF_TASK["forecast"])
                hint = did_you_mean(name, OF_TASK["forecast"]) or f" Metrics: {names}."
                raise ValueError(f"'{name}' is not a metric of forecasts.{hint}")
        return thresholds


def check_input_metadata(step: str, params: Params, inputs: Mapping[str, ArtifactVersion]) -> Facts:
    """Check that the inputs are for the target. Raises ConfigError if not."""
    check_inputs(step, params.target, inputs)
    return {}
