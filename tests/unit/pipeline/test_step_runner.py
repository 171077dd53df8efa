"""What is made of the end of a step's process."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from relay.pipeline.mlflow_record import MlflowRecord
from relay.pipeline.planned_step import PlannedStep
from relay.pipeline.run_summary import StepSummary
from relay.pipeline.step_runner import StepRunner
from relay.runtime.gpus import GpuUse, StepGpus
from relay.runtime.launcher import Launcher
from relay.runtime.processes import Process, SpawnedProcess
from relay.step.result import StepResult, stored_path, write_result
from relay.util.project import Project

SUCCEEDED = StepResult(status="succeeded")
JOB = SimpleNamespace(
    name="split", step=SimpleNamespace(outputs={}), component=SimpleNamespace(name="split")
)
FAILED = StepResult(status="failed", error="no such column")


@pytest.fixture
def runner(tmp_path: Path) -> StepRunner:
    """One whose steps have no MLflow run, which is what a signal may leave."""
    runner = object.__new__(StepRunner)
    runner.project = Project(tmp_path)
    runner.launcher = object.__new__(Launcher)
    runner.launcher.folder = tmp_path
    (tmp_path / "results").mkdir()
    runner.mlflow = MlflowRecord("never opened")
    runner.gpus = StepGpus()
    return runner


def started(folder: Path, code: str) -> Process:
    log = folder / "log"
    return SpawnedProcess([sys.executable, "-c", code], cwd=folder, env=os.environ, log=log)


def ended(process: Process) -> Process:
    while process.poll() is None:
        time.sleep(0.02)
    return process


@pytest.mark.parametrize(
    ("code", "report", "status", "error"),
    [
        ("pass", SUCCEEDED, "ran", None),
        ("pass", None, "failed", "before it could report"),
        ("raise SystemExit(1)", FAILED, "failed", "no such column"),
        ("import os; os.kill(os.getpid(), 9)", None, "failed", "signal 9"),
    ],
)
def test_one_that_ended_by_itself_ran_or_failed(
    runner: StepRunner, tmp_path: Path, code: str, report: Any, status: str, error: str | None
) -> None:
    if report is not None:
        write_result(runner.launcher.result_path("split"), report)
    done = StepSummary("split", "not_started")
    runner.end(cast(PlannedStep, JOB), ended(started(tmp_path, code)), done)
    assert done.status == status
    assert done.error is None if error is None else error in str(done.error)


@pytest.mark.parametrize(("report", "status"), [(SUCCEEDED, "ran"), (None, "killed")])
@pytest.mark.parametrize("is_over", [True, False])
def test_one_that_was_asked_to_stop_was_killed_unless_its_work_was_done(
    runner: StepRunner, tmp_path: Path, report: Any, status: str, is_over: bool
) -> None:
    if report is not None:
        write_result(runner.launcher.result_path("split"), report)
    process = started(tmp_path, "import time; time.sleep(60)")
    process.ask_to_stop()
    done = StepSummary("split", "not_started")
    runner.end(cast(PlannedStep, JOB), ended(process) if is_over else process, done)
    assert (done.status, done.error) == (status, None)


def test_one_that_has_stored_its_outputs_is_done_for_the_others_before_its_end(
    runner: StepRunner, tmp_path: Path
) -> None:
    job, done = cast(PlannedStep, JOB), StepSummary("split", "not_started")
    process = started(tmp_path, "import time; time.sleep(1)")
    assert not runner.note_outputs(job, process, done)
    stored = StepResult(status="succeeded", metrics={"rows": 5})
    write_result(stored_path(runner.launcher.result_path("split")), stored)
    while process.usage.max_rss_mb == 0:
        process.poll()
    assert runner.note_outputs(job, process, done)
    assert (done.status, done.metrics) == ("ran", {"rows": 5})
    assert done.max_rss_mb > 0
    seconds = done.seconds
    write_result(runner.launcher.result_path("split"), stored)
    runner.end(job, ended(process), done)
    assert (done.status, done.seconds) == ("ran", seconds)
    assert 0 < seconds < 1


def test_outputs_of_another_type_are_not_handed_on(runner: StepRunner, tmp_path: Path) -> None:
    output = SimpleNamespace(name="rows", type="table")
    job = SimpleNamespace(name="split", step=SimpleNamespace(outputs={"rows": output}))
    stored = StepResult(status="succeeded", outputs={"rows": "rows:v0"}, types={"rows": "text"})
    write_result(stored_path(runner.launcher.result_path("split")), stored)
    process, done = started(tmp_path, "pass"), StepSummary("split", "not_started")
    assert not runner.note_outputs(cast(PlannedStep, job), process, done)
    assert done.status == "not_started"
    ended(process)


def test_what_a_step_used_of_its_gpus_is_among_its_metrics(
    runner: StepRunner, tmp_path: Path
) -> None:
    runner.gpus = cast(StepGpus, SimpleNamespace(end=lambda step: GpuUse(35.0, 400.0)))
    report = StepResult(status="succeeded", metrics={"rows": 5})
    write_result(runner.launcher.result_path("split"), report)
    done = StepSummary("split", "not_started")
    runner.end(cast(PlannedStep, JOB), ended(started(tmp_path, "pass")), done)
    assert done.metrics == {"rows": 5, "gpu_percent": 35.0, "gpu_memory_mb": 400.0}
