"""From checked jobs to a finished run: opens the stores, runs, and shows the end."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from mlflow.exceptions import MlflowException
from rich.console import Console

from relay.errors import Interrupted, RelayError
from relay.files import write_text
from relay.git import git_state
from relay.mlflow_runs import MlflowRuns, connect
from relay.orchestrator import environments
from relay.orchestrator.config import Settings
from relay.orchestrator.display import SHOWN_LOG_LINES, open_display, show_log, show_summary
from relay.orchestrator.jobs import Job
from relay.orchestrator.pipeline import Pipeline, new_folder
from relay.orchestrator.plan import Plan
from relay.orchestrator.processes import tail
from relay.orchestrator.step_runner import StepRunner
from relay.orchestrator.summary import Summary, write_summary
from relay.orchestrator.tracking_setup import log_summary
from relay.project import Project
from relay.redact import redact
from relay.signals import StopSignals
from relay.tracking import TrackingSettings, open_backend
from relay.tracking.kept import bring_up

EXPERIMENT = "relay"


def launch(
    project: Project,
    settings: Settings,
    tracking: TrackingSettings,
    plan: Plan,
    jobs: Sequence[Job],
    console: Console,
) -> int:
    """Run `jobs` and return the exit status.

    The run that `mlflow run` started (MLFLOW_RUN_ID) is the parent of the steps' runs; where
    there is none, one is started. However the run ends, its summary is written.
    """
    mlflow = connect(os.environ["MLFLOW_TRACKING_URI"])
    outer = os.environ.get("MLFLOW_RUN_ID")
    outer = outer if outer and mlflow.exists(outer) else None
    manager = environments.choose_manager(
        settings.env_manager, mlflow.tags(outer).get("mlflow.project.env") if outer else None
    )
    state = git_state(project.root)
    summary = Summary(
        status="failed",
        backend=tracking.backend,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        git_commit=state.commit,
        git_dirty=state.dirty,
        mlflow_run_id=outer,
    )
    started = time.monotonic()
    signals = StopSignals(at_once=False)
    signals.install()
    folder = new_folder(project.outputs)
    runner: StepRunner | None = None
    try:
        parent = outer or mlflow.start(
            mlflow.experiment(EXPERIMENT, str(project.root / "mlruns")), f"pipeline {folder.name}"
        )
        summary.mlflow_run_id = parent
        mlflow.tag(parent, {"relay.steps": ",".join(job.name for job in jobs)})
        backend = open_backend(tracking, project.root)
        summary.url = backend.url()
        for run in bring_up(project.kept, tracking, backend):
            console.print(f"Brought up '{run.spec.name}', which W&B had not taken.", markup=False)
        runner = StepRunner(
            folder=folder,
            tracking=tracking,
            group=settings.tracking.group or folder.name,
            manager=manager,
            mlflow=mlflow,
            mlflow_parent=parent,
            signals=signals,
        )
        Pipeline(
            project=project,
            plan=plan,
            jobs=jobs,
            backend=backend,
            runner=runner,
            display=open_display(console),
        ).run(summary)
    except Interrupted as interrupted:
        summary.status, summary.signal = "killed", interrupted.signal_number
    except RelayError as error:
        summary.error = redact(str(error))
    except MlflowException as error:
        summary.error = redact(f"MLflow: {error.message}")
    except Exception as error:  # a bug: the summary is written all the same
        log = folder / "logs" / "relay.log"
        log.parent.mkdir(exist_ok=True)
        write_text(log, traceback.format_exc())
        place = log.relative_to(project.root)
        summary.error = redact(f"{type(error).__name__}: {error} (traceback in {place})")
    signals.ignore()
    summary.seconds = time.monotonic() - started
    if runner is not None:
        _log_summary(tracking, project, runner, summary)
    _end(mlflow, folder, summary)
    _show(console, project, folder, summary)
    return summary.exit_code


def _log_summary(
    tracking: TrackingSettings, project: Project, runner: StepRunner, summary: Summary
) -> None:
    try:
        log_summary(open_backend(tracking, project.root), summary, runner.settings)
    except RelayError as error:
        summary.error = summary.error or f"The run's summary was not taken: {redact(str(error))}"
        summary.status = "failed" if summary.status == "succeeded" else summary.status


def _end(mlflow: MlflowRuns, folder: Path, summary: Summary) -> None:
    path = write_summary(folder, summary)
    if summary.mlflow_run_id is None:
        return
    try:
        mlflow.log_file(summary.mlflow_run_id, str(path))
        mlflow.end(summary.mlflow_run_id, summary.status)
    except (MlflowException, OSError) as error:
        summary.status = "failed"
        summary.error = summary.error or f"MLflow did not take the run's end: {error}"
        write_summary(folder, summary)


def _show(console: Console, project: Project, folder: Path, summary: Summary) -> None:
    for step in summary.steps:
        if step.status == "failed" and step.log:
            show_log(console, tail(project.root / step.log, SHOWN_LOG_LINES), step.log)
    show_summary(console, summary, (folder / "summary.json").relative_to(project.root))
