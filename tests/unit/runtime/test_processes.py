"""Child processes: their log, what they use, and that none is left behind."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from relay.runtime import processes
from relay.runtime.processes import Process, SpawnedProcess


def start(tmp_path: Path, code: str) -> Process:
    log = tmp_path / "log"
    return SpawnedProcess([sys.executable, "-c", code], cwd=tmp_path, env=os.environ, log=log)


def finish(process: Process) -> int:
    while (code := process.poll()) is None:
        time.sleep(0.02)
    return code


def assert_gone(pid: int) -> None:
    """Wait until a process that was sent SIGKILL is gone."""
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, f"process {pid} still runs"
        time.sleep(0.02)


def test_output_and_exit_status_are_kept(tmp_path: Path) -> None:
    process = start(
        tmp_path, "import sys; print('one\\ntwo'); print('bad', file=sys.stderr); sys.exit(3)"
    )
    assert finish(process) == 3
    assert sorted(process.tail(5)) == ["bad", "one", "two"]
    assert len(process.tail(1)) == 1


def test_a_signal_has_the_exit_status_of_shells(tmp_path: Path) -> None:
    assert finish(start(tmp_path, "import os; os.kill(os.getpid(), 9)")) == 137


def test_time_and_memory_are_those_of_the_process(tmp_path: Path) -> None:
    code = """
import time
block = bytearray(200 * 1024 * 1024)
end = time.process_time() + 0.5
while time.process_time() < end: pass
"""
    process = start(tmp_path, code)
    finish(process)
    assert process.usage.cpu_seconds >= 0.5
    assert process.usage.seconds >= 0.5
    assert 200 <= process.usage.max_rss_mb < 400


def test_stop_ends_the_whole_group(tmp_path: Path) -> None:
    process = start(
        tmp_path,
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)",
    )
    while not process.tail(1):
        process.poll()
        time.sleep(0.02)
    child = int(process.tail(1)[0])
    process.stop()
    assert process.poll() == 143
    assert_gone(child)


def test_a_process_that_ignores_the_signal_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.3)
    process = start(
        tmp_path,
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)",
    )
    while not process.tail(1):
        process.poll()
        time.sleep(0.02)
    process.stop()
    assert process.poll() == 137


def test_when_the_leader_is_killed_alone_the_rest_of_its_group_ends_too(tmp_path: Path) -> None:
    process = start(
        tmp_path,
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)",
    )
    assert finish(process) == 137
    assert_gone(int(process.tail(1)[0]))
