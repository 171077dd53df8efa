"""Parameters of `register`."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, field_validator

from relay import ArtifactVersion, Facts
from relay import Params as BaseParams
from relay.models.metric_names import HIGHER_IS_BETTER, require_of_task
from relay.models.trusted import TRUSTED_TYPES_ARE, TrustedTypes
from relay.tables.reading.settings.column_names import Column
from relay.tables.setting_checks import TASK, check_inputs
from relay.util.names import did_you_mean


class Params(BaseParams):
    model_artifact: str = Field(description="the model")
    test_artifact: str = Field(description="the test set that it was evaluated on")
    evaluation_artifact: str = Field(description="its evaluation on that test set")
    registration_artifact: str = Field(
        "registration", description="name of the record of the decision"
    )
    target: Column = Field(min_length=1, description="column that the model predicts")
    name: str = Field(
        min_length=1, pattern=r"^[^/:]+$", description="name of the model in MLflow's registry"
    )
    metric: str | None = Field(
        None, description="metric of the comparison with the champion (default: r2 or f1)"
    )
    min_gain: float = Field(0.0, ge=0, description="the smallest gain that is promoted")
    confidence: float = Field(
        0.95,
        ge=0,
        lt=1,
        description="confidence of the interval of the gain; 0: any gain is promoted",
    )
    force: bool = Field(False, description="promote the candidate in any case")
    trusted_types: TrustedTypes = Field([], description=TRUSTED_TYPES_ARE)
    promote: bool = Field(True, description="whether a better candidate becomes the champion")

    @field_validator("metric")
    @classmethod
    def _known_metric(cls, metric: str | None) -> str | None:
        if metric is not None and metric not in HIGHER_IS_BETTER:
            raise ValueError(f"no metric '{metric}'.{did_you_mean(metric, HIGHER_IS_BETTER)}")
        return metric


def check_facts(params: Params, facts: Facts) -> None:
    """Check that the metric to compare on is one of the task. Raises ConfigError if not."""
    if params.metric is not None and TASK in facts:
        require_of_task("register.metric", params.metric, facts[TASK])


def check_input_metadata(step: str, params: Params, inputs: Mapping[str, ArtifactVersion]) -> Facts:
    """Return the task that the inputs show. Raises ConfigError if they are for another target."""
    return check_inputs(step, params.target, inputs)
