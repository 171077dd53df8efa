"""The server that runs may go to: login, requests to it, its sweeps, and what runs are sent to.

What is asked here costs no import of its library.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import replace
from pathlib import Path

from relay.tracking.interface import PublishTarget, Trial
from relay.tracking.settings import TrackingSettings
from relay.tracking.wandb.login import (
    find_login,
    require_login,
    require_switched_on,
    resolve_backend,
)
from relay.tracking.wandb.probe import probe

__all__ = [
    "TITLE",
    "has_login",
    "is_remote",
    "log_in",
    "open_target",
    "require_answer",
    "require_switched_on",
    "resolve_backend",
    "take_trial",
    "target_settings",
]

TITLE = "W&B"
"""What people call the server."""
_BACKEND = "wandb"


def is_remote(backend: str) -> bool:
    """Return whether the backend of this name keeps its runs on the server."""
    return backend == _BACKEND


def has_login(environ: Mapping[str, str]) -> bool:
    """Return whether there is a login, without asking the server about it."""
    return find_login(environ) is not None


def log_in(settings: TrackingSettings, environ: Mapping[str, str]) -> TrackingSettings:
    """Return `settings` with the entity of the login, which the server is asked about.

    Raises ConfigError without a login or with one that the server refuses, RelayError where the
    server cannot be reached.
    """
    entity = probe(require_login(environ))
    return replace(settings, backend=_BACKEND, entity=settings.entity or entity)


def require_answer(environ: Mapping[str, str]) -> None:
    """Check that the server answers; its library would wait for minutes.

    Raises ConfigError or RelayError, as `log_in` does.
    """
    probe(require_login(environ))


def take_trial(environ: MutableMapping[str, str]) -> Trial | None:
    """Return the trial of a sweep that `environ` names; take its variables out of `environ`."""
    from relay.tracking.wandb import sweep

    return sweep.take_trial(environ)


def target_settings(project: str, entity: str | None) -> TrackingSettings:
    """Return the settings of a project on the server."""
    return TrackingSettings(_BACKEND, project, entity)


def open_target(settings: TrackingSettings, code_root: Path) -> PublishTarget:
    """Open the project that runs of the local store are sent to."""
    from relay.tracking.wandb.backend import WandbBackend

    return WandbBackend(settings.project, settings.entity, code_root)
