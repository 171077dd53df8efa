"""What the tracking backend gets about a step's run, whichever backend it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from relay.step.context import RunSettings
from relay.step.mlflow_run_id import RUN_ID, read_run_id
from relay.step.params import ARTIFACT_SUFFIX, Params, ParamsT, without_secrets
from relay.step.run import StepRun
from relay.tracking import RunSpec, RunStatus
from relay.util.git import git_state

PHASES = "phase_seconds"
"""Where the run's configuration in tracking has the seconds of each phase of the step."""

MLFLOW_RUN = "mlflow_run_id"
"""Where the run's configuration in tracking has the id of its MLflow run."""


def describe_run(settings: RunSettings, params: Params, root: Path) -> RunSpec:
    """Return the name, the configuration and the tags of a run, known before it starts.

    `root` is the checkout, whose commit is recorded.
    """
    return RunSpec(
        id=settings.run_id,
        name=settings.run_name,
        step=settings.step,
        group=settings.group,
        config={MLFLOW_RUN: os.environ.get(RUN_ID), **without_secrets(params)},
        tags=settings.tracking.tags,
        notes=settings.tracking.notes,
        git_commit=git_state(root).commit,
    )


def describe_end(run: StepRun[ParamsT], settings: RunSettings, status: RunStatus) -> dict[str, Any]:
    """Return the configuration that is known only at the end: exact inputs, and MLflow's run."""
    run_id = os.environ.get(RUN_ID) if status == "killed" else read_run_id(settings.mlflow_run)
    exact = {f"{key}{ARTIFACT_SUFFIX}": str(version) for key, version in run.inputs.items()}
    phases = {PHASES: dict(run.phases)} if run.phases else {}
    return {**exact, **phases, MLFLOW_RUN: run_id}
