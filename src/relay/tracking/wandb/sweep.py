"""Sweeps on a W&B server. It imports wandb, so import it only to use it."""

from __future__ import annotations

import contextlib
import io
import math
import os
import shlex
from collections.abc import Mapping
from typing import Any

import wandb
from wandb.errors import CommError

from relay.tracking.interface import BestTrial, ServerSweep
from relay.tracking.settings import TrackingSettings
from relay.tracking.wandb.login import CLOUD, server_of
from relay.tracking.wandb.outage import while_served
from relay.util.errors import ConfigError

_COMMAND = ".venv/bin/wandb"


@while_served
def make_sweep(settings: TrackingSettings, content: Mapping[str, Any]) -> ServerSweep:
    """Make a sweep of `content`, that of a sweep's file, in the project of `settings`.

    Raises RelayError if the server does not take it.
    """
    wandb.setup(settings=wandb.Settings(silent=True))
    with contextlib.redirect_stdout(io.StringIO()):  # the SDK prints what is returned here
        name = wandb.sweep(dict(content), settings.entity, settings.project)
    return _read(settings, name)


@while_served
def read_sweep(settings: TrackingSettings, name: str) -> ServerSweep:
    """Return the sweep with the id `name` in the project of `settings`.

    Raises ConfigError if the project has none.
    """
    return _read(settings, name)


@while_served
def find_best(settings: TrackingSettings, sweep: ServerSweep) -> BestTrial | None:
    """Return the best trial of `sweep` that has ended with a score, or None.

    A trial that was stopped early does not count, as its score is of fewer folds.
    """
    if sweep.metric is None:
        return None
    order = "-" if sweep.content["metric"].get("goal") == "maximize" else "+"
    runs = wandb.Api(timeout=30).runs(
        f"{settings.entity}/{settings.project}",
        filters={"$and": [{"sweep": sweep.path.rpartition("/")[2]}, {"state": "finished"}]},
        order=f"{order}summary_metrics.{sweep.metric}",
    )
    for run in runs:
        value = run.summary.get(sweep.metric)
        if isinstance(value, int | float) and math.isfinite(value):
            return BestTrial(run.id, dict(run.config), float(value))
    return None


def _read(settings: TrackingSettings, name: str) -> ServerSweep:
    wandb.setup(settings=wandb.Settings(silent=True))
    place = f"{settings.entity}/{settings.project}"
    api: Any = wandb.Api(timeout=30)
    try:
        sweep = api.sweep(f"{place}/{name}")
    except (CommError, ValueError) as error:
        if "not find" not in str(error):
            raise
        raise ConfigError(
            f"sweep {name}: there is none in the W&B project {place}. Give its whole path, "
            "ENTITY/PROJECT/ID."
        ) from error
    path, server = f"{place}/{name}", server_of(os.environ)
    login = [] if server == CLOUD else [f"export WANDB_BASE_URL={shlex.quote(server)}"]
    return ServerSweep(
        path,
        sweep.url,
        sweep.config,
        agent=f"{_COMMAND} agent {shlex.quote(path)}",
        login=(*login, f"{_COMMAND} login"),
    )
