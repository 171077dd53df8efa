"""The start and the end of a step: its MLflow run, its process, and the record of its end."""

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
    """Starts and ends the steps of the MLflow run `parent`; their own runs have the `group`."""

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
        self, planned: PlannedStep, done: StepSummary, fingerprint: Fingerprint | None
    ) -> Process:
        """Start a step on the exact inputs in `done`, and return its process.

        Raises RelayError if its MLflow run or its process cannot be started.
        """
        arguments = planned.arguments(done.inputs)
        mlflow_run = self._mlflow_runs[planned.name] = self._start_mlflow_run(planned, arguments)
        report = self.launcher.result_path(planned.name)
        fingerprint_file: Path | None = None
        if fingerprint is not None:
            fingerprint_file = report.with_suffix(".fingerprint.json")
            write_text(fingerprint_file, fingerprint.to_json())
        settings = RunSettings(
            self.tracking,
            planned.name,
            run_id(self.parent, planned.name),
            group=self.group,
            fingerprint=fingerprint_file,
            report=report,
        )
        environ = {**settings.to_environ(), "MLFLOW_RUN_ID": mlflow_run}
        try:
            process = self.launcher.start(planned.name, planned.component, arguments, environ)
        except RelayError:
            self.mlflow.end(mlflow_run, "failed")
            raise
        done.log = str(process.log.relative_to(self.project.home))
        return process

    def end(self, planned: PlannedStep, process: Process, done: StepSummary) -> None:
        """Fill in `done` from the end of a step's process.

        A process that still runs is ended, and its step counts as killed.
        """
        code = process.poll()
        if code is None or process.was_asked_to_stop:
            process.stop()
            report = read_result(self.launcher.result_path(planned.name))
            # A step that is storing its outputs finishes that first.
            done.status = "ran" if report and report.status == "succeeded" else "killed"
        else:
            report = read_result(self.launcher.result_path(planned.name))
            done.error = _error(planned, report, code, process.tail(_READ_LINES), self.project.root)
            done.status = "ran" if done.error is None else "failed"
        used = process.usage
        done.seconds, done.cpu_seconds = used.seconds, used.cpu_seconds
        done.max_rss_mb = used.max_rss_mb
        if report is not None:
            done.inputs, done.outputs, done.metrics = report.inputs, report.outputs, report.metrics
            done.warnings, done.notes, done.url = report.warnings, report.notes, report.url
        self._record(planned.name, done, report)

    def settings(self, step: str) -> RunSettings:
        """Return the settings of the run of `step`, by which the tracking backend finds it."""
        return RunSettings(self.tracking, step, run_id(self.parent, step), group=self.group)

    def _record(self, step: str, done: StepSummary, report: StepResult | None) -> None:
        """Write the step's end into its MLflow run; if that fails, the step has failed."""
        mlflow_run = self._mlflow_runs.get(step)
        if mlflow_run is None:  # a signal arrived before it had one
            return
        try:
            if report is not None:
                self.mlflow.record(
                    mlflow_run,
                    inputs=report.inputs,
                    outputs=report.outputs,
                    metrics=report.metrics,
                    images=report.images,
                    url=report.url,
                )
            self.mlflow.end(mlflow_run, _RUN_STATUS.get(done.status, "failed"))
        except (RelayError, OSError) as error:
            done.status = "failed"
            done.error = done.error or f"its metrics were not recorded: {error}"

    def _start_mlflow_run(self, planned: PlannedStep, arguments: Mapping[str, str]) -> str:
        return self.mlflow.start(
            self._experiment,
            planned.name,
            parent=self.parent,
            tags={
                "relay.step": planned.name,
                "mlflow.source.type": "PROJECT",
                "mlflow.source.name": f"components/{planned.component.name}",
                "mlflow.project.entryPoint": "main",
                "mlflow.project.env": self.manager,
            },
            params=arguments,
        )


def _error(
    planned: PlannedStep, report: StepResult | None, code: int, log: list[str], root: Path
) -> str | None:
    if report is None:
        return _why_without_report(planned, code, log, root)
    if report.status != "succeeded":
        return report.error or f"it ended with exit status {code}"
    for key, spec in planned.step.outputs.items():
        if key not in report.outputs:
            return (
                f"it made no output '{key}' ({spec.name}). Call run.output('{key}', ...) in "
                f"components/{planned.component.name}, or remove "
                f"pipeline.steps.{planned.name}.outputs.{key}."
            )
        if report.types[key] != spec.type:
            return (
                f"output '{key}' is of type '{report.types[key]}', but "
                f"pipeline.steps.{planned.name}.outputs.{key}.type is '{spec.type}'. Make them "
                "equal."
            )
    return None


def _why_without_report(planned: PlannedStep, code: int, log: list[str], root: Path) -> str:
    if code == 137:
        return (
            "it was killed by signal 9, probably for lack of memory. Free some, or run one step "
            "at a time with jobs=1."
        )
    why = explain_early_end(log, planned.component.folder, root) if code == 1 else None
    how = f"by signal {code - 128}" if code > 128 else f"with exit status {code}"
    return why or f"it ended {how} before it could report. See its log."
