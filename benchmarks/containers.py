"""Measures what a container adds to a process that is started in it.

PYTHONPATH=src python -m benchmarks.containers docker|podman IMAGE [--turns N]
IMAGE is one of `docker image ls relay-environment`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from benchmarks.tables import markdown
from relay.runtime.containers.container import Container, SpawnedInContainer
from relay.runtime.containers.container_cli import ContainerCli, Mount, NewContainer
from relay.runtime.containers.messages import Spawn

ROOT = Path(__file__).resolve().parent.parent
WORK = "-c", "import pydantic, psutil"
"""The arguments of Python: about what a step imports before it reads its parameters."""
_POLL_SECONDS = 0.005


def measure(cli: ContainerCli, image: str, turns: int) -> dict[str, list[float]]:
    """Return the seconds from the start to the end of a process, by where it ran, all in turns.

    `here`: on this machine; `running`: in a container that runs already; `own`: in a container of
    its own, that is started and removed; `empty`: a container that does nothing, for comparison.
    """
    empty = [cli.command, "run", "--rm", "--network", "none", image, "true"]
    seconds: dict[str, list[float]] = {"here": [], "running": [], "own": [], "empty": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shared = _start_container(cli, image, folder)
        _run_in(shared, folder)
        for _ in range(turns):
            seconds["here"].append(_time(lambda: _run([sys.executable, *WORK])))
            seconds["running"].append(_time(lambda: _run_in(shared, folder)))
            seconds["own"].append(_time(lambda: _run_alone(cli, image, folder)))
            seconds["empty"].append(_time(lambda: _run(empty)))
        shared.close()
    return seconds


def _time(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True)


def _start_container(cli: ContainerCli, image: str, folder: Path) -> Container:
    new = NewContainer(
        f"relay-bench-{uuid.uuid4().hex[:12]}",
        image,
        "none",
        [Mount(ROOT), Mount(folder, is_writable=True)],
        environ={"PYTHONPATH": str(ROOT / "src"), "HOME": "/tmp"},  # noqa: S108
    )
    return Container(cli, new, {}, folder / "container.log")


def _run_in(container: Container, folder: Path) -> None:
    request = Spawn("work", ["python", *WORK], str(ROOT), {}, str(folder / "work.log"))
    process = SpawnedInContainer(container, request)
    while (status := process.poll()) is None:
        time.sleep(_POLL_SECONDS)
    if status != 0:
        raise SystemExit(f"The process failed (exit status {status}): {process.explanation}")


def _run_alone(cli: ContainerCli, image: str, folder: Path) -> None:
    container = _start_container(cli, image, folder)
    _run_in(container, folder)
    container.close()


def main() -> None:
    """Print a table of medians, and of their differences to a process of this machine."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["docker", "podman"])
    parser.add_argument("image")
    parser.add_argument("--turns", type=int, default=12)
    given = parser.parse_args()
    seconds = measure(ContainerCli(given.command), given.image, given.turns)
    here = median(seconds["here"])
    rows = [
        [where, f"{median(times):.2f} s", f"{median(times) - here:.2f} s"]
        for where, times in seconds.items()
    ]
    print(markdown(["process", "median", "above here"], rows))
    print(f"Load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores.")


if __name__ == "__main__":
    main()
