"""The start and the end of a step: its MLflow run, its process, and the record of its end."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path

from relay.pipeline.crash_cause import explain_crash
from relay.pipeline.mlflow_record import MlflowRecord, NewRun
from relay.pipeline.planned_step import PlannedStep
from relay.pipeline.run_summary import StepSummary
from relay.pipeline.tracking_setup import run_id
from relay.runtime.gpus import StepGpus
from relay.runtime.launcher import Launcher
from relay.runtime.processes import Process
from relay.step.context import RunSettings
from relay.step.fingerprint import Fingerprint
from relay.step.result import StepResult, read_result, stored_path
from relay.tracking import RunStatus, TrackingSettings
from relay.util.errors import RelayError
from relay.util.files import write_text
from relay.util.project import Project

_READ_LINES = 200
_RUN_STATUS: dict[str, RunStatus] = {"ran": "succeeded", "killed": "killed"}


class StepRunner:
    """Starts and ends the steps of one pipeline run, which is `group` in tracking."""

    def __init__(
        self,
        project: Project,
        tracking: TrackingSettings,
        launcher: Launcher,
        group: str,
        mlflow: MlflowRecord,
        manager: str,
    ) -> None:
        self.project = project
        self.tracking = tracking
        self.launcher = launcher
        self.group = group
        self.mlflow = mlflow
        self.manager = manager
        self._id = uuid.uuid4().hex
        """Of the pipeline run, from which the ids of its steps' runs are made."""
        self.gpus = StepGpus()

    def announce(self, planned: PlannedStep, done: StepSummary) -> None:
        """Begin to start the MLflow run of a step with the exact inputs in `done`."""
        run = NewRun(
            planned.name,
            tags={
                "relay.step": planned.name,
                "mlflow.source.type": "PROJECT",
                "mlflow.source.name": f"components/{planned.component.name}",
                "mlflow.project.entryPoint": "main",
                "mlflow.project.env": self.manager,
            },
            params=planned.arguments(done.inputs),
        )
        self.mlflow.begin_step(planned.name, run, self._mlflow_file(planned.name))

    def can_begin(self, planned: PlannedStep) -> bool:
        """Return whether an announced step can start: it has its MLflow run, and its GPUs.

        A step on another machine gets its GPUs there, and not every step needs to wait for its run.
        """
        if self.launcher.engine is None and not self.gpus.reserve(
            planned.name, planned.resources.gpus
        ):
            return False
        if self.mlflow.step_run(planned.name) is not None:
            return True
        return not self.launcher.reads_mlflow_run(planned.component)

    def begin(
        self, planned: PlannedStep, done: StepSummary, fingerprint: Fingerprint | None
    ) -> Process:
        """Start a step on the exact inputs in `done`, and return its process.

        Raises RelayError if the process cannot be started.
        """
        place: Path | None = None
        if fingerprint is not None:
            place = self.launcher.result_path(planned.name).with_suffix(".fingerprint.json")
            write_text(place, fingerprint.to_json())
        settings = replace(
            self.settings(planned.name),
            fingerprint=place,
            report=self.launcher.result_path(planned.name),
            mlflow_run=self._mlflow_file(planned.name),
            execution=self._execution_file(planned.name),
        )
        write_text(self._execution_file(planned.name), "")
        environ = {**settings.to_environ(), **self.gpus.begin(planned.name)}
        mlflow_run = self.mlflow.step_run(planned.name)
        if mlflow_run is not None:
            environ["MLFLOW_RUN_ID"] = mlflow_run
        try:
            process = self.launcher.start(
                planned.name,
                planned.component,
                planned.arguments(done.inputs),
                environ,
                planned.resources,
            )
        except RelayError:
            self.gpus.end(planned.name)
            self.mlflow.end_step(planned.name, "failed", None)
            raise
        done.log = str(process.log.relative_to(self.project.home))
        return process

    def note_outputs(self, planned: PlannedStep, process: Process, done: StepSummary) -> bool:
        """Fill in `done` if a running step has stored its outputs; return whether it has.

        No other step needs what is left of it, such as the end of its run in tracking, and its time
        does not include it.
        """
        report = read_result(stored_path(self.launcher.result_path(planned.name)))
        if report is None or _output_error(planned, report) is not None:
            return False
        _fill_in(done, report)
        used = process.usage
        done.status, done.seconds = "ran", used.seconds
        done.cpu_seconds, done.max_rss_mb = used.cpu_seconds, used.max_rss_mb
        return True

    def end(
        self,
        planned: PlannedStep,
        process: Process,
        done: StepSummary,
        excess: str | None = None,
    ) -> None:
        """Fill in `done` from the end of a step's process.

        A process that still runs is ended, and its step counts as killed; or as failed with the
        error `excess` if it was stopped for that.
        """
        code = process.poll()
        if read_result(self.launcher.result_path(planned.name)) is None:
            # Its machine may be cut off, with the step at work: it must not store any more.
            self._execution_file(planned.name).unlink(missing_ok=True)
        if code is None or process.was_asked_to_stop:
            process.stop()
            report = read_result(self.launcher.result_path(planned.name))
            # A step that is storing its outputs finishes that first.
            done.status = "ran" if report and report.status == "succeeded" else "killed"
            if done.status == "killed" and excess is not None:
                done.status, done.error = "failed", excess
        else:
            report = read_result(self.launcher.result_path(planned.name))
            done.error = _error(planned, report, code, process, self.project.root)
            done.status = "ran" if done.error is None else "failed"
        self.launcher.note_end(planned.name, planned.component)
        used = process.usage
        done.seconds = done.seconds or used.seconds
        done.cpu_seconds, done.max_rss_mb = used.cpu_seconds, used.max_rss_mb
        gpu_use = self.gpus.end(planned.name)
        if report is not None and gpu_use is not None:
            used_gpus = {"gpu_percent": gpu_use.percent, "gpu_memory_mb": gpu_use.memory_mb}
            report = replace(report, metrics={**report.metrics, **used_gpus})
        if report is not None:
            _fill_in(done, report)
            if process.is_elsewhere:
                done.cpu_seconds, done.max_rss_mb = report.cpu_seconds, report.max_rss_mb
        self.mlflow.end_step(planned.name, _RUN_STATUS.get(done.status, "failed"), report)

    def settings(self, step: str) -> RunSettings:
        """Return the settings by which the tracking backend knows the run of `step`."""
        return RunSettings(self.tracking, step, run_id(self._id, step), group=self.group)

    def _execution_file(self, step: str) -> Path:
        return self.launcher.result_path(step).with_suffix(".execution")

    def _mlflow_file(self, step: str) -> Path:
        return self.launcher.result_path(step).with_suffix(".mlflow_run")


def _fill_in(done: StepSummary, report: StepResult) -> None:
    done.inputs, done.outputs, done.metrics = report.inputs, report.outputs, report.metrics
    done.warnings, done.notes, done.url = report.warnings, report.notes, report.url
    done.phases = report.phases


def _error(
    planned: PlannedStep, report: StepResult | None, code: int, process: Process, root: Path
) -> str | None:
    if process.explanation is not None and (report is None or report.status == "killed"):
        return f"{process.explanation}."
    if report is None:
        return _why_without_report(planned, code, process.tail(_READ_LINES), root)
    if report.status != "succeeded":
        return report.error or f"it ended with exit status {code}"
    return _output_error(planned, report)


def _output_error(planned: PlannedStep, report: StepResult) -> str | None:
    """Return what is wrong with the outputs of a step, or None."""
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
    why = explain_crash(log, planned.component.folder, root) if code == 1 else None
    how = f"by signal {code - 128}" if code > 128 else f"with exit status {code}"
    return why or f"it ended {how} before it could report. See its log."
