"""From checked jobs to a finished run: opens the stores, runs, and shows the end."""

from __future__ import annotations

import os
from collections.abc import Sequence

from rich.console import Console

from relay.mlflow_runs import connect
from relay.orchestrator import environments
from relay.orchestrator.config import Settings
from relay.orchestrator.display import open_display, show_log, show_summary
from relay.orchestrator.jobs import Job
from relay.orchestrator.pipeline import Pipeline, new_folder
from relay.orchestrator.plan import Plan
from relay.orchestrator.processes import tail
from relay.orchestrator.step_runner import StepRunner
from relay.orchestrator.summary import Summary, write_summary
from relay.project import Project
from relay.tracking import open_backend

EXPERIMENT = "relay"


def launch(
    project: Project, settings: Settings, plan: Plan, jobs: Sequence[Job], console: Console
) -> int:
    """Run `jobs` and return the exit status.

    The run that `mlflow run` started (MLFLOW_RUN_ID) is the parent of the steps' runs; where
    there is none, one is started.
    """
    mlflow = connect(os.environ["MLFLOW_TRACKING_URI"])
    outer = os.environ.get("MLFLOW_RUN_ID")
    outer = outer if outer and mlflow.exists(outer) else None
    manager = environments.choose_manager(
        settings.env_manager, mlflow.tags(outer).get("mlflow.project.env") if outer else None
    )
    folder = new_folder(project.outputs)
    parent = outer or mlflow.start(
        mlflow.experiment(EXPERIMENT, str(project.root / "mlruns")),
        f"pipeline {folder.name}",
    )
    mlflow.tag(parent, {"relay.steps": ",".join(job.name for job in jobs)})
    tracking = settings.tracking
    pipeline = Pipeline(
        project=project,
        plan=plan,
        jobs=jobs,
        backend=open_backend(tracking.backend, tracking.project),
        runner=StepRunner(folder, tracking.backend, tracking.project, manager, mlflow, parent),
        display=open_display(console),
    )
    summary = pipeline.run()
    path = write_summary(folder, summary)
    mlflow.log_file(parent, str(path))
    mlflow.end(parent, summary.status)
    _show_logs(console, project, summary)
    show_summary(console, summary, path.relative_to(project.root))
    return summary.exit_code


def _show_logs(console: Console, project: Project, summary: Summary) -> None:
    for step in summary.steps:
        if step.status == "failed" and step.log:
            show_log(console, tail(project.root / step.log, 15), step.log)
