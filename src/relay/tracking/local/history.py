"""The history of a project in the local store: its runs, aliases and links, in their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

from trackio.registry_storage import RegistryStorage
from trackio.sqlite_storage import SQLiteStorage
from trackio.utils import MEDIA_DIR

from relay.tracking.interface import (
    SECONDS,
    ArtifactVersion,
    Draft,
    Row,
    RunSpec,
    RunStatus,
    Table,
)
from relay.tracking.local.backend import LocalBackend
from relay.tracking.local.run import FACTS, JOB_TYPE, alert_title
from relay.tracking.references import Reference
from relay.util.errors import RelayError

_ROW_KEYS = ("step", "timestamp")


@dataclass(frozen=True)
class PastRun:
    """A run of the local store; inputs and outputs are exact versions of it."""

    spec: RunSpec
    status: RunStatus
    message: str
    rows: tuple[Row, ...]
    inputs: tuple[ArtifactVersion, ...]
    outputs: tuple[ArtifactVersion, ...]


@dataclass(frozen=True)
class RegistryLink:
    """A version that is linked into a registry's collection."""

    artifact: ArtifactVersion
    collection: Reference
    aliases: tuple[str, ...]


class LocalHistory:
    """The history of one project of the local store."""

    def __init__(self, project: str) -> None:
        self.project = project
        self._backend = LocalBackend(project)

    def runs(self) -> list[PastRun]:
        """Return Relay's runs, oldest first; skip those of other programs in the same store."""
        runs = []
        for record in SQLiteStorage.get_run_records(self.project):
            config = SQLiteStorage.get_run_config(self.project, record["name"], record["id"]) or {}
            if FACTS in config:
                runs.append((str(config["_Created"]), self._run(record, config)))
        return [run for _, run in sorted(runs, key=lambda pair: pair[0])]

    def aliases(self) -> list[tuple[ArtifactVersion, str]]:
        """Return every alias but `latest`, which follows from the order of the runs."""
        return [
            (self._exact(artifact["name"], version["version"]), alias)
            for artifact in SQLiteStorage.list_artifacts(self.project)
            for version in artifact["versions"]
            for alias in sorted(version["aliases"])
            if alias != "latest"
        ]

    def links(self) -> list[RegistryLink]:
        """Return every link of this project's artifacts into a registry, oldest first."""
        return [
            RegistryLink(
                artifact=self._exact(link["source_artifact"], link["source_version"]),
                collection=Reference.to_collection(registry["name"], collection["name"]),
                aliases=tuple(sorted(set(link["aliases"]) - {"latest"})),
            )
            for registry in RegistryStorage.list_registries()
            for collection in RegistryStorage.list_collections(registry["name"])
            for link in sorted(
                collection["links"], key=lambda link: int(link["collection_version"])
            )
            if link["source_project"] == self.project
        ]

    def size(self, artifact: ArtifactVersion) -> int:
        """Return the number of bytes of all files of a version."""
        return int(self._record(artifact)["size_bytes"])

    def draft(self, artifact: ArtifactVersion, folder: Path) -> Draft:
        """Return `artifact` as it would be logged again, with its files in `folder`."""
        record = self._record(artifact)
        self._backend.download(artifact, folder)
        return Draft(
            artifact.name, artifact.type, folder, record["description"] or "", artifact.metadata
        )

    def _run(self, record: Mapping[str, Any], config: Mapping[str, Any]) -> PastRun:
        name, run_id = record["name"], record["id"]
        facts = config[FACTS]
        rows = tuple(_row(log) for log in SQLiteStorage.get_logs(self.project, name, run_id=run_id))
        links = SQLiteStorage.get_run_artifacts(self.project, name, run_id)
        status, message = self._end(name, run_id, rows)
        own = {k: v for k, v in config.items() if k not in (JOB_TYPE, FACTS) and k[0] != "_"}
        return PastRun(
            spec=RunSpec(
                id=facts["id"],
                name=name,
                step=config[JOB_TYPE],
                group=config["_Group"],
                config=own,
                tags=tuple(facts["tags"]),
                notes=facts["notes"],
                git_commit=facts["git_commit"],
            ),
            status=status,
            message=message,
            rows=rows,
            inputs=tuple(self._linked(link) for link in links["input"]),
            outputs=tuple(self._linked(link) for link in links["output"]),
        )

    def _end(self, name: str, run_id: str, rows: tuple[Row, ...]) -> tuple[RunStatus, str]:
        titles = {alert_title(status): status for status in get_args(RunStatus)}
        for alert in SQLiteStorage.get_alerts(self.project, name, run_id):
            if alert["title"] in titles:
                return titles[alert["title"]], alert["text"] or ""
        if any(SECONDS in row.metrics for row in rows):
            return "succeeded", ""
        return "killed", "it ended without an error message"

    def _linked(self, link: Mapping[str, Any]) -> ArtifactVersion:
        return self._exact(link["name"], link["version"], link["project"])

    def _exact(self, name: str, version: int, project: str | None = None) -> ArtifactVersion:
        place = f"{project}/" if project not in (None, self.project) else ""
        artifact = self._backend.find(f"{place}{name}:v{version}")
        if artifact is None:
            raise RelayError(
                f"{place}{name}:v{version}: its entry in the local store is missing, so the "
                "history is not complete. Restore the store's folder from a copy."
            )
        return artifact

    def _record(self, artifact: ArtifactVersion) -> dict[str, Any]:
        record: dict[str, Any] = SQLiteStorage.get_artifact_manifest(
            self.project, artifact.name, artifact.version
        )
        return record


def _row(log: Mapping[str, Any]) -> Row:
    metrics: dict[str, float] = {}
    images: dict[str, Path] = {}
    tables: dict[str, Table] = {}
    for name, value in log.items():
        if name in _ROW_KEYS:
            continue
        kind = value.get("_type") if isinstance(value, dict) else None
        if kind == "trackio.image":
            images[name] = MEDIA_DIR / value["file_path"]
        elif kind == "trackio.table":
            tables[name] = _table(value["_value"])
        elif isinstance(value, (int, float)):
            metrics[name] = value
    moment = datetime.fromisoformat(str(log["timestamp"])).timestamp()
    return Row(metrics, images, tables, step=int(log["step"]), time=moment)


def _table(records: list[dict[str, Any]]) -> Table:
    columns = tuple(records[0]) if records else ()
    return Table(columns, tuple(tuple(record.values()) for record in records))
