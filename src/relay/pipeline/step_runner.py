"""The start and the end of a step: its MLflow run, its process, and the record of its result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from relay.pipeline.early_end import explain_early_end
from relay.pipeline.planned_step import PlannedStep
from relay.pipeline.summary import StepSummary
from relay.pipeline.tracking_setup import run_id
from relay.runtime.launcher import Launcher
from relay.runtime.processes import Process
from relay.step.context import RunSettings
from relay.step.fingerprint import Fingerprint
from relay.step.result import StepResult, read_result
from relay.tracking import RunStatus, TrackingSettings
from relay.util.errors import RelayError
from relay.util.files import write_text
from relay.util.project import Project

if TYPE_CHECKING:  # it imports MLflow, which is slow
    from relay.tracking.mlflow.runs import MlflowRuns

_READ_LINES = 200
_RUN_STATUS: dict[str, RunStatus] = {"ran": "succeeded", "killed": "killed"}


class StepRunner:
    """Starts and ends steps of the pipeline run `parent` (MLflow), which is `group` in tracking."""

    def __init__(
        self,
        project: Project,
        tracking: TrackingSettings,
        launcher: Launcher,
        group: str,
        mlflow: MlflowRuns,
        parent: str,
        manager: str,
    ) -> None:
        self.project = project
        self.tracking = tracking
        self.launcher = launcher
        self.group = group
        self.mlflow = mlflow
        self.parent = parent
        self.manager = manager
        self._experiment = mlflow.experiment_of(parent)
        self._mlflow_runs: dict[str, str] = {}

    def begin(
        self, job: PlannedStep, done: StepSummary, fingerprint: Fingerprint | None
    ) -> Process:
        """Start `job` on the exact inputs in `done`.

        Raises:
            RelayError: MLflow or the system refused.
        """
        arguments = job.arguments(done.inputs)
        mlflow_run = self._mlflow_runs[job.name] = self._start_mlflow_run(job, arguments)
        result = self.launcher.result_path(job.name)
        place: Path | None = None
        if fingerprint is not None:
            place = result.with_suffix(".fingerprint.json")
            write_text(place, fingerprint.to_json())
        settings = RunSettings(
            self.tracking,
            job.name,
            run_id(self.parent, job.name),
            group=self.group,
            fingerprint=place,
            report=result,
        )
        environ = {**settings.to_environ(), "MLFLOW_RUN_ID": mlflow_run}
        try:
            process = self.launcher.start(job.name, job.component, arguments, environ)
        except RelayError:
            self.mlflow.end(mlflow_run, "failed")
            raise
        done.log = str(process.log.relative_to(self.project.home))
        return process

    def end(self, job: PlannedStep, process: Process, done: StepSummary) -> None:
        """Fill in `done` with the end of the `process` of `job`.

        A process that still runs is ended, and its step counts as killed.
        """
        code = process.poll()
        if code is None or process.was_asked_to_stop:
            process.stop()
            result = read_result(self.launcher.result_path(job.name))
            # A step that is storing its outputs finishes that first.
            done.status = "ran" if result and result.status == "succeeded" else "killed"
        else:
            result = read_result(self.launcher.result_path(job.name))
            done.error = _error(job, result, code, process.tail(_READ_LINES), self.project.root)
            done.status = "ran" if done.error is None else "failed"
        used = process.usage
        done.seconds, done.cpu_seconds = used.seconds, used.cpu_seconds
        done.max_rss_mb = used.max_rss_mb
        if result is not None:
            done.inputs, done.outputs, done.metrics = result.inputs, result.outputs, result.metrics
            done.warnings, done.notes, done.url = result.warnings, result.notes, result.url
        self._record(job.name, done, result)

    def settings(self, step: str) -> RunSettings:
        """Return the settings by which the tracking backend knows the run of `step`."""
        return RunSettings(self.tracking, step, run_id(self.parent, step), group=self.group)

    def _record(self, step: str, done: StepSummary, result: StepResult | None) -> None:
        """Write the step's end into its MLflow run; if that fails, the step has failed."""
        mlflow_run = self._mlflow_runs.get(step)
        if mlflow_run is None:  # a signal came before it had one
            return
        try:
            if result is not None:
                self.mlflow.record(
                    mlflow_run,
                    inputs=result.inputs,
                    outputs=result.outputs,
                    metrics=result.metrics,
                    images=result.images,
                    url=result.url,
                )
            self.mlflow.end(mlflow_run, _RUN_STATUS.get(done.status, "failed"))
        except (RelayError, OSError) as error:
            done.status = "failed"
            done.error = done.error or f"MLflow did not record its results: {error}"

    def _start_mlflow_run(self, job: PlannedStep, arguments: Mapping[str, str]) -> str:
        return self.mlflow.start(
            self._experiment,
            job.name,
            parent=self.parent,
            tags={
                "relay.step": job.name,
                "mlflow.source.type": "PROJECT",
                "mlflow.source.name": f"components/{job.component.name}",
                "mlflow.project.entryPoint": "main",
                "mlflow.project.env": self.manager,
            },
            params=arguments,
        )


def _error(
    job: PlannedStep, result: StepResult | None, code: int, log: list[str], root: Path
) -> str | None:
    if result is None:
        return _why_without_report(job, code, log, root)
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


def _why_without_report(job: PlannedStep, code: int, log: list[str], root: Path) -> str:
    if code == 137:
        return "it was killed (signal 9); was there enough memory?"
    why = explain_early_end(log, job.component.folder, root) if code == 1 else None
    how = f"by signal {code - 128}" if code > 128 else f"with exit status {code}"
    return why or f"it ended {how} before it could report; see its log"
