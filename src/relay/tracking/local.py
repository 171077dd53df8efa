"""The local backend: Trackio, a store in the project's folder that needs no account."""

from __future__ import annotations

import contextlib
import io
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import trackio
from trackio.registry_storage import RegistryStorage, resolve_collection_link
from trackio.sqlite_storage import SQLiteStorage

from relay.errors import RelayError
from relay.tracking.digests import digest_of_files
from relay.tracking.interface import ArtifactVersion, Draft, Row, RunSpec, RunStatus
from relay.tracking.references import Reference

# Set, each of these would make Trackio write to a server instead of to the project's folder.
_REMOTE_VARIABLES = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL", "TRACKIO_REGISTRY_BUCKET_ID")

JOB_TYPE, FACTS = "job_type", "relay"
"""Keys of a run's config: its step, and what else Trackio has no place for."""


def alert_title(status: RunStatus) -> str:
    """The title of the alert that says how a run ended."""
    return f"Run {status}"


def stored_artifact(project: str, version: ArtifactVersion) -> trackio.Artifact:
    """Trackio's own object for a version that `project` has, to be used or downloaded."""
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


class LocalBackend:
    """Runs and artifacts of one Trackio project; the store's folder is TRACKIO_DIR."""

    name = "local"

    def __init__(self, project: str) -> None:
        for variable in _REMOTE_VARIABLES:
            os.environ.pop(variable, None)
        self.project = project

    def start_run(self, spec: RunSpec) -> LocalRun:
        before = self._config_of(spec)
        facts = {
            "id": spec.id,
            "tags": list(spec.tags),
            "notes": spec.notes,
            "git_commit": spec.git_commit,
        }
        # Trackio greets on standard output, which is the step's log.
        with contextlib.redirect_stdout(io.StringIO()):
            run = trackio.init(
                project=self.project,
                name=spec.name,
                group=spec.group,
                config=before or {JOB_TYPE: spec.step, **spec.config, FACTS: facts},
                resume="must" if before else "never",
                embed=False,
                auto_log_gpu=False,
                auto_log_cpu=True,
                cpu_log_interval=2.0,
            )
        return LocalRun(self, run)

    def find(self, reference: str) -> ArtifactVersion | None:
        project, record = self._record(Reference.parse(reference))
        return None if record is None else self._version(project, record)

    def download(self, artifact: ArtifactVersion, folder: Path) -> None:
        with self._errors():
            stored_artifact(artifact.place or self.project, artifact).download(folder)

    def made_from(self, artifact: ArtifactVersion) -> list[ArtifactVersion]:
        with self._errors():
            found = SQLiteStorage.resolve_artifact_version(
                artifact.place or self.project, artifact.name, artifact.version
            )
            if found is None:
                return []
            made = []
            for run in SQLiteStorage.get_artifact_consumers(self.project, found["version_id"]):
                links = SQLiteStorage.get_run_artifacts(
                    self.project, run["run_name"], run["run_id"]
                )
                made += [self.find(f"{one['name']}:v{one['version']}") for one in links["output"]]
        return list(dict.fromkeys(one for one in made if one is not None))

    def set_alias(self, artifact: ArtifactVersion, alias: str) -> None:
        project = artifact.place or self.project
        with self._errors():
            found = SQLiteStorage.resolve_artifact_version(project, artifact.name, artifact.version)
            if found is None:
                raise RelayError(f"Artifact {artifact} is not in the local store any more.")
            SQLiteStorage.reassign_alias(project, found["artifact_id"], alias, found["version_id"])

    def link(
        self, artifact: ArtifactVersion, collection: Reference, aliases: Sequence[str]
    ) -> None:
        if collection.registry is None:
            raise RelayError(f"'{collection.path}' is no collection of a registry.")
        with self._errors():
            with contextlib.suppress(ValueError):  # it is there already
                RegistryStorage.create_registry(collection.registry)
            RegistryStorage.link_artifact_version(
                registry=collection.registry,
                collection=collection.name,
                type=artifact.type,
                source_project=artifact.place or self.project,
                source_artifact=artifact.name,
                source_version=int(artifact.version.removeprefix("v")),
                aliases=list(aliases),
                run_name=None,
                run_id=None,
            )

    def url(self) -> None:
        return None

    def _config_of(self, spec: RunSpec) -> dict[str, Any]:
        """The config of the run that has the id of `spec`; empty where there is none."""
        with self._errors():
            config = SQLiteStorage.get_run_config(self.project, spec.name) or {}
        mine = config.get(FACTS, {}).get("id") == spec.id
        return {key: one for key, one in config.items() if not key.startswith("_")} if mine else {}

    def _record(self, reference: Reference) -> tuple[str, dict[str, Any] | None]:
        """The project that an artifact is in, and Trackio's record of the version."""
        if reference.entity is not None:
            raise RelayError(
                f"'{reference}': the local store has no entities; write "
                f"{reference.project}/{reference.name}:{reference.alias}, or use tracking=wandb."
            )
        project = reference.project or self.project
        name, spec = reference.name, reference.alias
        with self._errors():
            if reference.registry is not None:
                found = RegistryStorage.get_collection(reference.registry, reference.name)
                try:
                    link = resolve_collection_link(found["links"] if found else [], spec)
                except ValueError:
                    return project, None
                project = link["source_project"]
                name, spec = link["source_artifact"], f"v{link['source_version']}"
            return project, SQLiteStorage.get_artifact_manifest(project, name, spec)

    def _version(self, project: str, record: Mapping[str, Any]) -> ArtifactVersion:
        return ArtifactVersion(
            name=record["name"],
            version=f"v{record['version']}",
            type=record["type"],
            digest=digest_of_files({one["path"]: one["digest"] for one in record["manifest"]}),
            aliases=tuple(record["aliases"]),
            metadata=record["metadata"] or {},
            place="" if project == self.project else project,
        )

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise RelayError(
                f"The local store in {os.environ.get('TRACKIO_DIR')} cannot be read: {error}. "
                "Move it away to begin a new one, or name another with TRACKIO_DIR."
            ) from error
        except ValueError as error:
            raise RelayError(f"The local store: {error}") from error


class LocalRun:
    """One Trackio run."""

    url = None

    def __init__(self, backend: LocalBackend, run: trackio.Run) -> None:
        self._backend = backend
        self._run = run
        self._used: dict[str, trackio.Artifact] = {}

    def use_artifact(self, reference: str) -> ArtifactVersion:
        version = self._backend.find(reference)
        if version is None:
            raise RelayError(
                f"Artifact '{reference}' is not in the local store (project "
                f"'{self._backend.project}'). Run the step that makes it first."
            )
        self._used[str(version)] = self._run.use_artifact(self._trackio_artifact(version))
        return version

    def download(self, artifact: ArtifactVersion, folder: Path) -> None:
        self._used[str(artifact)].download(folder)

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
            if status != "succeeded":
                # Trackio keeps no status of a run; an alert is what its pages show.
                self._run.alert(alert_title(status), message, level=trackio.AlertLevel.ERROR)
            trackio.finish()

    def _trackio_artifact(self, version: ArtifactVersion) -> trackio.Artifact | str:
        if not version.place:
            return str(version)
        # By name, Trackio finds artifacts of the run's own project only.
        return stored_artifact(version.place, version)
