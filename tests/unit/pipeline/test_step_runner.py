"""What is made of the end of a step's process."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from relay.pipeline.planned_step import PlannedStep
from relay.pipeline.step_runner import StepRunner
from relay.pipeline.summary import StepSummary
from relay.runtime.launcher import Launcher
from relay.runtime.processes import Process, SpawnedProcess
from relay.step.result import StepResult, write_result
from relay.util.project import Project

SUCCEEDED = StepResult(status="succeeded")
JOB = SimpleNamespace(name="split", step=SimpleNamespace(outputs={}))
FAILED = StepResult(status="failed", error="no such column")


@pytest.fixture
def runner(tmp_path: Path) -> StepRunner:
    """One whose steps have no MLflow run, which is what a signal may leave."""
    runner = object.__new__(StepRunner)
    runner.project = Project(tmp_path)
    runner.launcher = object.__new__(Launcher)
    runner.launcher.folder = tmp_path
    (tmp_path / "results").mkdir()
    runner._mlflow_runs = {}
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
    done = StepSummary("split", "skipped")
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
    done = StepSummary("split", "skipped")
    runner.end(cast(PlannedStep, JOB), ended(process) if is_over else process, done)
    assert (done.status, done.error) == (status, None)
