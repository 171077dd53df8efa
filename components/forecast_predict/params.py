"""Parameters of `forecast_predict`."""

from __future__ import annotations

from pathlib import Path, PurePath

from pydantic import Field, field_validator

from relay import IS_OUTPUT_PATH, ConfigError
from relay import Params as BaseParams
from relay.util.paths import shown

SUFFIXES = (".csv", ".parquet")


class Params(BaseParams):
    model_artifact: str = Field(description="the model")
    series_artifact: str = Field(description="the series to continue, on a regular time axis")
    predictions_artifact: str = Field("predictions", description="name of the forecast")
    horizon: int | None = Field(
        None, ge=1, description="steps to forecast; none: those that the model was trained for"
    )
    output_path: str | None = Field(
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

    @field_validator("output_path")
    @classmethod
    def _has_known_suffix(cls, path: str | None) -> str | None:
        if path is not None and PurePath(path).suffix.lower() not in SUFFIXES:
            raise ValueError(
                f"the file must end in {' or '.join(SUFFIXES)}, which decides its format "
                f"(got {path!r})"
            )
        return path


def check(params: Params) -> None:
    """Check that the folder of the file exists. Raises ConfigError if not."""
    if params.output_path is None:
        return
    path = Path(params.output_path)
    if not path.parent.is_dir():
        raise ConfigError(
            f"predict.output: there is no folder {shown(path.parent)}. Make it, or name another "
            "folder."
        )
    if path.is_dir():
        raise ConfigError(f"predict.output: {shown(path)} is a folder. Name a file.")
