"""Parameters of `evaluate`."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, field_validator

from relay import ArtifactVersion, Facts
from relay import Params as BaseParams
from relay.models.metric_names import HIGHER_IS_BETTER, Task, require_of_task
from relay.models.trusted import TRUSTED_TYPES_ARE, TrustedTypes
from relay.tables.reading.settings.column_names import Column
from relay.tables.setting_checks import TASK, check_inputs, require_columns
from relay.util.names import did_you_mean


class Params(BaseParams):
    model_artifact: str = Field(description="the model")
    test_artifact: str = Field(description="the test set")
    evaluation_artifact: str = Field("evaluation", description="name of the evaluation")
    target: Column = Field(min_length=1, description="column that the model predicts")
    thresholds: dict[str, float] = Field(
        {},
        description="{metric: value}: the smallest value that passes, "
        "or for errors (mae, mse, rmse, mape, log_mae, log_loss, brier) the largest",
    )
    slices: list[Column] = Field(
        [], description="columns of the test set; metrics are computed for each of their values"
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
    def _without_repeats(cls, names: list[str]) -> list[str]:
        return list(dict.fromkeys(names))


def require_metrics(params: Params, task: Task) -> None:
    """Check that the thresholds are of metrics for `task`. Raises ConfigError if not."""
    for name in params.thresholds:
        require_of_task(f"evaluate.thresholds.{name}", name, task)


def check_facts(params: Params, facts: Facts) -> None:
    """Check the thresholds against the task, and the slices against the file's columns.

    Raises ConfigError.
    """
    if TASK in facts:
        require_metrics(params, facts[TASK])
    require_columns(facts, dict.fromkeys(params.slices, "evaluate.slices"))


def check_input_metadata(step: str, params: Params, inputs: Mapping[str, ArtifactVersion]) -> Facts:
    """Return the task that the inputs show. Raises ConfigError if they are for another target."""
    return check_inputs(step, params.target, inputs)
