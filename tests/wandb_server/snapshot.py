"""What a project holds, as plain data: for comparing with what another store holds."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.wandb_server import runs
from tests.wandb_server.model import Artifact, Collection, Project, Run
from tests.wandb_server.state import State

_FILES_OF_THE_SDK = ("config.yaml", "requirements.txt", "wandb-metadata.json", "wandb-summary.json")


def snapshot(state: State, project_name: str, entity: str) -> dict[str, Any]:
    """Return the runs, artifacts and registry links of a project."""
    project = state.find_project(project_name, entity)
    if project is None:
        return {"runs": {}, "artifacts": {}, "links": {}, "sweeps": {}}
    return {
        "runs": {name: _run(run) for name, run in sorted(project.runs.items())},
        "artifacts": _artifacts(state, project),
        "links": _links(state, project),
        "sweeps": {
            name: {"state": sweep.state, "config": sweep.settings, "proposed": dict(sweep.proposed)}
            for name, sweep in project.sweeps.items()
        },
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "name": run.display_name,
        "group": run.group,
        "sweep": run.sweep,
        "job_type": run.job_type,
        "tags": sorted(run.tags),
        "notes": run.notes,
        "state": runs.state_of(run),
        "exit_code": run.exit_code,
        "config": {k: v.get("value") for k, v in run.config.items() if not k.startswith("_")},
        "summary": _plain(run.summary),
        "history": [_plain(row, keep=("_step", "_timestamp")) for row in runs.rows(run)],
        "files": {
            name: hashlib.sha256(upload.content).hexdigest()
            for name, upload in sorted(run.files.items())
            if upload.content is not None and name not in _FILES_OF_THE_SDK
        },
        "commit": run.commit,
        "inputs": _names(run.inputs, run.project),
        "outputs": _names(run.outputs, run.project),
        "created_at": run.created_at,
    }


def _plain(row: dict[str, Any], keep: tuple[str, ...] = ()) -> dict[str, Any]:
    return {k: _value(v) for k, v in row.items() if not k.startswith("_") or k in keep}


def _value(value: Any) -> Any:
    # of media, what they are: their paths and sizes are the SDK's affair
    if isinstance(value, dict) and "_type" in value:
        return {"_type": value["_type"], "sha256": value.get("sha256")}
    return value


def _names(artifacts: list[Artifact], project: Project) -> list[str]:
    return sorted(_name(a, project) for a in artifacts if a.version_index is not None)


def _name(artifact: Artifact, project: Project) -> str:
    owner = artifact.sequence.project
    if owner is project:
        return artifact.name
    return f"{owner.entity.name}/{owner.name}/{artifact.name}"


def _artifacts(state: State, project: Project) -> dict[str, Any]:
    artifacts: dict[str, Any] = {}
    for artifact in state.artifacts.values():
        if artifact.sequence.project is project:
            # one that was never committed has no version to tell it by
            pending = artifact.version_index is None
            artifacts[f"{artifact.name}{len(artifacts)}" if pending else artifact.name] = artifact
    return {name: _artifact(artifacts[name]) for name in sorted(artifacts)}


def _artifact(artifact: Artifact) -> dict[str, Any]:
    membership = artifact.membership
    return {
        "type": artifact.sequence.type.name,
        "digest": artifact.digest,
        "aliases": sorted(membership.aliases) if membership else [],
        "tags": sorted(artifact.tags),
        "metadata": json.loads(artifact.metadata) if artifact.metadata else {},
        "description": artifact.description,
        "files": {path: _file(artifact, path) for path in sorted(artifact.entries)},
        "state": artifact.state,
    }


def _file(artifact: Artifact, path: str) -> dict[str, Any]:
    entry = artifact.entries[path]
    if "ref" in entry:
        return {"ref": entry["ref"], "size": entry.get("size")}
    content = artifact.uploads[path].content or b""
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def _links(state: State, project: Project) -> dict[str, Any]:
    portfolios = [c for c in state.collections() if c.kind == "ArtifactPortfolio"]
    return {
        f"{c.project.name}/{c.name}:v{m.version_index}": {
            "source": m.artifact.name,
            "aliases": sorted(m.aliases),
        }
        for c in sorted(portfolios, key=_full_name)
        for m in c.memberships
        if m.artifact.sequence.project is project
    }


def _full_name(collection: Collection) -> tuple[str, str]:
    return collection.project.name, collection.name
