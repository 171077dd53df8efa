"""Runs as a server has them, for the commands that look at runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ServerStatus = Literal["running", "succeeded", "failed", "killed"]


@dataclass(frozen=True)
class ServerStep:
    """The run of one step."""

    name: str
    status: ServerStatus
    created: str
    """ISO 8601, UTC."""
    commit: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    """The step's parameters, and the exact versions of its inputs."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    """Exact references; only of a run that was asked for by its name."""


@dataclass(frozen=True)
class ServerRun:
    """The runs of one group, the steps that one pipeline run executed; cached steps have none."""

    group: str
    """The id of the run if it has no group."""
    steps: tuple[ServerStep, ...]
    """In the order in which they were started; of a step that ran twice, the newest run."""

    @property
    def created(self) -> str:
        """Return when the first step started."""
        return self.steps[0].created

    @property
    def status(self) -> ServerStatus:
        """Return how the run ended: as its worst step did."""
        statuses = {step.status for step in self.steps}
        order: tuple[ServerStatus, ...] = ("running", "failed", "killed")
        return next((status for status in order if status in statuses), "succeeded")
