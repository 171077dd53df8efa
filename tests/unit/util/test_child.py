"""Work in a child process: its status, the signals it gets, and its end if the parent is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.loading import ROOT

PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from relay.util.child import run_in_child
from relay.util.errors import Interrupted
from relay.util.signals import StopSignals, end_by

def wait():
    StopSignals(at_once=True).install()
    try:
        Path(sys.argv[1]).write_text("ready")
        time.sleep(60)
    except Interrupted as interrupted:
        Path(sys.argv[1]).write_text(f"{interrupted}")
        end_by(interrupted.signal_number)

work = wait if sys.argv[2] == "wait" else lambda: int(sys.argv[2])
sys.exit(run_in_child(work))
"""


def start(file: Path, word: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(file), word],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )


def wait_for_text(file: Path, text: str) -> None:
    deadline = time.monotonic() + 20
    while not file.is_file() or file.read_text() != text:
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


@pytest.mark.parametrize("status", [0, 2])
def test_its_status_is_that_of_the_work(tmp_path: Path, status: int) -> None:
    assert start(tmp_path / "file", str(status)).wait(20) == status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_reaches_the_work_and_ends_both(tmp_path: Path, number: signal.Signals) -> None:
    running = start(tmp_path / "file", "wait")
    wait_for_text(tmp_path / "file", "ready")
    running.send_signal(number)
    assert running.wait(20) == -number
    assert (tmp_path / "file").read_text() == f"stopped by {number.name}"


def test_the_work_ends_in_order_if_the_process_is_killed(tmp_path: Path) -> None:
    running = start(tmp_path / "file", "wait")
    wait_for_text(tmp_path / "file", "ready")
    running.kill()
    assert running.wait(20) == -signal.SIGKILL
    wait_for_text(tmp_path / "file", "stopped by SIGTERM")
