"""Parameters of `measure_pictures`, and its checks before a run."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from relay import ConfigError, Facts
from relay import Params as BaseParams


class Least(BaseModel):
    """The least size of a picture that counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int = Field(1, ge=1, description="in pixels")
    height: int = Field(1, ge=1, description="in pixels")


class Params(BaseParams):
    """Which pictures count."""

    list_artifact: str = Field(description="the list of pictures")
    sizes_artifact: str = Field("sizes", description="name of the sizes")
    least: Least = Field(Least(), description="{width, height} of a picture that counts")


def check_facts(params: Params, facts: Facts) -> None:
    """Check that there are several pictures. Raises ConfigError if not."""
    if facts.get("count") == 1:
        raise ConfigError("data.folder: one picture is not enough. Add another.")
