"""Two runs at once do not both compare with the same champion."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.loading import ROOT

HOLDS = """
import logging, sys
logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
from tests.loading import load
load("register").hold_lock("m")
print("holds", flush=True)
sys.stdin.read()
"""


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDS],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "RELAY_HOME": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_run_waits_with_a_message_until_the_other_has_ended_even_if_it_was_killed(
    tmp_path: Path,
) -> None:
    with start(tmp_path) as first:
        assert line(first) == "holds"
        with start(tmp_path) as second:
            assert line(second) == "Waiting for another run, which registers m."
            first.kill()
            assert line(second) == "holds"
            second.communicate()
    assert second.returncode == 0
