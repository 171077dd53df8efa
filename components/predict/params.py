"""Parameters of `predict`."""

from __future__ import annotations

from pathlib import PurePath

from pydantic import Field, field_validator, model_validator

from relay.params import Params as BaseParams

SUFFIXES = (".csv", ".parquet")


class Params(BaseParams):
    model_artifact: str = Field(description="the model")
    input_artifact: str = Field("", description="the table to predict, as an artifact")
    predictions_artifact: str = Field("predictions", description="name of the predictions")
    input_path: str | None = Field(
        None, description="the table to predict, as a file: a path or file:// URL"
    )
    output_path: str | None = Field(
        None, description="file that the predictions are written to, .csv or .parquet"
    )
    separator: str | None = Field(None, description="what lies between fields; found if not given")
    encoding: str | None = Field(None, description="of the file's text; found if not given")
    decimal: str = Field(".", min_length=1, max_length=1, description="the decimal point")
    missing_values: list[str] = Field([], description="texts that mean a missing value")
    keep_texts: list[str] = Field([], description="usual missing-value texts that are values here")
    rename: dict[str, str] = Field({}, description="{old: new} names of columns, in snake_case")
    dtypes: dict[str, str] = Field({}, description="{column: dtype}, as the training data was read")

    @field_validator("output_path")
    @classmethod
    def _known_suffix(cls, path: str | None) -> str | None:
        if path is not None and PurePath(path).suffix.lower() not in SUFFIXES:
            raise ValueError(
                f"predict.output: '{path}' has to end in {' or '.join(SUFFIXES)}, "
                "which says how it is written"
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
