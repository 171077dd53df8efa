"""A run in the local store, by Trackio; importing it takes a while."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trackio
from trackio.sqlite_storage import SQLiteStorage

from relay.tracking.interface import ArtifactVersion, Draft, Row, RunSpec, RunStatus
from relay.tracking.missing import hint_on_missing
from relay.util.errors import RelayError

if TYPE_CHECKING:
    from relay.tracking.local.backend import LocalBackend

JOB_TYPE, FACTS = "job_type", "relay"
"""Keys of a run's config: its step, and what else Trackio has no place for."""


def alert_title(status: RunStatus) -> str:
    """Return the title of the alert about the end of a run."""
    return f"Run {status}"


def stored_artifact(project: str, version: ArtifactVersion) -> trackio.Artifact:
    """Trackio's own object for a version that `project` has, to be used."""
    record = SQLiteStorage.get_artifact_manifest(project, version.name, version.version)
    artifact = trackio.Artifact(version.name, version.type)
    artifact._hydrate_from_db(
        project=project,
        **{
            key: record[key]
            for key in ("version", "aliases", "manifest", "manifest_digest", "size_bytes")
        },
    )
    return artifact


def start_run(backend: LocalBackend, spec: RunSpec) -> LocalRun:
    """Start a run in the project of `backend`, or go on with the one that has its id."""
    before = _config_of(backend.project, spec)
    facts = {
        "id": spec.id,
        "tags": list(spec.tags),
        "notes": spec.notes,
        "git_commit": spec.git_commit,
    }
    # Trackio greets on standard output, which is the step's log.
    with contextlib.redirect_stdout(io.StringIO()):
        run = trackio.init(
            project=backend.project,
            name=spec.name,
            group=spec.group,
            config=before or {JOB_TYPE: spec.step, **spec.config, FACTS: facts},
            resume="must" if before else "never",
            embed=False,
            auto_log_gpu=False,
            auto_log_cpu=True,
            cpu_log_interval=2.0,
        )
    return LocalRun(backend, run)


def _config_of(project: str, spec: RunSpec) -> dict[str, Any]:
    """Return the config of the run that has the id of `spec`; empty if there is none."""
    config = SQLiteStorage.get_run_config(project, spec.name) or {}
    mine = config.get(FACTS, {}).get("id") == spec.id
    return {key: one for key, one in config.items() if not key.startswith("_")} if mine else {}


class LocalRun:
    """One Trackio run."""

    url = None

    def __init__(self, backend: LocalBackend, run: trackio.Run) -> None:
        self._backend = backend
        self._run = run

    def use_artifact(self, reference: str) -> ArtifactVersion:
        version = self._backend.find(reference)
        if version is None:
            raise RelayError(
                f"Artifact '{reference}' is not in the local store (project "
                f"'{self._backend.project}').{hint_on_missing(self._backend, reference)} "
                "Run the step that makes it first."
            )
        self._run.use_artifact(self._trackio_artifact(version))
        return version

    def download(self, artifact: ArtifactVersion, folder: Path) -> None:
        self._backend.download(artifact, folder)

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

    def log(self, row: Row) -> None:
        values: dict[str, Any] = dict(row.metrics)
        values |= {name: trackio.Image(str(path)) for name, path in row.images.items()}
        values |= {
            name: trackio.Table(columns=list(table.columns), data=[list(one) for one in table.rows])
            for name, table in row.tables.items()
        }
        self._run.log(values, step=row.step)

    def update_config(self, values: Mapping[str, Any]) -> None:
        # Trackio stores it with the first numbers.
        self._run.config.update(values)

    def finish(self, status: RunStatus, message: str = "") -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            if status != "succeeded" and not self._was_alerted(status):
                # Trackio keeps no status of a run; an alert is what its pages show.
                self._run.alert(alert_title(status), message, level=trackio.AlertLevel.ERROR)
            trackio.finish()

    def _was_alerted(self, status: RunStatus) -> bool:
        """Return whether this run was ended that way before, and is gone on with."""
        alerts = SQLiteStorage.get_alerts(self._backend.project, self._run.name, self._run.id)
        return any(alert["title"] == alert_title(status) for alert in alerts)

    def _trackio_artifact(self, version: ArtifactVersion) -> trackio.Artifact | str:
        if not version.place:
            return str(version)
        # By name, Trackio finds artifacts of the run's own project only.
        return stored_artifact(version.place, version)
