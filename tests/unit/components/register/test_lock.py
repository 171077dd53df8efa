"""Two runs at once do not both compare with the same champion."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.loading import ROOT

HOLDS = """
import logging, os, signal, sys
logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
from tests.loading import load
hold_lock = load("register").hold_lock
if os.fork():
    hold_lock("m")
    print("holds", flush=True)
    signal.pause()
sys.stdin.readline()
hold_lock("m")
print("holds", flush=True)
sys.stdin.read()
print("ends")
"""
"""Two processes: the first holds the lock, the other wants it after a line of input."""


def test_a_run_waits_with_a_message_until_the_other_has_ended_even_if_it_was_killed(
    tmp_path: Path,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "RELAY_HOME": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as first:
        assert first.stdin is not None
        assert first.stdout is not None
        assert first.stdout.readline() == "holds\n"
        first.stdin.write("\n")
        assert first.stdout.readline() == "Waiting for another run, which registers m.\n"
        first.kill()
        assert first.stdout.readline() == "holds\n"
        first.stdin.close()
        assert first.stdout.read() == "ends\n"
