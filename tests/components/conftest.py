"""A local store of its own for each test, and components run on it by their command line."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from relay.step.result import StepResult, read_result
from relay.tables.io import table_metadata, write_parquet
from relay.tracking import ArtifactVersion, Draft, RunSpec, TrackingSettings, open_backend
from relay.tracking.interface import Backend
from tests.loading import COMPONENTS, ROOT


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

    def environ(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT / "src"),
            "TRACKIO_DIR": str(self.trackio),
            "MLFLOW_TRACKING_URI": f"sqlite:///{self.folder}/mlflow.db",
            "RELAY_BACKEND": "local",
            "RELAY_PROJECT": self.project,
            "RELAY_RESULT": str(self.folder / "result.json"),
        }

    def run(self, component: str, **params: Any) -> Finished:
        """Run `components/<component>` with `params`, as its MLproject would."""
        result = self.folder / "result.json"
        result.unlink(missing_ok=True)
        command = [sys.executable, "run.py"]
        for name, value in params.items():
            command += [f"--{name}", str(value)]
        # A component ends when its standard input does, so it must stay open while it runs.
        reading, writing = os.pipe()
        try:
            done = subprocess.run(
                command,
                cwd=COMPONENTS / component,
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
        return Finished(done.returncode, done.stdout + done.stderr, read_result(result))

    def put(
        self, name: str, type: str, path: Path, metadata: Mapping[str, Any] | None = None
    ) -> ArtifactVersion:
        """Log the file or folder `path` as an artifact."""
        run = self.backend.start_run(RunSpec(uuid.uuid4().hex, "put", "put"))
        version = run.log_artifact(Draft(name, type, path, "", dict(metadata or {})))
        run.finish("succeeded")
        return version

    def put_table(self, name: str, type: str, table: pd.DataFrame) -> ArtifactVersion:
        """Log `table` as an artifact, as a step would."""
        path = write_parquet(table, self.folder / "put" / name / "data.parquet")
        return self.put(name, type, path, table_metadata(table))

    def files(self, reference: str) -> Path:
        """A folder with the files of the artifact `reference`."""
        run = self.backend.start_run(RunSpec(uuid.uuid4().hex, "get", "get"))
        version = run.use_artifact(reference)
        folder = self.folder / "got" / str(version).replace(":", "-")
        folder.mkdir(parents=True, exist_ok=True)
        run.download(version, folder)
        run.finish("succeeded")
        return folder

    def table(self, reference: str) -> pd.DataFrame:
        """The table in the artifact `reference`."""
        return pd.read_parquet(self.files(reference) / "data.parquet")


@pytest.fixture
def store(trackio_folder: Path, tmp_path: Path) -> Store:
    """An empty store: a project of its own."""
    project = f"test-{uuid.uuid4().hex[:12]}"
    return Store(
        tmp_path, trackio_folder, open_backend(TrackingSettings("local", project), ROOT), project
    )
