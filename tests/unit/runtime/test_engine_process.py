"""A job elsewhere, with a stand-in for the command that starts it: what its report decides."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from relay.runtime import engine_process, processes
from relay.runtime.engine_process import EngineProcess, Jobs
from relay.runtime.engines import CommandEngine
from relay.step.resources import Resources

REPORT = "echo reported > results/train.json"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_process, "_LATE_SECONDS", 0.2)
    monkeypatch.setattr(engine_process, "GRACE_SECONDS", 0.3)
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("logs", "results", "tmp"):
        (tmp_path / name).mkdir()
    return tmp_path


def start(folder: Path, command: str, after: str = "", **own: str) -> EngineProcess:
    """Start `command`; the command that starts it does `after` when it has ended."""
    client = folder / "client.sh"
    client.write_text(f'#!/bin/sh\n"$@"\ncode=$?\n{after}\nexit $code\n')
    client.chmod(0o755)
    cancel = folder / "cancel.sh"
    cancel.write_text(f'#!/bin/sh\necho "$1" >> {folder}/cancelled\n')
    cancel.chmod(0o755)
    engine = CommandEngine([str(client)], [str(cancel), "{job}"], ["ASKED_FOR"])
    return Jobs(engine, folder).start("train", command, folder, os.environ, own, Resources())


def wait_for_begin(process: EngineProcess) -> None:
    while process.usage.seconds == 0:
        process.poll()
        time.sleep(0.01)


def finish(process: EngineProcess) -> int:
    deadline = time.monotonic() + 20
    while (code := process.poll()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return code


def cancelled(folder: Path) -> list[str]:
    path = folder / "cancelled"
    return path.read_text().split() if path.exists() else []


def test_a_job_gets_needed_variables_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANY_SECRET", "1")
    monkeypatch.setenv("ASKED_FOR", "2")
    process = start(folder, f"env > names; {REPORT}", RELAY_STEP="it's 3")
    assert finish(process) == 0
    script = folder / "tmp" / "train.sh"
    assert stat.S_IMODE(script.stat().st_mode) == 0o600
    assert "ANY_SECRET" not in script.read_text()
    names = (folder / "names").read_text().splitlines()
    assert {"ASKED_FOR=2", "RELAY_STEP=it's 3"} <= set(names)


def test_time_counts_from_when_the_step_begins(folder: Path) -> None:
    process = start(folder, f"sleep 0.5; {REPORT}")
    assert process.usage.seconds == 0
    assert finish(process) == 0
    assert 0.1 < process.usage.seconds < 5
    assert cancelled(folder) == []


def test_the_end_of_standard_input_is_the_signal_to_stop(folder: Path) -> None:
    process = start(folder, f"cat; echo ended; {REPORT}")
    wait_for_begin(process)
    process.ask_to_stop()
    assert finish(process) == 0
    assert process.tail(1) == ["ended"]
    assert cancelled(folder) == []


def test_one_that_waits_in_a_queue_is_cancelled_at_once(folder: Path) -> None:
    process = start(folder, "true")
    finish(process)
    (folder / "cancelled").unlink()
    (folder / "results" / "train.began").unlink()
    waiting = EngineProcess(
        process._engine,
        "relay-train-2",
        ["sleep", "60"],  # as srun does until there is room
        folder / "tmp" / "train.sh",
        log=folder / "logs" / "train.log",
        began=folder / "results" / "train.began",
        report=folder / "results" / "train.json",
    )
    waiting.ask_to_stop()
    assert cancelled(folder) == ["relay-train-2"]
    waiting.stop()


def test_a_client_that_ends_without_a_report_leaves_no_job(folder: Path) -> None:
    process = start(folder, "true", after="exit 0")  # as srun does after a node was lost
    assert finish(process) == 0
    (job,) = cancelled(folder)
    assert job.startswith("relay-train-")


def test_a_client_that_hangs_after_the_report_is_ended(folder: Path) -> None:
    process = start(folder, REPORT, after="sleep 60")
    began = time.monotonic()
    assert finish(process) == 137
    assert time.monotonic() - began < 10
    assert len(cancelled(folder)) == 1


def test_one_that_does_not_stop_is_cancelled(folder: Path) -> None:
    process = start(folder, "sleep 60")
    wait_for_begin(process)
    process.stop()
    assert process.poll() == 137
    assert len(cancelled(folder)) == 1
