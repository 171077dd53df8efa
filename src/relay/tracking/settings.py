"""The backend, the project, and the tags and notes of each run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

BackendName = Literal["auto", "wandb", "local"]
"""The values of the setting `tracking`."""


@dataclass(frozen=True)
class TrackingSettings:
    """Settings in RELAY_* variables; each has a default, so that a component runs alone."""

    backend: str = "auto"
    """wandb, local, or auto: wandb if there is a key or a login, else local."""
    project: str = "relay"
    entity: str | None = None
    """The W&B user or team; None: the default of the login."""
    registry: str | None = None
    """The registry that models are linked into, if any."""
    tags: tuple[str, ...] = ()
    notes: str | None = None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> TrackingSettings:
        """Read the settings from the environment variables in `environ`."""
        return cls(
            backend=environ.get("RELAY_BACKEND") or cls.backend,
            project=environ.get("RELAY_PROJECT") or cls.project,
            entity=environ.get("RELAY_ENTITY") or None,
            registry=environ.get("RELAY_REGISTRY") or None,
            tags=tuple(tag for tag in (environ.get("RELAY_TAGS") or "").split(",") if tag),
            notes=environ.get("RELAY_NOTES") or None,
        )

    def to_environ(self) -> dict[str, str]:
        """Return the environment variables that `from_environ` reads."""
        return {
            "RELAY_BACKEND": self.backend,
            "RELAY_PROJECT": self.project,
            "RELAY_ENTITY": self.entity or "",
            "RELAY_REGISTRY": self.registry or "",
            "RELAY_TAGS": ",".join(self.tags),
            "RELAY_NOTES": self.notes or "",
        }
