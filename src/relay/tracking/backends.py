"""Choosing a backend by its name."""

from __future__ import annotations

from relay.errors import ConfigError
from relay.names import did_you_mean
from relay.tracking.interface import Backend


def open_backend(name: str, project: str) -> Backend:
    """The backend called `name` on `project`; ConfigError where there is none of that name."""
    if name == "local":
        from relay.tracking.local import LocalBackend

        return LocalBackend(project)
    raise ConfigError(f"tracking: no backend '{name}'.{did_you_mean(name, ['local'])}")
