"""A local store of its own for each test, and components run on it by their command line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from relay.runtime.libraries import list_libraries
from relay.step.result import StepResult, read_result
from relay.tables.io import table_metadata, write_parquet
from relay.tracking import ArtifactVersion, Draft, RunSpec, TrackingSettings, open_backend
from relay.tracking.interface import Backend
from tests.forks import Done, Forks, share_preloaded
from tests.loading import COMPONENTS, ROOT
from tests.mlflow_store import copy_store
from tools import shipped

USED = (
    "relay.step.main",
    "relay.tracking.local.backend",
    "relay.tracking.local.run",
    "trackio.sqlite_storage",
)


either_way = pytest.mark.parametrize(
    "alone", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["forked", "alone"]
)
"""For a test of each component: in a fork that has its libraries, and in a new Python."""


@dataclass(frozen=True)
class Finished:
    """A component that has ended: exit status, all that it printed, and its report."""

    status: int
    output: str
    result: StepResult | None


@dataclass(frozen=True)
class Store:
    """A local store, empty at first, with a folder for files."""

    folder: Path
    trackio: Path
    backend: Backend
    project: str
    forks: Forks

    def environ(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT / "src"),
            "TRACKIO_DIR": str(self.trackio),
            "MLFLOW_TRACKING_URI": f"sqlite:///{self.folder}/mlflow.db",
            "RELAY_BACKEND": "local",
            "RELAY_PROJECT": self.project,
            "RELAY_RESULT": str(self.result),
        }

    def run(self, component: str, alone: Any = False, **params: Any) -> Finished:
        """Run `components/<component>` with `params`, as its MLproject would.

        In a fork that has its libraries loaded or, `alone`, in a new Python.
        """
        self.result.unlink(missing_ok=True)
        words = [word for name, value in params.items() for word in (f"--{name}", str(value))]
        folder = COMPONENTS / component
        if alone:
            done = self._start(folder, words)
        else:
            done = self.forks.run(folder / "run.py", words, self.environ(), folder)
        return Finished(done.status, done.output, read_result(self.result))

    def _start(self, folder: Path, words: list[str]) -> Done:
        # A component ends when its standard input does, so it must stay open while it runs.
        reading, writing = os.pipe()
        try:
            done = subprocess.run(
                [sys.executable, "run.py", *words],
                cwd=folder,
                env=self.environ(),
                stdin=reading,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
        finally:
            os.close(reading)
            os.close(writing)
        return Done(done.returncode, done.stdout + done.stderr)

    @property
    def result(self) -> Path:
        """Where a component writes its report."""
        return self.folder / "result.json"

    def put(
        self, name: str, type: str, path: Path, metadata: Mapping[str, Any] | None = None
    ) -> ArtifactVersion:
        """Log the file or folder `path` as an artifact."""
        run = self.backend.start_run(RunSpec(uuid.uuid4().hex, "put", "put"))
        version = next(run.log_artifacts([Draft(name, type, path, "", dict(metadata or {}))]))
        run.finish("succeeded")
        return version

    def put_table(self, name: str, type: str, table: pd.DataFrame) -> ArtifactVersion:
        """Log `table` as an artifact, as a step would."""
        path = write_parquet(table, self.folder / "put" / name / "data.parquet")
        return self.put(name, type, path, table_metadata(table))

    def files(self, reference: str) -> Path:
        """Return a folder with the files of the artifact `reference`."""
        run = self.backend.start_run(RunSpec(uuid.uuid4().hex, "get", "get"))
        version = run.use_artifact(reference)
        folder = self.folder / "got" / str(version).replace(":", "-")
        folder.mkdir(parents=True, exist_ok=True)
        run.download(version, folder)
        run.finish("succeeded")
        return folder

    def table(self, reference: str) -> pd.DataFrame:
        """Return the table in the artifact `reference`."""
        return pd.read_parquet(self.files(reference) / "data.parquet")


@pytest.fixture(scope="session")
def forks(
    trackio_folder: Path, no_login: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Forks]:
    """Yield a process that has loaded what components need."""
    source = ROOT / "src"
    scripts = [COMPONENTS / name / "run.py" for name in shipped.COMPONENTS]
    texts = [path.read_text(encoding="utf-8") for path in COMPONENTS.glob("*/*.py")]
    ours = {name for text in texts for name in re.findall(r"^from (relay\S*) import", text, re.M)}
    loaded = [*list_libraries(scripts, ROOT), *((name, ()) for name in (*sorted(ours), *USED))]
    folder = tmp_path_factory.mktemp("forks")
    forks = Forks(folder, os.environ, loaded, source, servers=share_preloaded())
    yield forks
    forks.close()


@pytest.fixture
def store(trackio_folder: Path, tmp_path: Path, forks: Forks) -> Store:
    """Return an empty store: a project of its own."""
    project = f"test-{uuid.uuid4().hex[:12]}"
    copy_store(tmp_path / "mlflow.db")
    backend = open_backend(TrackingSettings("local", project), ROOT)
    return Store(tmp_path, trackio_folder, backend, project, forks)
