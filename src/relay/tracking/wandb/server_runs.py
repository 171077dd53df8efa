"""The runs of a W&B project. It imports wandb, so import it only to use it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import wandb
from wandb.errors import CommError

from relay.tracking.interface import SECONDS, SOURCE_TYPE
from relay.tracking.server_runs import ServerRun, ServerStatus, ServerStep
from relay.tracking.settings import TrackingSettings
from relay.tracking.wandb.outage import while_served

_PAGE = 100
"""The runs of steps that one request asks for."""
_STATUSES: Mapping[str, ServerStatus] = {
    "running": "running", "pending": "running", "finished": "succeeded", "failed": "failed",
}  # fmt: skip
"""The states of the server; any other, such as `crashed`, means that the run was killed."""


@while_served
def list_runs(settings: TrackingSettings, limit: int) -> list[ServerRun]:
    """Return the newest `limit` runs of the project, newest first; none if it does not exist.

    Only as many pages are read as these need.
    """
    names: dict[str, None] = {}
    for run in _query(settings, {}, is_whole=False):
        names.setdefault(_name(run))
        if len(names) == limit:
            break
    if not names:
        return []
    # Runs at the same time are mixed: those of a group may be on later pages.
    chosen = list(names)
    filters = {"$or": [{"group": {"$in": chosen}}, {"name": {"$in": chosen}}]}
    return [run for run in _grouped(_query(settings, filters)) if run.group in names]


@while_served
def find_runs(settings: TrackingSettings, word: str) -> list[ServerRun]:
    """Return the runs of the project with `word` at the beginning of a word of their group."""
    pattern = rf"(^| ){re.escape(word)}"
    filters = {"$or": [{"group": {"$regex": pattern}}, {"name": word}]}
    runs = _query(settings, filters)
    return _grouped(runs, has_outputs=True)


def _query(
    settings: TrackingSettings, filters: Mapping[str, Any], *, is_whole: bool = True
) -> Iterable[Any]:
    """Yield the runs that pass `filters`, newest first; their config and metrics if `is_whole`."""
    wandb.setup(settings=wandb.Settings(silent=True))
    api = wandb.Api(timeout=30)
    runs = api.runs(
        f"{settings.entity}/{settings.project}",
        filters=dict(filters),
        order="-created_at",
        per_page=_PAGE,
        lazy=not is_whole,
    )
    try:
        yield from runs
    except (CommError, ValueError) as error:
        if "not find project" not in str(error) and "project not found" not in str(error).lower():
            raise


def _grouped(runs: Iterable[Any], *, has_outputs: bool = False) -> list[ServerRun]:
    """Return the runs of steps, newest first, as runs of pipelines, newest first."""
    groups: dict[str, dict[str, ServerStep]] = {}
    for run in runs:
        steps = groups.setdefault(_name(run), {})
        name = str(run.job_type or run.name)
        if name not in steps:
            steps[name] = _step(name, run, has_outputs)
    whole = [ServerRun(group, tuple(reversed(steps.values()))) for group, steps in groups.items()]
    return sorted(whole, key=lambda run: run.created, reverse=True)


def _step(name: str, run: Any, has_outputs: bool) -> ServerStep:
    outputs = run.logged_artifacts() if has_outputs else ()
    summary = dict(run.summary)
    return ServerStep(
        name,
        _STATUSES.get(run.state, "killed"),
        str(run.created_at),
        run.commit,
        dict(run.config),
        {key: float(value) for key, value in summary.items() if _is_metric(key, value)},
        tuple(str(made.name) for made in outputs if _is_output(made)),
    )


def _is_metric(key: str, value: object) -> bool:
    if key[0] == "_" or key == SECONDS or isinstance(value, bool):
        return False
    return isinstance(value, int | float) and math.isfinite(value)


def _is_output(artifact: Any) -> bool:
    """Return whether the step made `artifact`: the SDK logs the tables of a run as artifacts."""
    return artifact.type != SOURCE_TYPE and not artifact.type.startswith("run_table")


def _name(run: Any) -> str:
    return str(run.group or run.id)
