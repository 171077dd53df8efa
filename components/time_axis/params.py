"""Parameters of `time_axis`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from relay import ArtifactVersion, ConfigError, Facts
from relay import Params as BaseParams
from relay.forecasts.frequencies import Frequency
from relay.tables.reading.settings.column_names import Column
from relay.tables.setting_checks import check_inputs, require_columns

Gaps = Literal["error", "interpolate", "previous", "zero"]
Duplicates = Literal["error", "mean", "sum", "first", "last"]


class Params(BaseParams):
    input_artifact: str = Field(description="the clean table")
    series_artifact: str = Field("series", description="name of the table with a regular time axis")
    target: Column = Field(min_length=1, description="column to forecast")
    time: Column = Field(min_length=1, description="column of times")
    series: Column | None = Field(None, description="column with the name of the series of a row")
    frequency: Frequency | None = Field(
        None, description="step of the time axis, such as h, D, M, 15min; none: inferred"
    )
    season: int | None = Field(
        None, ge=1, description="steps in a season; none: by the frequency, such as 12 months"
    )
    gaps: Gaps = Field("error", description="what to do about times without a value")
    duplicates: Duplicates = Field(
        "error", description="what to do about several values of a series in one step"
    )


def check(params: Params) -> None:
    """Check that the columns differ. Raises ConfigError if not."""
    names = {"data.target": params.target, "data.time": params.time, "data.series": params.series}
    given = [name for name in names.values() if name is not None]
    for name in given:
        if given.count(name) > 1:
            keys = [key for key, value in names.items() if value == name]
            raise ConfigError(f"{' and '.join(keys)}: both are '{name}'. Name different columns.")


def check_input_metadata(step: str, params: Params, inputs: Mapping[str, ArtifactVersion]) -> Facts:
    """Check that the inputs have the target. Raises ConfigError if not."""
    check_inputs(step, params.target, inputs)
    return {}


def check_facts(params: Params, facts: Facts) -> None:
    """Check that the file has the columns of the settings. Raises ConfigError if not."""
    named = {params.time: "data.time", params.series: "data.series"}
    require_columns(facts, {name: key for name, key in named.items() if name})
