"""The settings of a forecasting model: a file of the config group `model`. No pandas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from relay.models.keras_backend import BACKENDS, Backend

Method = Literal["lag_boosting", "ets", "lstm"]
METHODS: tuple[str, ...] = get_args(Method)


class ForecastSpec(BaseModel):
    """A forecasting method and its settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field("forecast", description="name of the model, for people")
    method: Method = Field(description="lag_boosting, ets or lstm")
    params: dict[str, Any] = Field(default_factory=dict, description="parameters of the method")
    window: int | None = Field(
        None, ge=1, description="past values that a forecast is made from; null: by the season"
    )
    log: bool | Literal["auto"] = Field(
        "auto", description="forecast the logarithm; auto: if all values are above 0"
    )
    environment: str | None = Field(None, description="the folder in environments/ that it needs")
    backend: Backend | None = Field(None, description="the engine of Keras, for lstm")

    @model_validator(mode="before")
    @classmethod
    def _is_a_forecaster(cls, values: Any) -> Any:
        if isinstance(values, Mapping) and "_target_" in values:
            raise ValueError(
                f"'{values.get('name')}' is a model for tables, and this pipeline forecasts "
                f"series. Choose one of model={', model='.join(METHODS)}"
            )
        return values

    @model_validator(mode="after")
    def _has_an_engine_if_it_needs_one(self) -> ForecastSpec:
        if self.method == "lstm" and self.backend is None:
            raise ValueError(f"backend: lstm needs one of {', '.join(BACKENDS)} (got null)")
        if self.method != "lstm" and self.backend is not None:
            raise ValueError(
                f"backend: it is for model=lstm, and has no effect on {self.method} (got "
                f"'{self.backend}'). Set it to null"
            )
        return self
