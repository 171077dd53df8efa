"""What the orchestrator itself reads of the configuration, validated."""

from __future__ import annotations

import os
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from relay.step.param_errors import NAME, TAG
from relay.tracking.settings import BackendName

_KEY = r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OutputSpec(_Strict):
    """An output of a step: the artifact's name and type."""

    name: str = Field(pattern=NAME)
    type: str


class StepSpec(_Strict):
    """One block of `pipeline.steps`; `params` are still to be resolved.

    `settings` are groups of settings: a parameter that is not among `params` is read from the first
    of them that has a setting of its name.
    """

    component: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    inputs: dict[str, str | None] = {}
    outputs: dict[str, OutputSpec] = Field(min_length=1)
    settings: list[Annotated[str, Field(pattern=_KEY)]] = []
    params: dict[str, Any] = {}
    after: list[str] = []
    on_request: bool = False
    cache: bool = True
    state: list[str] = []


class TrackingSpec(_Strict):
    """The `tracking` group."""

    backend: BackendName
    project: str = Field(pattern=NAME)
    entity: str | None = Field(pattern=NAME)
    group: str | None = Field(min_length=1)
    registry: str | None = Field(pattern=NAME)
    tags: tuple[Annotated[str, Field(pattern=TAG)], ...]
    notes: str | None


class Settings(_Strict):
    """What the orchestrator itself reads; the rest reaches the components as parameters."""

    steps: str
    cache: bool
    force: str | None
    explain: bool
    exclude: str | None
    jobs: int = Field(ge=1)
    keep_going: bool
    env_manager: Literal["auto", "conda", "uv", "virtualenv", "local"]
    tracking: TrackingSpec
    pipeline: dict[str, StepSpec] = Field(min_length=1)


def cores() -> int:
    """Return the processors that we may use: the default of `jobs`."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
