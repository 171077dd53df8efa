"""Parameters of `evaluate`."""

from __future__ import annotations

from pydantic import Field, field_validator

from relay import Params as BaseParams
from relay.models.metric_names import HIGHER_IS_BETTER, Task, require_of_task
from relay.models.trusted import TRUSTED_TYPES_ARE, TrustedTypes
from relay.util.names import column_name, did_you_mean


class Params(BaseParams):
    model_artifact: str = Field(description="the model")
    test_artifact: str = Field(description="the test set")
    evaluation_artifact: str = Field("evaluation", description="name of the evaluation")
    target: str = Field(description="column that the model predicts")
    thresholds: dict[str, float] = Field(
        {},
        description="{metric: value}: the least that is good enough, "
        "or for errors (mae, mse, rmse, mape, log_mae, log_loss, brier) the most",
    )
    slices: list[str] = Field(
        [], description="columns of the test set; metrics are given for each of their values too"
    )
    trusted_types: TrustedTypes = Field([], description=TRUSTED_TYPES_ARE)

    @field_validator("thresholds")
    @classmethod
    def _known_metrics(cls, thresholds: dict[str, float]) -> dict[str, float]:
        for name in thresholds:
            if name not in HIGHER_IS_BETTER:
                raise ValueError(f"no metric '{name}'.{did_you_mean(name, HIGHER_IS_BETTER)}")
        return thresholds

    @field_validator("slices")
    @classmethod
    def _as_in_the_table(cls, names: list[str]) -> list[str]:
        return list(dict.fromkeys(column_name(name) for name in names))


def check_task(params: Params, task: Task) -> None:
    """ConfigError where a threshold is of a metric that models for `task` have not.

    For the orchestrator, as soon as it knows the task.
    """
    for name in params.thresholds:
        require_of_task(f"evaluate.thresholds.{name}", name, task)
