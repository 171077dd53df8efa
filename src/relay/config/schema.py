"""The settings that the orchestrator itself reads, validated."""

from __future__ import annotations

import os
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from relay.step.resources import Resources
from relay.tracking.settings import BackendName
from relay.util.validation_messages import NAME, TAG

_BASE = "python:3.11-slim-bookworm"
_KEY = r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OutputSpec(_Strict):
    """An output of a step: the artifact's name and type."""

    name: str = Field(pattern=NAME)
    type: str


class StepSpec(_Strict):
    """A block of `pipeline.steps`; its `params` are not resolved yet.

    `settings` are groups of settings: a parameter that is not in `params` is read from the first
    group that has a setting with its name. `environment` is a folder in environments/ that the step
    runs in, instead of the component's own.
    """

    component: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    environment: str | None = Field(None, pattern=r"^[A-Za-z0-9_-]+$")
    inputs: dict[str, str | None] = {}
    outputs: dict[str, OutputSpec] = Field(min_length=1)
    settings: list[Annotated[str, Field(pattern=_KEY)]] = []
    params: dict[str, Any] = {}
    after: list[str] = []
    on_request: bool = False
    cache: bool = True
    state: list[str] = []
    resources: Resources = Resources()
    network: bool = False
    """Whether it needs a network; in a container, it has none otherwise."""


class SweepSpec(_Strict):
    """The block `pipeline.sweep`: the step that scores trials, and the one that registers."""

    step: str
    metric: str | None = None
    """The metric by which values are compared if no file names another; higher is better."""
    register_step: str | None = Field(None, alias="register")


class TrackingSpec(_Strict):
    """The `tracking` group."""

    backend: BackendName
    project: str = Field(pattern=NAME)
    entity: str | None = Field(pattern=NAME)
    group: str | None = Field(min_length=1)
    registry: str | None = Field(pattern=NAME)
    tags: tuple[Annotated[str, Field(pattern=TAG)], ...]
    notes: str | None


class EngineSpec(_Strict):
    """The `engine` group."""

    name: Literal["local", "command", "slurm"] = "local"
    command: tuple[str, ...] = ()
    cancel: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()


class ContainerSpec(_Strict):
    """The group `container`: how steps run with env_manager=docker."""

    command: Literal["docker", "podman"] = "docker"
    base: str = Field(_BASE, pattern=r"^[\w][\w.:/@-]*$")
    network: str = Field("bridge", pattern=NAME)


class Settings(_Strict):
    """The settings of the orchestrator; the components get all others as parameters."""

    steps: str
    cache: bool
    force: str | None
    explain: bool
    exclude: str | None
    jobs: int = Field(ge=1)
    keep_going: bool
    env_manager: Literal["auto", "conda", "uv", "virtualenv", "local", "docker"]
    container: ContainerSpec = ContainerSpec()
    tracking: TrackingSpec
    pipeline: dict[str, StepSpec] = Field(min_length=1)
    sweep: SweepSpec | None = None
    engine: EngineSpec = EngineSpec()


def cores() -> int:
    """Return the number of processors that this process may use, the default of `jobs`."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
