"""Parameters of `predict`."""

from __future__ import annotations

from pathlib import PurePath

from pydantic import Field, field_validator, model_validator

from relay import IS_PATH
from relay.models.trusted import TRUSTED_TYPES_ARE, TrustedTypes
from relay.tables.reading.params import ReadParams

SUFFIXES = (".csv", ".parquet")


class Params(ReadParams):
    model_artifact: str = Field(description="the model")
    input_artifact: str = Field("", description="the table to predict, as an artifact")
    predictions_artifact: str = Field("predictions", description="name of the predictions")
    input_path: str | None = Field(
        None,
        description="the table to predict, as a file: a path or file:// URL",
        json_schema_extra=IS_PATH,
    )
    output_path: str | None = Field(
        None,
        description="file that the predictions are written to, .csv or .parquet",
        json_schema_extra=IS_PATH,
    )
    trusted_types: TrustedTypes = Field([], description=TRUSTED_TYPES_ARE)

    @field_validator("output_path")
    @classmethod
    def _known_suffix(cls, path: str | None) -> str | None:
        if path is not None and PurePath(path).suffix.lower() not in SUFFIXES:
            raise ValueError(
                f"'{path}' has to end in {' or '.join(SUFFIXES)}, which says how it is written"
            )
        return path

    @model_validator(mode="after")
    def _one_input(self) -> Params:
        if bool(self.input_path) == bool(self.input_artifact):
            given = "both are" if self.input_path else "neither is"
            raise ValueError(
                f"name the table to predict: predict.input=FILE or predict.artifact=NAME:ALIAS; "
                f"{given} given"
            )
        return self
