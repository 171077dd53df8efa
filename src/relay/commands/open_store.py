"""The store that a command reads: that of a run with the same settings."""

from __future__ import annotations

import os
from collections.abc import Sequence

from relay.tracking import Backend, TrackingSettings, open_backend
from relay.tracking.remote import is_remote
from relay.util.project import Project


def open_store(project: Project, settings: Sequence[str]) -> Backend:
    """Return the store that a run with `settings` would use.

    Raises ConfigError if a setting is wrong or there is no login, RelayError if a server cannot be
    reached.
    """
    return open_backend(choose_store(project, settings), project.root)


def choose_server(project: Project, settings: Sequence[str]) -> TrackingSettings | None:
    """Return the project on a server that `settings` name, or None if they name none.

    Raises as `open_store`.
    """
    if not settings:
        return None
    tracking = choose_store(project, settings)
    return tracking if is_remote(tracking.backend) else None


def choose_store(project: Project, settings: Sequence[str]) -> TrackingSettings:
    """Return where the store is that a run with `settings` would use. Raises as `open_store`."""
    # Imported late, as not all commands need the schema of the settings.
    from relay.commands.tracking_settings import read_tracking
    from relay.pipeline.tracking_setup import choose_tracking

    tracking = read_tracking(project, settings)
    os.environ.update(project.variables(os.environ))
    return choose_tracking(tracking, os.environ)


def place_of(backend: Backend) -> str:
    """Return the name of the store, for messages."""
    return backend.url() or "the local store"
