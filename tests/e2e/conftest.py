"""A copy of the checkout for each test module, and pipelines run in it by their command line."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import psutil
import pytest
from mlflow.entities import Run

from relay.commands import run as run_command
from relay.pipeline import orchestrator
from relay.runtime.libraries import list_libraries
from relay.tracking.mlflow import connection
from relay.util.project import Project
from tests.forks import RELOADED, Done, Forks, share_preloaded
from tests.loading import ROOT
from tests.mlflow_store import copy_store
from tools.copies import copy_project

# Variables of other runs, such as that which the tests themselves are part of.
_DROPPED = ("MLFLOW_", "TRACKIO_", "RELAY_", "WANDB_")
# A checkout is a copy: what is compiled may be kept in it, instead of again by each process.
_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
_LATE = (
    "trackio.sqlite_storage", "sqlalchemy.dialects.sqlite", "rich.progress", "truststore",
    "sklearn.ensemble", "sklearn.linear_model",
)  # fmt: skip
"""What `main.py` imports as it runs: the last two to check the parameters of a model."""
_STARTED: list[subprocess.Popen[str]] = []
"""What runs in the background."""


@dataclass(frozen=True)
class Checkout:
    """A copy of the project with stores of its own."""

    root: Path

    def environ(self, **more: str) -> dict[str, str]:
        dropped = (*_DROPPED, _NO_BYTECODE)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
        tools = str(Path(sys.executable).parent)
        return {**kept, "PATH": f"{tools}{os.pathsep}{kept['PATH']}", **more}

    def main(self, *arguments: str, env_manager: str = "local", **environ: str) -> Done:
        """`main.py ...` with its libraries loaded, by default with components in this Python."""
        return self.script("main.py", f"env_manager={env_manager}", *arguments, **environ)

    def script(self, path: str | Path, *arguments: str, **environ: str) -> Done:
        """`python PATH ...` in a process that has the libraries of `main.py` loaded."""
        return forks().run(Path(path), arguments, self.environ(**environ), self.root, seconds=900)

    def relay(self, *arguments: str, **environ: str) -> Done:
        """`main.py ...`, such as `main.py publish`, with its libraries loaded."""
        return self.script("main.py", *arguments, **environ)

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
        """`python main.py ...` in the background, until the test ends at the latest."""
        running = subprocess.Popen(
            [sys.executable, "main.py", "env_manager=local", *arguments],
            cwd=self.root,
            env=self.environ(**environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        _STARTED.append(running)
        return running

    def start_until(self, step: str, *arguments: str) -> subprocess.Popen[str]:
        """`start`, and wait until `step` has begun its work."""
        before = set((self.root / "outputs").glob("*/logs"))
        running = self.start(*arguments)
        wait_for(
            lambda: any(
                log.stat().st_size
                for log in (self.root / "outputs").glob(f"2*/logs/{step}.log")
                if log.parent not in before
            )
        )
        return running

    def code(self, code: str, *arguments: str, **environ: str) -> Any:
        """Run Python code that reads the store, and return the JSON that it prints."""
        path = self.root.with_name(f"{self.root.name}-code.py")
        path.write_text(code, encoding="utf-8")
        folders = Project(self.root).variables({})
        source = str(self.root / "src")
        done = self.script(path, *arguments, **folders, **environ, PYTHONPATH=source)
        assert done.status == 0, done.output
        return json.loads(done.output.splitlines()[-1])

    @property
    def summary(self) -> Any:
        """The newest run's summary.json."""
        return json.loads((self.root / "outputs" / "latest" / "summary.json").read_text())

    def step(self, name: str) -> Any:
        return next(step for step in self.summary["steps"] if step["name"] == name)

    def measured(self) -> dict[str, dict[str, float]]:
        """Return by step what was measured, except times and what the champion decides."""
        return {
            step["name"]: {
                name: value for name, value in step["metrics"].items() if "seconds" not in name
            }
            for step in self.summary["steps"]
            if step["name"] != "register"
        }

    def statuses(self) -> dict[str, str]:
        return {step["name"]: step["status"] for step in self.summary["steps"]}

    @property
    def mlflow(self) -> mlflow.MlflowClient:
        return mlflow.MlflowClient(f"sqlite:///{self.root}/mlflow.db")

    def mlflow_children(self) -> list[Run]:
        """Return the steps' MLflow runs of the newest pipeline run."""
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
        versions: dict[str, int] = self.code(code)
        return versions


@functools.cache
def forks() -> Forks:
    """Return a process that has loaded what `main.py` needs; one for all tests of this process."""
    folder = Path(tempfile.mkdtemp(prefix="relay-forks-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    scripts = [Path(str(module.__file__)) for module in (run_command, orchestrator, connection)]
    environ = Checkout(folder).environ(**Project(folder).variables({}))
    loaded = [*list_libraries(scripts, ROOT), *((name, ()) for name in _LATE)]
    running = Forks(folder, environ, loaded, ROOT / "src", RELOADED, share_preloaded())
    atexit.register(running.close)
    return running


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """End what a test that failed has left in the background."""
    yield
    while _STARTED:
        running = _STARTED.pop()
        if running.poll() is None:
            children = psutil.Process(running.pid).children(recursive=True)
            running.kill()
            running.wait()
            for child in children:
                with contextlib.suppress(psutil.Error):
                    child.kill()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return new_checkout(tmp_path_factory.mktemp("checkout") / "relay")


def new_checkout(root: Path, more: Sequence[str] = (), store: bool = True) -> Checkout:
    """Return a copy of the project's own files, and of `more`, in the new folder `root`.

    Without the empty MLflow `store`, the first run makes one, as in a new clone.
    """
    copy_project(root, more)
    if store:
        copy_store(root / "mlflow.db")
    return Checkout(root)


GIT_URL = "https://git.test/relay"


def publish_tag(checkout: Checkout, there: Path) -> dict[str, str]:
    """Make a repository in `there` whose tag v1 has the checkout, and whose newest commit fails.

    Return the environment variables with which Git finds it at `GIT_URL`.
    """
    git = ("git", "-c", "user.name=me", "-c", "user.email=me@here.test", "-C", str(there))
    ignored = shutil.ignore_patterns(".*", "outputs", "mlruns", "mlflow.db")
    shutil.copytree(checkout.root, there, symlinks=True, ignore=ignored)
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all"], ["tag", "v1"]):
        subprocess.run([*git, *words], check=True)
    (there / "main.py").write_text("raise SystemExit('newer than the tag')")
    subprocess.run([*git, "commit", "-q", "-a", "-m", "newer"], check=True)
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{there}.insteadOf",
        "GIT_CONFIG_VALUE_0": GIT_URL,
    }


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    """Wait until `condition` holds; fails where it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)
