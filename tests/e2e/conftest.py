"""A copy of the checkout for each test module, and pipelines run in it by their command line."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.entities import Run

from tests.loading import ROOT

_COPIED = ("MLproject", "main.py", "conda.yml", "requirements.txt", "uv.toml")
_COPIED_FOLDERS = ("components", "config", "src")
# Variables of other runs, such as that which the tests themselves are part of.
_DROPPED = ("MLFLOW_", "TRACKIO_", "RELAY_", "WANDB_")


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    status: int
    output: str
    cpu_seconds: float


@dataclass(frozen=True)
class Checkout:
    """A copy of the project with stores of its own."""

    root: Path

    def environ(self, **more: str) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(_DROPPED)}
        tools = str(Path(sys.executable).parent)
        return {**kept, "PATH": f"{tools}{os.pathsep}{kept['PATH']}", **more}

    def main(self, *arguments: str, env_manager: str = "local", **environ: str) -> Done:
        """`python main.py ...`, by default with components in this Python."""
        return self.command(
            sys.executable, "main.py", f"env_manager={env_manager}", *arguments, **environ
        )

    def python(self, *arguments: str) -> list[str]:
        """The words of `python main.py ...`, as they stand."""
        return [sys.executable, "main.py", *arguments]

    def command(self, *command: str, **environ: str) -> Done:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environ(**environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Done(done.returncode, done.stdout + done.stderr, used)

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """`python main.py ...` in the background."""
        return subprocess.Popen(
            [sys.executable, "main.py", "env_manager=local", *arguments],
            cwd=self.root,
            env=self.environ(**environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def summary(self) -> Any:
        """The newest run's summary.json."""
        return json.loads((self.root / "outputs" / "latest" / "summary.json").read_text())

    def step(self, name: str) -> Any:
        return next(step for step in self.summary["steps"] if step["name"] == name)

    def statuses(self) -> dict[str, str]:
        return {step["name"]: step["status"] for step in self.summary["steps"]}

    @property
    def mlflow(self) -> mlflow.MlflowClient:
        return mlflow.MlflowClient(f"sqlite:///{self.root}/mlflow.db")

    def mlflow_children(self) -> list[Run]:
        """The steps' MLflow runs of the newest pipeline run."""
        parent = self.summary["mlflow_run_id"]
        experiment = self.mlflow.get_run(parent).info.experiment_id
        return list(
            self.mlflow.search_runs(
                [experiment], f"tags.`mlflow.parentRunId` = '{parent}'", order_by=["start_time ASC"]
            )
        )

    def versions(self) -> dict[str, int]:
        """How many versions each artifact of the local store has."""
        code = (
            "import json; from trackio.sqlite_storage import SQLiteStorage as s;"
            "print(json.dumps({a['name']: a['num_versions'] for a in s.list_artifacts('relay')}))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=self.environ(TRACKIO_DIR=str(self.root / ".relay" / "trackio")),
            capture_output=True,
            text=True,
            check=True,
        )
        found: dict[str, int] = json.loads(done.stdout)
        return found


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return new_checkout(tmp_path_factory.mktemp("checkout") / "relay")


def new_checkout(root: Path) -> Checkout:
    """A copy of the project's own files in the new folder `root`."""
    root.mkdir()
    for name in _COPIED:
        shutil.copy(ROOT / name, root / name)
    for name in _COPIED_FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__", "local")
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    return Checkout(root)


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until `condition` holds; fails where it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)
