"""Runs what has to be run, under an MLflow run of the pipeline's own."""

from __future__ import annotations

import os
import shutil
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from mlflow.exceptions import MlflowException
from rich.console import Console

from relay.errors import Interrupted, RelayError
from relay.files import write_text
from relay.mlflow_runs import MlflowRuns, connect
from relay.orchestrator import environments
from relay.orchestrator.config import Settings
from relay.orchestrator.display import open_display
from relay.orchestrator.environment_builder import EnvironmentBuilder
from relay.orchestrator.pipeline import Pipeline
from relay.orchestrator.step_runner import StepRunner
from relay.orchestrator.summary import Summary, write_summary
from relay.orchestrator.tracking_setup import log_summary
from relay.project import Project
from relay.redact import redact
from relay.signals import StopSignals
from relay.tracking import Backend, RunStatus, TrackingSettings

EXPERIMENT = "relay"


@dataclass(frozen=True)
class Work:
    """What the steps of one pipeline run are run with; its files are in `folder`."""

    project: Project
    settings: Settings
    tracking: TrackingSettings
    backend: Backend
    folder: Path
    signals: StopSignals
    console: Console

    def run(self, pipeline: Pipeline, summary: Summary, began: float) -> None:
        """Run what waits in `pipeline`, and fill in and write `summary`, however it ends.

        The run that `mlflow run` started (MLFLOW_RUN_ID) is the parent of the steps' runs; where
        there is none, one is started. `began` is when the command was, in `time.monotonic()`.
        """
        mlflow: MlflowRuns | None = None
        runner: StepRunner | None = None
        problem, summary.status = summary.error, "failed"
        try:
            mlflow = connect(os.environ["MLFLOW_TRACKING_URI"])
            outer = os.environ.get("MLFLOW_RUN_ID")
            outer = outer if outer and mlflow.exists(outer) else None
            summary.mlflow_run_id = outer or self._start_parent(mlflow)
            steps = [job.name for job in pipeline.jobs]
            mlflow.tag(summary.mlflow_run_id, {"relay.steps": ",".join(steps)})
            if problem is None:
                runner = self._runner(pipeline, mlflow, summary.mlflow_run_id, outer)
                summary.status = self._run_steps(pipeline, runner, steps)
        except Interrupted as interrupted:
            summary.status, summary.signal = "killed", interrupted.signal_number
        except RelayError as error:
            summary.error = redact(str(error))
        except MlflowException as error:
            summary.error = redact(f"MLflow: {error.message}")
        except Exception as error:  # a bug: the summary is written all the same
            log = self.folder / "logs" / "relay.log"
            log.parent.mkdir(exist_ok=True)
            write_text(log, traceback.format_exc())
            place = log.relative_to(self.project.root)
            summary.error = redact(f"{type(error).__name__}: {error} (traceback in {place})")
        self.signals.ignore()
        summary.seconds = time.monotonic() - began
        if runner is not None:
            summary.environments_seconds = runner.environments.seconds
            self._log_summary(runner, summary)
        self._end(mlflow, summary)

    def _start_parent(self, mlflow: MlflowRuns) -> str:
        experiment = mlflow.experiment(EXPERIMENT, str(self.project.root / "mlruns"))
        return mlflow.start(experiment, f"pipeline {self.folder.name}")

    def _runner(
        self,
        pipeline: Pipeline,
        mlflow: MlflowRuns,
        parent: str,
        outer: str | None,
    ) -> StepRunner:
        told = mlflow.tags(outer).get("mlflow.project.env") if outer else None
        display = open_display(self.console)
        builder = EnvironmentBuilder(
            project=self.project,
            manager=environments.choose_manager(self.settings.env_manager, told),
            components=[job.component for job in pipeline.waiting],
            log=self.folder / "logs" / "environments.log",
            display=display,
            signals=self.signals,
        )
        return StepRunner(
            project=self.project,
            folder=self.folder,
            tracking=self.tracking,
            group=self.settings.tracking.group or self.folder.name,
            environments=builder,
            mlflow=mlflow,
            mlflow_parent=parent,
            signals=self.signals,
            display=display,
        )

    def _run_steps(self, pipeline: Pipeline, runner: StepRunner, steps: list[str]) -> RunStatus:
        display = runner.display
        display.open(steps, runner.environments.manager, self.folder)
        for done in pipeline.steps.values():
            if done.status == "cached":
                display.ended(done)
        try:
            return pipeline.run(runner)
        finally:
            display.close()
            shutil.rmtree(self.folder / "tmp", ignore_errors=True)

    def _log_summary(self, runner: StepRunner, summary: Summary) -> None:
        try:
            log_summary(self.backend, summary, runner.settings)
        except RelayError as error:
            text = f"The run's summary was not taken: {redact(str(error))}"
            summary.error = summary.error or text
            summary.status = "failed" if summary.status == "succeeded" else summary.status

    def _end(self, mlflow: MlflowRuns | None, summary: Summary) -> None:
        path = write_summary(self.folder, summary)
        if mlflow is None or summary.mlflow_run_id is None:
            return
        try:
            mlflow.log_file(summary.mlflow_run_id, str(path))
            mlflow.end(summary.mlflow_run_id, summary.status)
        except (MlflowException, OSError) as error:
            summary.status = "failed"
            summary.error = summary.error or f"MLflow did not take the run's end: {error}"
            write_summary(self.folder, summary)
