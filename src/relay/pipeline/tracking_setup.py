"""The tracking of a pipeline run: its choice before the first step, its table after the last."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from relay.config.schema import TrackingSpec
from relay.pipeline.run_summary import Summary, in_words
from relay.step.context import RunSettings
from relay.tracking import Backend, Row, RunSpec, RunStatus, Table, TrackingSettings, remote
from relay.tracking.remote import TITLE
from relay.util.errors import RelayError

_GO_LOCAL = (
    "Or run with tracking=local, which needs no account and no network; `make publish` uploads the "
    f"runs to {TITLE} later."
)
_COLUMNS = ("step", "status", "seconds", "cpu_seconds", "max_rss_mb", "outputs")
_EXECUTED: dict[str, RunStatus] = {"ran": "succeeded", "failed": "failed", "killed": "killed"}


def choose_tracking(spec: TrackingSpec, environ: Mapping[str, str]) -> TrackingSettings:
    """Return the settings of `tracking` with its backend; ask a server for the login's entity.

    Raises ConfigError if there is no login or the server refuses it, RelayError if the server
    cannot be reached.
    """
    settings = TrackingSettings(
        backend=remote.resolve_backend(spec.backend, environ),
        project=spec.project,
        entity=spec.entity,
        registry=spec.registry,
        tags=spec.tags,
        notes=spec.notes,
    )
    if remote.is_remote(settings.backend):
        try:
            settings = remote.log_in(settings, environ)
        except RelayError as error:
            raise type(error)(f"{error} {_GO_LOCAL}") from error
    return settings


def run_id(pipeline_run: str, step: str) -> str:
    """Return the id of `step`'s run, the same whenever the step runs in this pipeline run."""
    return hashlib.sha256(f"{pipeline_run}/{step}".encode()).hexdigest()[:16]


def require_answer(backend: Backend) -> None:
    """Check that the backend's server answers, if it has one.

    Raises RelayError if it does not.
    """
    if remote.is_remote(backend.name):
        remote.require_answer(os.environ)


def log_summary(
    backend: Backend,
    summary: Summary,
    settings_of: Callable[[str], RunSettings],
    pages: Mapping[str, Path],
) -> None:
    """Add the table and the `pages` of the pipeline run to the run of the last executed step."""
    executed = [step for step in summary.steps if step.status in _EXECUTED]
    if not executed:
        return
    require_answer(backend)
    last = executed[-1]
    rows = [
        (
            step.name,
            in_words(step.status),
            round(step.seconds, 3),
            round(step.cpu_seconds, 3),
            round(step.max_rss_mb, 1),
            ", ".join(step.outputs.values()),
        )
        for step in summary.steps
        if step.status != "not_selected"
    ]
    settings = settings_of(last.name)
    run = backend.start_run(
        RunSpec(
            settings.run_id,
            settings.run_name,
            last.name,
            settings.group,
            git_commit=summary.git_commit,
        )
    )
    run.log(Row(tables={"pipeline": Table(_COLUMNS, tuple(rows))}, pages=pages))
    run.finish(_EXECUTED[last.status], last.error or "")
