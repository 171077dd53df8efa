"""The server that runs may go to: login, requests, sweeps, and the target of uploads.

Its library is imported only by `open_target` and the functions for sweeps.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from relay.tracking.interface import BestTrial, PublishTarget, ServerSweep, Trial
from relay.tracking.server_runs import ServerRun
from relay.tracking.settings import TrackingSettings
from relay.tracking.wandb.login import (
    find_login,
    require_login,
    require_switched_on,
    resolve_backend,
)

__all__ = [
    "BACKEND",
    "SETTING",
    "TITLE",
    "VARIABLES",
    "find_best",
    "find_outage",
    "find_runs",
    "has_login",
    "is_remote",
    "list_runs",
    "log_in",
    "login_variables",
    "make_sweep",
    "open_target",
    "read_sweep",
    "require_answer",
    "require_switched_on",
    "resolve_backend",
    "take_trial",
    "target_settings",
]

TITLE = "W&B"
"""The server's name, for messages."""
BACKEND = "wandb"
"""The server's backend, as the setting `tracking` names it."""
SETTING = f"tracking={BACKEND}"
"""What is set to have runs there, for messages."""
VARIABLES = "WANDB_"
"""The beginning of the names of the server's environment variables."""


def is_remote(backend: str) -> bool:
    """Return whether the backend with this name keeps its runs on the server."""
    return backend == BACKEND


def has_login(environ: Mapping[str, str]) -> bool:
    """Return whether there is a login, without a request to the server."""
    return find_login(environ) is not None


def login_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which a process without this user's files has the login."""
    login = find_login(environ)
    if login is None or login.key is None:
        return {}
    return {"WANDB_API_KEY": login.key, "WANDB_BASE_URL": login.base_url}


def log_in(settings: TrackingSettings, environ: Mapping[str, str]) -> TrackingSettings:
    """Ask the server for the login's entity, and return `settings` with it.

    Raises ConfigError if there is no login or the server refuses it, RelayError if the server
    cannot be reached.
    """
    from relay.tracking.wandb.server_check import probe

    entity = probe(require_login(environ))
    return replace(settings, backend=BACKEND, entity=settings.entity or entity)


def require_answer(environ: Mapping[str, str]) -> None:
    """Check that the server answers, as its library would wait for minutes.

    Raises ConfigError or RelayError, as `log_in` does.
    """
    from relay.tracking.wandb.server_check import probe

    probe(require_login(environ))


def find_outage(environ: Mapping[str, str], timeout: float) -> str | None:
    """Ask the server once, briefly, and return why it refuses the login or is out, or None."""
    from relay.tracking.wandb import server_check

    return server_check.find_outage(environ, timeout)


def take_trial(environ: MutableMapping[str, str]) -> Trial | None:
    """Return the sweep's trial in `environ`, or None; remove its variables from `environ`."""
    from relay.tracking.wandb import trial

    return trial.take_trial(environ)


def make_sweep(settings: TrackingSettings, content: Mapping[str, Any]) -> ServerSweep:
    """Make a sweep of `content`, that of a sweep's file. Raises RelayError if it is not taken."""
    from relay.tracking.wandb import sweep

    return sweep.make_sweep(settings, content)


def read_sweep(settings: TrackingSettings, name: str) -> ServerSweep:
    """Return the sweep with the id `name`. Raises ConfigError if the project has none."""
    from relay.tracking.wandb import sweep

    return sweep.read_sweep(settings, name)


def find_best(settings: TrackingSettings, of: ServerSweep) -> BestTrial | None:
    """Return the best trial of a sweep that has ended with a score, or None."""
    from relay.tracking.wandb import sweep

    return sweep.find_best(settings, of)


def list_runs(settings: TrackingSettings, limit: int) -> list[ServerRun]:
    """Return the newest `limit` runs of the project, newest first."""
    from relay.tracking.wandb import server_runs

    return server_runs.list_runs(settings, limit)


def find_runs(settings: TrackingSettings, word: str) -> list[ServerRun]:
    """Return the runs of the project whose group has a word that begins with `word`."""
    from relay.tracking.wandb import server_runs

    return server_runs.find_runs(settings, word)


def target_settings(project: str, entity: str | None) -> TrackingSettings:
    """Return the settings of a project on the server."""
    return TrackingSettings(BACKEND, project, entity)


def open_target(settings: TrackingSettings, code_root: Path) -> PublishTarget:
    """Return the project to which runs of the local store are uploaded."""
    from relay.tracking.wandb.backend import WandbBackend

    return WandbBackend(settings.project, settings.entity, code_root)
