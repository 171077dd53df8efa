"""Measures the peak memory of a first run: the orchestrator, its fork servers, and the steps.

python -m benchmarks.memory
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.checkout import PYTHON, Checkout, environment
from benchmarks.tables import markdown

_POLL_SECONDS = 0.05
_SERVER = "relay.runtime.fork_server"
ROLES = ("orchestrator", "fork servers", "steps", "orchestrator and fork servers", "all")


def measure_memory(checkout: Checkout, *arguments: str) -> dict[str, float]:
    """Return the peak of each of ROLES while `main.py` runs, in MB.

    Memory that processes share is divided among them (proportional set size).
    """
    peaks = dict.fromkeys(ROLES, 0.0)
    with subprocess.Popen(
        [str(PYTHON), "main.py", *arguments],
        cwd=checkout.root,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    ) as run:
        while run.poll() is None:
            sizes = dict.fromkeys(ROLES, 0.0)
            for role, size in _sizes(psutil.Process(run.pid)):
                sizes[role] += size
            sizes[ROLES[3]] = sizes[ROLES[0]] + sizes[ROLES[1]]
            sizes[ROLES[4]] = sizes[ROLES[3]] + sizes[ROLES[2]]
            peaks = {role: max(peaks[role], sizes[role]) for role in ROLES}
            time.sleep(_POLL_SECONDS)
    if run.returncode != 0:
        raise SystemExit("The run failed.")
    return peaks


def _sizes(orchestrator: psutil.Process) -> Iterator[tuple[str, float]]:
    """Yield the role and the size in MB of each process of a run."""
    processes = [orchestrator]
    try:
        processes += orchestrator.children(recursive=True)
    except psutil.Error:
        return
    for process in processes:
        try:
            size = process.memory_full_info().pss / 1e6
            is_server = _SERVER in process.cmdline() and (
                process.ppid() == orchestrator.pid or os.getpgid(process.pid) != process.pid
            )  # a step that is forked from it has its command line, and a group of its own
        except (psutil.Error, OSError):  # it has ended
            continue
        if process == orchestrator:
            yield ROLES[0], size
        else:
            yield (ROLES[1] if is_server else ROLES[2]), size


def main() -> None:
    """Measure, and print the table."""
    folder = Path(tempfile.mkdtemp(prefix="relay-memory-"))
    try:
        settings = ("tracking=local", "env_manager=uv")
        Checkout(folder / "warm").relay(*settings)  # builds the environments
        peaks = measure_memory(Checkout(folder / "first"), *settings)
        print(markdown(("", "peak"), [(role, f"{size:.0f} MB") for role, size in peaks.items()]))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
