"""What the tracking backend gets about a step's run and its artifacts, whichever backend it is."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from relay.step.context import FINGERPRINT_KEY, METRICS_KEY, WARNINGS_KEY, RunSettings
from relay.step.fingerprint import Fingerprint
from relay.step.mlflow_run_id import RUN_ID, read_run_id
from relay.step.params import ARTIFACT_SUFFIX, Params, ParamsT
from relay.step.run import StepRun
from relay.tracking import Draft, RunSpec, RunStatus
from relay.tracking.interface import SOURCE_TYPE
from relay.util.git import git_state
from relay.util.redact import redact

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
        config={MLFLOW_RUN: os.environ.get(RUN_ID), **_without_secrets(params)},
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


def copy_source(component: Path, workspace: Path, git_commit: str | None) -> Draft:
    """Copy the component's files, and return them as an artifact to store with the outputs."""
    copy = workspace / "source"
    if not copy.exists():
        shutil.copytree(component, copy, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return Draft(
        name=f"source-{component.name}",
        type=SOURCE_TYPE,
        path=copy,
        description=f"The files of components/{component.name}.",
        metadata={"git_commit": git_commit},
    )


def describe_outputs(
    run: StepRun[ParamsT],
    component: str,
    git_commit: str | None,
    warnings: Sequence[str],
    fingerprint: Fingerprint | None,
) -> dict[str, Draft]:
    """Return the outputs of `run`, with the metadata about its run that every artifact has."""
    common: dict[str, Any] = {
        "component": component,
        "git_commit": git_commit,
        "params": _without_secrets(run.params),
        "inputs": {
            key: {"artifact": str(version), "digest": version.digest}
            for key, version in run.inputs.items()
        },
        METRICS_KEY: {
            # JSON has no NaN and no infinity, and not every store adds them.
            name: float(value)
            for name, value in run.metrics.items()
            if math.isfinite(value)
        },
    }
    if warnings:
        common[WARNINGS_KEY] = [redact(text) for text in warnings]
    if fingerprint is not None:
        common[FINGERPRINT_KEY] = asdict(fingerprint)
    return {
        key: replace(draft, metadata={**common, **draft.metadata})
        for key, draft in run.drafts.items()
    }


def _without_secrets(params: Params) -> Mapping[str, Any]:
    config = params.model_dump(mode="json")
    return {k: redact(v) if isinstance(v, str) else v for k, v in config.items()}
