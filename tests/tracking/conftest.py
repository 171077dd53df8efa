"""Both backends, each on an empty store: what holds for one has to hold for the other."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from relay.tracking import (
    ArtifactVersion,
    Backend,
    Draft,
    RunSpec,
    TrackingSettings,
    open_backend,
)
from tests.loading import ROOT
from tests.wandb_server import WandbServer


@dataclass(frozen=True)
class Store:
    """An empty store behind the interface, with a folder for files."""

    backend: Backend
    folder: Path
    project: str
    server: WandbServer | None = None

    def spec(self, step: str = "step", **more: Any) -> RunSpec:
        return RunSpec(uuid.uuid4().hex[:16], step, step, **more)

    def put(
        self,
        content: str,
        name: str = "table",
        type: str = "t",
        metadata: Mapping[str, Any] | None = None,
    ) -> ArtifactVersion:
        """Log a file with `content` as an artifact, by a run of its own."""
        path = self.folder / "file.txt"
        path.write_text(content)
        return self.put_path(path, name, type, metadata or {"content": content})

    def put_path(
        self, path: Path, name: str, type: str, metadata: Mapping[str, Any]
    ) -> ArtifactVersion:
        run = self.backend.start_run(self.spec("put"))
        try:
            return next(run.log_artifacts([Draft(name, type, path, f"About {name}.", metadata)]))
        finally:
            run.finish("succeeded")

    def found(self, reference: str) -> ArtifactVersion:
        version = self.backend.find(reference)
        assert version is not None, f"there is no {reference}"
        return version

    def files(self, reference: str) -> Path:
        """Return a folder with the files of the artifact `reference`."""
        run = self.backend.start_run(self.spec("get"))
        version = run.use_artifact(reference)
        folder = self.folder / "got" / str(version).replace("/", "-")
        folder.mkdir(parents=True, exist_ok=True)
        run.download(version, folder)
        run.finish("succeeded")
        return folder

    def sibling(self, project: str) -> Store:
        """Return the project `project` of the same store."""
        settings = TrackingSettings(self.backend.name, project)
        return Store(open_backend(settings, ROOT), self.folder, project, self.server)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WandbServer]:
    """Yield a W&B server of our own on loopback, and a login for it."""
    folder = tmp_path_factory.mktemp("wandb")
    with WandbServer() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_BASE_URL", server.url)
        patch.setenv("WANDB_API_KEY", server.key)
        for name in ("WANDB_DIR", "WANDB_DATA_DIR", "WANDB_CACHE_DIR"):
            patch.setenv(name, str(folder))
        yield server


@pytest.fixture(params=["local", "wandb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Return an empty store of each backend: a project of its own."""
    online = request.param == "wandb"
    fixture = request.getfixturevalue("server" if online else "trackio_folder")
    project = f"test-{uuid.uuid4().hex[:12]}"
    backend = open_backend(TrackingSettings(request.param, project), ROOT)
    return Store(backend, tmp_path, project, fixture if online else None)
