"""Parameters of `forecast_predict`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from relay import IS_OUTPUT_PATH, ConfigError, RelayError
from relay import Params as BaseParams
from relay.tables.output_path import OutputPath, require_output


class Params(BaseParams):
    model_artifact: str = Field(description="the model")
    series_artifact: str = Field(description="the series to continue, on a regular time axis")
    predictions_artifact: str = Field("predictions", description="name of the forecast")
    horizon: int | None = Field(
        None, ge=1, description="steps to forecast; none: those that the model was trained for"
    )
    output_path: OutputPath | None = Field(
        None,
        description="file that the forecast is written to, .csv or .parquet",
        json_schema_extra=IS_OUTPUT_PATH,
    )
    input_path: None = Field(None, description="not used: the series come from data.url")
    input_table: None = Field(None, description="not used: the series come from data.url")

    @field_validator("input_path", "input_table", mode="before")
    @classmethod
    def _is_not_used(cls, value: object) -> object:
        if value is not None:
            raise ValueError(
                f"a forecast continues the series of data.url (got {value!r}). Give "
                "data.url=FILE steps=+predict instead"
            )
        return value


def check(params: Params) -> None:
    """Check the file of the forecast before anything runs. Raises ConfigError if it is wrong."""
    if params.output_path is not None:
        try:
            require_output(params.output_path, Path.cwd())
        except RelayError as error:
            raise ConfigError(str(error)) from error
