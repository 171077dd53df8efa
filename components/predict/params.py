"""Parameters of `predict`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from relay import IS_OUTPUT_PATH, IS_PATH, ConfigError, RelayError
from relay.models.trusted import TRUSTED_TYPES_ARE, TrustedTypes
from relay.tables.output_path import OutputPath, require_output
from relay.tables.reading.settings.params import ReadParams
from relay.util.paths import describe_missing_file, find_local_path, shown


class Params(ReadParams):
    model_artifact: str = Field(description="the model")
    input_artifact: str = Field("", description="the table to predict, as an artifact")
    predictions_artifact: str = Field("predictions", description="name of the predictions")
    input_path: str | None = Field(
        None,
        description="the table to predict, as a file: a path or file:// URL",
        json_schema_extra=IS_PATH,
    )
    output_path: OutputPath | None = Field(
        None,
        description="file that the predictions are written to, .csv or .parquet",
        json_schema_extra=IS_OUTPUT_PATH,
    )
    trusted_types: TrustedTypes = Field([], description=TRUSTED_TYPES_ARE)

    @model_validator(mode="after")
    def _one_input(self) -> Params:
        if bool(self.input_path) == bool(self.input_artifact):
            given = "both are" if self.input_path else "neither is"
            raise ValueError(
                f"name the table to predict: predict.input=FILE or predict.artifact=NAME:ALIAS; "
                f"{given} given"
            )
        return self


def check(params: Params) -> None:
    """Check the files of `params` before anything runs. Raises ConfigError if one is wrong."""
    try:
        require_files(params, Path.cwd())
    except RelayError as error:
        raise ConfigError(str(error)) from error


def require_files(params: Params, root: Path) -> Path | None:
    """Return the file of the predictions, once it can be written and the table can be read.

    Relative paths begin at `root`. Raises RelayError if the input does not exist, if the output's
    folder does not exist, or if both are the same file.
    """
    source = None if params.input_path is None else local_path(params.input_path, root)
    if source is not None and not source.is_file():
        raise RelayError(f"predict.input: {describe_missing_file(source)}")
    if params.output_path is None:
        return None
    output = require_output(params.output_path, root)
    if source is not None and output.exists() and output.samefile(source):
        raise RelayError(f"predict.output: {shown(output)} is the input file. Name another file.")
    return output


def local_path(text: str, root: Path) -> Path:
    """Return the file that `text` (a path or file:// URL) names; a relative path begins at `root`.

    Raises RelayError if it is a URL of another machine.
    """
    path = find_local_path(text, root)
    if path is None:
        raise RelayError(
            f"predict.input: not a file on this machine (got {text}). Download it first, or bring "
            "it in as a data set with get_data and give predict.artifact=NAME:ALIAS."
        )
    return path
