"""Runs one step: its process, its MLflow run, and what is made of its end."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mlflow.exceptions import MlflowException

from relay.errors import Interrupted
from relay.files import write_text
from relay.mlflow_runs import MlflowRuns
from relay.orchestrator.display import Display
from relay.orchestrator.environment_builder import EnvironmentBuilder
from relay.orchestrator.ingredients import Ingredients
from relay.orchestrator.jobs import Job
from relay.orchestrator.processes import Process, Progress, wait
from relay.orchestrator.step_command import step_command
from relay.orchestrator.summary import StepSummary
from relay.orchestrator.tracking_setup import run_id
from relay.project import Project
from relay.settings import RunSettings
from relay.signals import StopSignals
from relay.step_result import StepResult, read_result
from relay.tracking import RunStatus, TrackingSettings

_RUN_STATUS: dict[str, RunStatus] = {"ran": "succeeded", "killed": "killed"}


@dataclass(frozen=True)
class StepRunner:
    """Runs steps of one pipeline run, whose files are in `folder`."""

    project: Project
    folder: Path
    tracking: TrackingSettings
    group: str
    environments: EnvironmentBuilder
    mlflow: MlflowRuns
    mlflow_parent: str
    signals: StopSignals
    display: Display

    def run(
        self,
        job: Job,
        inputs: Mapping[str, str],
        done: StepSummary,
        progress: Progress,
        ingredients: Ingredients | None,
    ) -> None:
        """Run `job` on `inputs` (exact references by key) to its end, and fill in `done`.

        Interrupted: the step's process group is ended and its runs are marked as killed.
        """
        environment = self.environments.prepare(job.component)
        log = self.folder / "logs" / f"{job.name}.log"
        done.log = str(log.relative_to(self.project.root))
        arguments = job.arguments(inputs)
        result_path = self.folder / "results" / f"{job.name}.json"
        result_path.parent.mkdir(exist_ok=True)
        mlflow_run = self._start_mlflow_run(job, arguments)
        settings = self.settings(job.name, result_path)
        if ingredients is not None:
            path = result_path.with_name(f"{job.name}.ingredients.json")
            write_text(path, ingredients.to_json())
            settings = replace(settings, ingredients=path)
        process: Process | None = None
        result: StepResult | None = None
        try:
            process = Process(
                step_command(job.component.folder, arguments, environment),
                cwd=job.component.folder,
                env={
                    **os.environ,
                    **settings.to_environ(),
                    "MLFLOW_RUN_ID": mlflow_run,
                    "PYTHONUNBUFFERED": "1",
                    "TMPDIR": str(self._scratch()),
                },
                log=log,
            )
            code = wait(process, progress, self.signals)
            result = read_result(result_path)
            done.error = _error(job, result, code)
            done.status = "ran" if done.error is None else "failed"
        except Interrupted:
            # It may have been storing its outputs, which it does to the end.
            result = read_result(result_path)
            done.status = "ran" if result and result.status == "succeeded" else "killed"
            raise
        except OSError as error:
            done.status, done.error = "failed", f"it could not be started: {error}"
        finally:
            _fill_in(done, process, result)
            self._record(mlflow_run, done, result)

    def settings(self, step: str, result: Path | None = None) -> RunSettings:
        """What the component of `step` is told of the run that it is part of."""
        return RunSettings(
            self.tracking,
            step,
            run_id(self.mlflow_parent, step),
            group=self.group,
            result=result,
        )

    def _record(self, mlflow_run: str, done: StepSummary, result: StepResult | None) -> None:
        """Write the step's end into its MLflow run; a step that MLflow has no record of failed."""
        try:
            if result is not None:
                self.mlflow.record(mlflow_run, result)
            self.mlflow.end(mlflow_run, _RUN_STATUS.get(done.status, "failed"))
        except (MlflowException, OSError) as error:
            done.status = "failed"
            done.error = done.error or f"MLflow did not take its results: {error}"

    def _start_mlflow_run(self, job: Job, arguments: Mapping[str, str]) -> str:
        return self.mlflow.start(
            self.mlflow.experiment_of(self.mlflow_parent),
            job.name,
            parent=self.mlflow_parent,
            tags={
                "relay.step": job.name,
                "mlflow.source.type": "PROJECT",
                "mlflow.source.name": f"components/{job.component.name}",
                "mlflow.project.entryPoint": "main",
                "mlflow.project.env": self.environments.manager,
            },
            params=arguments,
        )

    def _scratch(self) -> Path:
        folder = self.folder / "tmp"
        folder.mkdir(exist_ok=True)
        return folder


def _fill_in(done: StepSummary, process: Process | None, result: StepResult | None) -> None:
    if process is not None:
        used = process.usage
        done.seconds, done.cpu_seconds = used.seconds, used.cpu_seconds
        done.max_rss_mb = used.max_rss_mb
    if result is not None:
        done.inputs, done.outputs, done.metrics = result.inputs, result.outputs, result.metrics
        done.url = result.url


def _error(job: Job, result: StepResult | None, code: int) -> str | None:
    if result is None:
        if code == 137:
            return "it was killed (signal 9); was there enough memory?"
        how = f"by signal {code - 128}" if code > 128 else f"with exit status {code}"
        return f"it ended {how} before it could report; its log says more"
    if result.status != "succeeded":
        return result.error or f"it ended with exit status {code}"
    for key, spec in job.step.outputs.items():
        if key not in result.outputs:
            return f"it made no output '{key}' ({spec.name})"
        if result.types[key] != spec.type:
            return (
                f"output '{key}' is of type '{result.types[key]}', but "
                f"pipeline.steps.{job.name}.outputs.{key}.type is '{spec.type}'"
            )
    return None
