"""What a tracking backend does: runs, and the artifacts that runs use and make."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from relay.errors import RelayError

RunStatus = Literal["succeeded", "failed", "killed"]

_REFERENCE = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?::(?P<alias>[A-Za-z0-9._-]+))?$")


@dataclass(frozen=True)
class Reference:
    """An artifact as people write it: `name`, `name:alias` or `name:v3`."""

    name: str
    alias: str = "latest"

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read `text`; RelayError where it is no reference."""
        match = _REFERENCE.match(text)
        if not match or match["name"] in {".", ".."}:
            raise RelayError(
                f"'{text}' is not an artifact: write name, name:alias or name:v3, "
                "with letters, digits, '.', '_' and '-' only."
            )
        return cls(match["name"], match["alias"] or "latest")

    def __str__(self) -> str:
        return f"{self.name}:{self.alias}"


@dataclass(frozen=True)
class ArtifactVersion:
    """One version of an artifact in the store."""

    name: str
    version: str
    type: str
    digest: str
    aliases: tuple[str, ...] = field(default=(), compare=False)
    metadata: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        """The exact reference, `name:v3`."""
        return f"{self.name}:{self.version}"


@dataclass(frozen=True)
class Draft:
    """An artifact that a run is about to log: a file or folder with what is to be said of it."""

    name: str
    type: str
    path: Path
    description: str
    metadata: Mapping[str, Any]


class Run(Protocol):
    """A run that has been started and not yet finished."""

    def use_artifact(self, reference: str) -> ArtifactVersion:
        """Find an artifact and record it as an input; RelayError where there is none."""

    def download(self, artifact: ArtifactVersion, folder: Path) -> None:
        """Write the files of `artifact` into `folder`."""

    def log_artifact(self, draft: Draft) -> ArtifactVersion:
        """Store a version and return it once it is safely stored.

        Content that the artifact already has keeps its version and takes the new metadata.
        `latest` then points at it.
        """

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Record numbers."""

    def log_image(self, name: str, path: Path) -> None:
        """Record a picture (PNG)."""

    def finish(self, status: RunStatus, message: str = "") -> None:
        """End the run; `message` says why where it did not succeed."""


class Backend(Protocol):
    """A store of runs and artifacts."""

    name: str

    def start_run(
        self, *, name: str, job_type: str, group: str | None, config: Mapping[str, Any]
    ) -> Run:
        """Start a run: `job_type` is its step, `group` its pipeline run."""

    def find(self, reference: str) -> ArtifactVersion | None:
        """The version that `reference` points at, or None; records no lineage."""

    def set_alias(self, artifact: ArtifactVersion, alias: str) -> None:
        """Make `alias` point at `artifact`, and away from any other version of it."""
