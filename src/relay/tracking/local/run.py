"""A run in the local store, by Trackio, which is slow to import."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import trackio
from trackio.sqlite_storage import SQLiteStorage

from relay.tracking.interface import ArtifactVersion, Backend, Draft, Row, RunSpec, RunStatus
from relay.tracking.not_found import hint_on_missing
from relay.util.errors import RelayError

JOB_TYPE, FACTS = "job_type", "relay"
"""Keys of a run's config: its step, and facts that Trackio has no field for."""


def alert_title(status: RunStatus) -> str:
    """Return the title of the alert about the end of a run."""
    return f"Run {status}"


def stored_artifact(project: str, version: ArtifactVersion) -> trackio.Artifact:
    """Return Trackio's own object for a version in `project`."""
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


def start_run(backend: Backend, project: str, spec: RunSpec) -> LocalRun:
    """Start a run in `project` of the store, or continue the one that has its id."""
    before = _config_of(project, spec)
    facts = {
        "id": spec.id,
        "tags": list(spec.tags),
        "notes": spec.notes,
        "git_commit": spec.git_commit,
    }
    # Trackio prints a greeting to standard output, which is the step's log.
    with contextlib.redirect_stdout(io.StringIO()):
        run = trackio.init(
            project=project,
            name=spec.name,
            group=spec.group,
            config=before or {JOB_TYPE: spec.step, **spec.config, FACTS: facts},
            resume="must" if before else "never",
            embed=False,
            auto_log_gpu=False,
            auto_log_cpu=True,
            cpu_log_interval=2.0,
        )
    return LocalRun(backend, project, run)


def _config_of(project: str, spec: RunSpec) -> dict[str, Any]:
    """Return the config of the run that has the id of `spec`; empty if there is none."""
    config = SQLiteStorage.get_run_config(project, spec.name) or {}
    if config.get(FACTS, {}).get("id") != spec.id:
        return {}
    return {key: value for key, value in config.items() if not key.startswith("_")}


class LocalRun:
    """One Trackio run."""

    url = None

    def __init__(self, backend: Backend, project: str, run: trackio.Run) -> None:
        self._backend = backend
        self._project = project
        self._run = run

    def use_artifact(self, reference: str) -> ArtifactVersion:
        version = self._backend.find(reference)
        if version is None:
            raise RelayError(
                f"{reference}: the local store has no such artifact (project "
                f"'{self._project}').{hint_on_missing(self._backend, reference)} "
                "Run the step that makes it first."
            )
        self._run.use_artifact(self._trackio_artifact(version))
        return version

    def download(self, artifact: ArtifactVersion, folder: Path) -> None:
        self._backend.download(artifact, folder)

    def log_artifacts(self, drafts: Sequence[Draft]) -> Iterator[ArtifactVersion]:
        yield from map(self._log_artifact, drafts)

    def _log_artifact(self, draft: Draft) -> ArtifactVersion:
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
            raise RelayError(
                f"{draft.name}: the local store refused the artifact ({error}). Give it another "
                "name or type."
            ) from error
        version = self._backend.find(f"{draft.name}:{logged.version}")
        if version is None:
            raise RelayError(
                f"{draft.name}: the artifact was stored but cannot be read back. Check that no "
                "other program changes the local store, and run the step again."
            )
        # Trackio moves aliases forward only; content that comes back is `latest` again.
        for alias in ("latest", *draft.aliases):
            self._backend.set_alias(version, alias)
        return self._backend.find(str(version)) or version

    def log(self, row: Row) -> None:
        values: dict[str, Any] = dict(row.metrics)
        values |= {name: trackio.Image(str(path)) for name, path in row.images.items()}
        values |= {
            name: trackio.Table(columns=list(table.columns), data=list(map(list, table.rows)))
            for name, table in row.tables.items()
        }
        self._run.log(values, step=row.step)

    def update_config(self, values: Mapping[str, Any]) -> None:
        # Trackio stores it with the first numbers.
        self._run.config.update(values)

    def finish(self, status: RunStatus, message: str = "") -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            if status != "succeeded" and not self._was_alerted(status):
                # Trackio keeps no status of a run; its pages show alerts.
                self._run.alert(alert_title(status), message, level=trackio.AlertLevel.ERROR)
            trackio.finish()

    def _was_alerted(self, status: RunStatus) -> bool:
        """Return whether this run ended that way before, and was continued."""
        alerts = SQLiteStorage.get_alerts(self._project, self._run.name, self._run.id)
        return any(alert["title"] == alert_title(status) for alert in alerts)

    def _trackio_artifact(self, version: ArtifactVersion) -> trackio.Artifact | str:
        if not version.place:
            return str(version)
        # By name, Trackio finds artifacts of the run's own project only.
        return stored_artifact(version.place, version)
