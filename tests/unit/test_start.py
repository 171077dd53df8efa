"""A step that is started ahead says when it is loaded, and waits to be told its inputs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from relay.start import Start, is_loaded, tell
from tests.loading import ROOT

WAITING = "from relay.start import wait_for; from pathlib import Path; print(wait_for(Path({!r})))"


@pytest.fixture
def waiting(tmp_path: Path) -> subprocess.Popen[bytes]:
    path = tmp_path / "split.start.json"
    assert not is_loaded(path)
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING.format(str(path))],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    deadline = time.monotonic() + 30
    while not is_loaded(path):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert process.poll() is None
    return process


def test_it_learns_what_it_is_told(waiting: subprocess.Popen[bytes], tmp_path: Path) -> None:
    start = Start({"input_artifact": "flats:v3"}, {"MLFLOW_RUN_ID": "1"})
    tell(start, tmp_path / "split.start.json", cast(BinaryIO, waiting.stdin))
    printed, _ = waiting.communicate(timeout=30)
    assert printed.decode().strip() == str(start)


def test_when_nobody_will_tell_it_is_none(waiting: subprocess.Popen[bytes]) -> None:
    printed, _ = waiting.communicate(timeout=30)  # closes its standard input
    assert printed.decode().strip() == "None"
    assert waiting.returncode == 0
