"""The local backend: Trackio, a store in the project's folder that needs no account."""

from __future__ import annotations

import contextlib
import io
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import trackio
from trackio.sqlite_storage import SQLiteStorage

from relay.errors import RelayError
from relay.tracking.interface import ArtifactVersion, Draft, Reference, RunStatus

# Set, each of these would make Trackio write to a server instead of to the project's folder.
_REMOTE_VARIABLES = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL", "TRACKIO_REGISTRY_BUCKET_ID")


class LocalBackend:
    """Runs and artifacts of one Trackio project; the store's folder is TRACKIO_DIR."""

    name = "local"

    def __init__(self, project: str) -> None:
        for variable in _REMOTE_VARIABLES:
            os.environ.pop(variable, None)
        self.project = project

    def start_run(
        self, *, name: str, job_type: str, group: str | None, config: Mapping[str, Any]
    ) -> LocalRun:
        # Trackio greets on standard output, which is the step's log.
        with contextlib.redirect_stdout(io.StringIO()):
            run = trackio.init(
                project=self.project,
                name=name,
                group=group,
                config={"job_type": job_type, **config},
                embed=False,
                auto_log_gpu=False,
                auto_log_cpu=True,
                cpu_log_interval=2.0,
            )
        return LocalRun(self, run)

    def find(self, reference: str) -> ArtifactVersion | None:
        record = self._record(Reference.parse(reference))
        return None if record is None else _version(record)

    def set_alias(self, artifact: ArtifactVersion, alias: str) -> None:
        found = SQLiteStorage.resolve_artifact_version(
            self.project, artifact.name, artifact.version
        )
        if found is None:
            raise RelayError(f"Artifact {artifact} is not in the local store any more.")
        SQLiteStorage.reassign_alias(self.project, found["artifact_id"], alias, found["version_id"])

    def _record(self, reference: Reference) -> dict[str, Any] | None:
        try:
            record: dict[str, Any] | None = SQLiteStorage.get_artifact_manifest(
                self.project, reference.name, reference.alias
            )
        except sqlite3.Error as error:
            raise RelayError(
                f"The local store in {os.environ.get('TRACKIO_DIR')} cannot be read: {error}. "
                "Move it away to begin a new one, or name another with TRACKIO_DIR."
            ) from error
        return record


class LocalRun:
    """One Trackio run."""

    def __init__(self, backend: LocalBackend, run: trackio.Run) -> None:
        self._backend = backend
        self._run = run
        self._used: dict[ArtifactVersion, trackio.Artifact] = {}

    def use_artifact(self, reference: str) -> ArtifactVersion:
        version = self._backend.find(reference)
        if version is None:
            raise RelayError(
                f"Artifact '{reference}' is not in the local store (project "
                f"'{self._backend.project}'). Run the step that makes it first."
            )
        artifact = self._run.use_artifact(str(version))
        self._used[version] = artifact
        return version

    def download(self, artifact: ArtifactVersion, folder: Path) -> None:
        self._used[artifact].download(folder)

    def log_artifact(self, draft: Draft) -> ArtifactVersion:
        artifact = trackio.Artifact(
            draft.name, draft.type, description=draft.description, metadata=dict(draft.metadata)
        )
        if draft.path.is_dir():
            artifact.add_dir(draft.path)
        else:
            artifact.add_file(draft.path)
        try:
            logged = self._run.log_artifact(artifact)
        except ValueError as error:
            raise RelayError(f"Artifact '{draft.name}' was not stored: {error}") from error
        version = self._backend.find(f"{draft.name}:{logged.version}")
        if version is None:
            raise RelayError(f"Artifact '{draft.name}' was stored but cannot be read back.")
        # Trackio moves aliases forward only; content that comes back is `latest` again.
        self._backend.set_alias(version, "latest")
        return self._backend.find(str(version)) or version

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        self._run.log(dict(metrics))

    def log_image(self, name: str, path: Path) -> None:
        self._run.log({name: trackio.Image(str(path))})

    def finish(self, status: RunStatus, message: str = "") -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            if status != "succeeded":
                # Trackio keeps no status of a run; an alert is what its pages show.
                self._run.alert(f"Run {status}", message, level=trackio.AlertLevel.ERROR)
            trackio.finish()


def _version(record: Mapping[str, Any]) -> ArtifactVersion:
    return ArtifactVersion(
        name=record["name"],
        version=f"v{record['version']}",
        type=record["type"],
        digest=record["manifest_digest"],
        aliases=tuple(record["aliases"]),
        metadata=record["metadata"] or {},
    )
