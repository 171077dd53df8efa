"""Parameters of `predict`."""

from __future__ import annotations

from pathlib import Path, PurePath

from pydantic import Field, field_validator, model_validator

from relay import IS_OUTPUT_PATH, IS_PATH, ConfigError, RelayError
from relay.models.trusted import TRUSTED_TYPES_ARE, TrustedTypes
from relay.tables.reading.settings.params import ReadParams
from relay.util.paths import describe_missing_file, find_local_path, shown

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
        json_schema_extra=IS_OUTPUT_PATH,
    )
    trusted_types: TrustedTypes = Field([], description=TRUSTED_TYPES_ARE)

    @field_validator("output_path")
    @classmethod
    def _has_known_suffix(cls, path: str | None) -> str | None:
        if path is not None and PurePath(path).suffix.lower() not in SUFFIXES:
            raise ValueError(
                f"the file must end in {' or '.join(SUFFIXES)}, which decides its format "
                f"(got {path!r})"
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


def check(params: Params) -> None:
    """Check the files of `params` before anything runs. Raises ConfigError if one is wrong."""
    try:
        require_files(params, Path.cwd())
    except RelayError as error:
        raise ConfigError(str(error)) from error


def require_files(params: Params, root: Path) -> None:
    """Check that the table can be read and the predictions written; `root` as in `local_path`.

    Raises RelayError if the input does not exist, if the output's folder does not exist, or if both
    are the same file.
    """
    source = None if params.input_path is None else local_path(params.input_path, root)
    if source is not None and not source.is_file():
        raise RelayError(f"predict.input: {describe_missing_file(source)}")
    if params.output_path is None:
        return
    output = local_path(params.output_path, root, setting="predict.output")
    if not output.parent.is_dir():
        raise RelayError(
            f"predict.output: there is no folder {shown(output.parent)}. Make it, or name "
            "another folder."
        )
    if output.is_dir():
        raise RelayError(f"predict.output: {shown(output)} is a folder. Name a file.")
    if source is not None and output.exists() and output.samefile(source):
        raise RelayError(f"predict.output: {shown(output)} is the input file. Name another file.")


def local_path(text: str, root: Path, setting: str = "predict.input") -> Path:
    """Return the file that `text` (a path or file:// URL) names; a relative path begins at `root`.

    Raises RelayError if it is a URL of another machine.
    """
    path = find_local_path(text, root)
    if path is None:
        raise RelayError(
            f"{setting}: not a file on this machine (got {text}). Download it first, or bring it "
            "in as a data set with get_data and give predict.artifact=NAME:ALIAS."
        )
    return path
