"""Copies of the project with stores of their own, and commands run and measured in them."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.copies import ROOT, copy_project

_DROPPED = (
    "MLFLOW_RUN_ID", "MLFLOW_TRACKING", "TRACKIO_", "RELAY_", "WANDB_", "PYTHONDONTWRITEBYTECODE",
)  # fmt: skip
PYTHON = ROOT / ".venv" / "bin" / "python"
"""The Python that people run `main.py` with; that of the measurements has more to import."""


@dataclass(frozen=True)
class Cost:
    """The time of a command, with all processes that it started."""

    seconds: float
    cpu_seconds: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.seconds + other.seconds, self.cpu_seconds + other.cpu_seconds)


class Checkout:
    """A copy of the project in the new folder `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        copy_project(root)

    def relay(self, *arguments: str, **environ: str) -> Cost:
        """Run `python main.py` with `arguments`, and `environ` besides the usual variables."""
        return measure([str(PYTHON), "main.py", *arguments], self.root, environ)

    def steps(self) -> Iterable[Mapping[str, Any]]:
        """Return the steps that ran, from the newest run's summary."""
        summary = json.loads((self.root / "outputs" / "latest" / "summary.json").read_text())
        return [step for step in summary["steps"] if step["status"] == "ran"]

    def edit(self, path: str) -> None:
        """Add a comment to a file of the checkout."""
        with (self.root / path).open("a", encoding="utf-8") as file:
            file.write("\n# a word more\n")


def measure(command: Sequence[str], cwd: Path, environ: Mapping[str, str] | None = None) -> Cost:
    """Run `command` to its end, and return what it took; what it prints is dropped.

    Raises SystemExit, with its output, if it fails.
    """
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**environment(), **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}")
    user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
    return Cost(seconds, user + system)


def environment() -> dict[str, str]:
    """Return the variables of a measured command: those of the shell, without settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_DROPPED)}
    tools = str(Path(sys.executable).parent)
    return {**kept, "PATH": f"{tools}{os.pathsep}{kept['PATH']}"}
