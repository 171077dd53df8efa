"""Parameters of `forecast_train`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from pydantic import Field

from relay import ArtifactVersion, Facts, RelayError
from relay import Params as BaseParams
from relay.forecasts.settings import ForecastSpec
from relay.tables.reading.settings.column_names import Column
from relay.tables.setting_checks import check_inputs


class Params(BaseParams):
    train_artifact: str = Field(description="the training set")
    report_artifact: str = Field(
        "", description="report of the check of the series that the training set was split from"
    )
    model_artifact: str = Field("model", description="name of the trained model")
    target: Column = Field(min_length=1, description="column to forecast")
    model: ForecastSpec = Field(description="the method: {method: ets, params: {...}}")
    coverage: float = Field(
        0.8, gt=0, lt=1, description="share of values that the band of a forecast should contain"
    )
    seed: int = Field(42, ge=0, lt=2**32, description="seed of the model")


def check(params: Params) -> None:
    """Check the parameters of the method. Raises ConfigError if one is wrong.

    What needs a library that is not installed here is left to the step that has it.
    """
    if find_spec("numpy") is None:
        return
    from relay.forecasts.methods import method_named  # noqa: PLC0415 - needs numpy

    try:
        method = method_named(params.model.method)
    except RelayError:
        return
    method.check(params.model.params)


def check_input_metadata(step: str, params: Params, inputs: Mapping[str, ArtifactVersion]) -> Facts:
    """Check that the inputs are for the target. Raises ConfigError if not."""
    check_inputs(step, params.target, inputs)
    return {}
