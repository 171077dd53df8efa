"""What happens to artifacts: created, filled, committed, named by aliases, linked, used."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from tests.wandb_server.model import (
    ApiError,
    Artifact,
    Collection,
    Manifest,
    Membership,
    Project,
    Upload,
    new_id,
    now,
)
from tests.wandb_server.state import State

LATEST = "latest"


def create(state: State, data: dict[str, Any]) -> Artifact:
    """Return the version to fill, or the one that has this content already.

    As on the real server, the content is what counts: a collection has one version of it, also if
    that is not its latest one, and logging it again adds aliases and tags to that version. Its
    metadata and description stay as they are. (Two writers of one new content at one moment make
    two versions: what a real server does then is not known here.)
    """
    project = state.project(data["project_name"], data["entity_name"])
    run_name = data.get("run_name")
    run = state.run(data["entity_name"], data["project_name"], run_name) if run_name else None
    client_id = data.get("client_id")
    for earlier in state.artifacts.values():
        if client_id and earlier.client_id == client_id and earlier.state != "DELETED":
            return earlier  # asked again: the answer was lost
    names = data.get("artifact_collection_names") or [data.get("artifact_collection_name") or ""]
    if len(names) != 1:
        raise ApiError("an artifact is of one collection")
    (name,) = names
    sequence = _collection(project, name, data["artifact_type_name"], "ArtifactSequence")
    aliases = [alias["alias"] for alias in data.get("aliases") or []]
    _check_aliases(aliases)
    tags = [tag["tag_name"] for tag in data.get("tags") or []]
    artifact = None
    if data.get("enable_digest_deduplication"):
        artifact = next(
            (m.artifact for m in sequence.memberships if m.artifact.digest == data["digest"]), None
        )
    if artifact is None:
        artifact = Artifact(
            sequence=sequence,
            digest=data["digest"],
            client_id=client_id,
            description=data.get("description"),
            metadata=_json_object(data.get("metadata")),
            digest_algorithm=data.get("digest_algorithm") or "MANIFEST_MD5",
            history_step=data.get("history_step"),
            aliases_asked=aliases,
            tags=list(dict.fromkeys(tags)),
            created_by=run,
        )
        state.artifacts[artifact.id] = artifact
    else:
        _set_aliases(artifact.membership, [*aliases, LATEST])
        artifact.tags = list(dict.fromkeys([*artifact.tags, *tags]))
    if run is not None and artifact not in run.outputs:
        run.outputs.append(artifact)
    return artifact


def create_manifest(state: State, data: dict[str, Any]) -> Manifest:
    """Return a place for the manifest of a version that is being filled; asked twice, the same."""
    artifact = _pending(state, data["artifact_id"])
    if data.get("type") not in (None, "FULL"):
        raise ApiError("this server keeps full manifests only")
    upload = state.new_upload(data["name"], data["digest"] or None)
    if artifact.manifest is None:
        artifact.manifest = Manifest(artifact, upload)
        state.manifests[artifact.manifest.id] = artifact.manifest
    artifact.manifest.upload = upload
    return artifact.manifest


def update_manifest(state: State, data: dict[str, Any]) -> Manifest:
    """Return a place for a manifest with this digest."""
    manifest = state.manifests.get(data["artifact_manifest_id"])
    if manifest is None:
        raise ApiError("artifact manifest not found", status=404)
    _pending(state, manifest.artifact.id)
    manifest.upload = state.new_upload(manifest.upload.name, data.get("digest"))
    return manifest


def create_files(state: State, data: dict[str, Any]) -> list[tuple[Artifact, Upload]]:
    """Return places for files of versions that are being filled."""
    places = []
    for file in data["artifact_files"]:
        artifact = _pending(state, file["artifact_id"])
        upload = artifact.uploads.get(file["name"])
        if upload is None or upload.md5 != file["md5"]:
            upload = state.new_upload(file["name"], file["md5"])
            artifact.uploads[file["name"]] = upload
        places.append((artifact, upload))
    return places


def commit(state: State, artifact_id: str) -> Artifact:
    """Make a version of what has been uploaded, if it is all there and what was promised."""
    artifact = state.artifact(artifact_id)
    if artifact.state == "COMMITTED":
        return artifact
    artifact.entries = _checked_entries(state, artifact)
    artifact.state = "COMMITTED"
    artifact.updated_at = now()
    membership = artifact.sequence.add(artifact)
    artifact.version_index = membership.version_index
    _set_aliases(membership, [*artifact.aliases_asked, LATEST])
    return artifact


def update(state: State, data: dict[str, Any]) -> Artifact:
    """Change the description, metadata or tags of a version."""
    artifact = state.artifact(data["artifact_id"])
    if data.get("description") is not None:
        artifact.description = data["description"]
    if data.get("metadata") is not None:
        artifact.metadata = _json_object(data["metadata"])
    if data.get("aliases") is not None:
        _set_aliases(artifact.membership, [alias["alias"] for alias in data["aliases"]])
    gone = {tag["tag_name"] for tag in data.get("tags_to_delete") or []}
    added = [tag["tag_name"] for tag in data.get("tags_to_add") or []]
    artifact.tags = [t for t in dict.fromkeys([*artifact.tags, *added]) if t not in gone]
    artifact.updated_at = now()
    return artifact


def delete(state: State, data: dict[str, Any]) -> Artifact:
    """Delete a version; one that has aliases only if those may go too."""
    artifact = state.artifact(data["artifact_id"])
    places = [m for c in state.collections() for m in c.memberships if m.artifact is artifact]
    if any(place.aliases for place in places) and not data.get("delete_aliases"):
        raise ApiError("unable to delete artifact version with aliases", status=409)
    for place in places:
        place.collection.remove(place)
    artifact.state = "DELETED"
    return artifact


def use(state: State, data: dict[str, Any]) -> Artifact:
    """Make a version an input of a run."""
    run = state.run(data["entity_name"], data["project_name"], data["run_name"])
    artifact = state.artifact(data["artifact_id"])
    if artifact.state != "COMMITTED":
        raise ApiError(f"cannot use artifact {artifact.id} as it has not committed")
    if artifact not in run.inputs:
        run.inputs.append(artifact)
    return artifact


def change_aliases(state: State, data: dict[str, Any], *, add: bool) -> None:
    """Point aliases of collections to a version, or take them away from it."""
    artifact = state.artifact(data["artifact_id"])
    for item in data["aliases"]:
        project = state.project(item["project_name"], item["entity_name"])
        collection = project.collections.get(item["artifact_collection_name"])
        place = next((m for m in _members(collection) if m.artifact is artifact), None)
        if collection is None or place is None:
            raise ApiError("artifact is not in this collection", status=404)
        if add:
            _set_aliases(place, [item["alias"]])
        elif collection.aliases.get(item["alias"]) is place:
            del collection.aliases[item["alias"]]


def link(state: State, data: dict[str, Any]) -> Membership:
    """Link a version to a collection of links, such as one of a registry."""
    artifact = _linkable(state, data)
    project = state.project(data.get("project_name"), data.get("entity_name"))
    type_name = artifact.sequence.type.name
    if project.accepts is not None and type_name not in project.accepts:
        raise ApiError(f"registry {project.name} does not accept artifacts of type {type_name!r}")
    name = data.get("artifact_portfolio_name") or ""
    portfolio = _collection(project, name, type_name, "ArtifactPortfolio")
    aliases = [alias["alias"] for alias in data.get("aliases") or []]
    _check_aliases(aliases)
    membership = portfolio.add(artifact)
    _set_aliases(membership, [*aliases, LATEST])
    return membership


def unlink(state: State, data: dict[str, Any]) -> None:
    """Take a link away."""
    collection = state.collection(data["artifact_portfolio_id"])
    place = next((m for m in _members(collection) if m.artifact.id == data["artifact_id"]), None)
    if collection is None or place is None or collection.kind != "ArtifactPortfolio":
        raise ApiError("link not found", status=404)
    collection.remove(place)


def alias_id(collection: Collection, alias: str) -> str:
    """Return the id of an alias."""
    return new_id("ArtifactAlias", collection.id, alias)


def _linkable(state: State, data: dict[str, Any]) -> Artifact:
    linked = next(
        (
            artifact
            for artifact in state.artifacts.values()
            if artifact.id == data.get("artifact_id")
            or (data.get("client_id") and artifact.client_id == data["client_id"])
        ),
        None,
    )
    if linked is None or linked.state != "COMMITTED":
        raise ApiError("artifact not found", status=404)
    return linked


def _members(collection: Collection | None) -> list[Membership]:
    return collection.memberships if collection else []


def _collection(project: Project, name: str, type_name: str, kind: Any) -> Collection:
    if not 1 <= len(name) <= 128:
        raise ApiError(f"invalid artifact name {name}, must be 128 characters or less")
    if set(name) & set("/:"):
        raise ApiError(f"invalid artifact name {name}")
    collection = project.collections.get(name)
    if collection is None:
        collection = Collection(name, project, project.type(type_name), kind)
        project.collections[name] = collection
    if collection.kind != kind:
        raise ApiError(f"artifact collection {name!r} is of another kind", status=409)
    if collection.type.name != type_name:
        raise ApiError(
            f"artifact collection {name!r} has the type {collection.type.name!r}, not {type_name!r}"
        )
    return collection


def _check_aliases(aliases: list[str]) -> None:
    for alias in aliases:
        if not 1 <= len(alias) <= 128 or set(alias) & set("/:"):
            raise ApiError(f"invalid alias {alias!r}")
        if alias[0] == "v" and alias[1:].isdecimal():
            raise ApiError(f"alias {alias!r} is reserved for versions")


def _set_aliases(membership: Membership | None, aliases: list[str]) -> None:
    if membership is None:
        raise ApiError("artifact is not committed")
    _check_aliases(aliases)
    for alias in aliases:
        membership.collection.aliases[alias] = membership
    membership.collection.updated_at = now()


def _pending(state: State, artifact_id: str) -> Artifact:
    artifact = state.artifact(artifact_id)
    if artifact.state != "PENDING":
        raise ApiError(f"artifact {artifact_id} is {artifact.state}, not PENDING", status=409)
    return artifact


def _json_object(text: str | None) -> str | None:
    if text is not None:
        try:
            value = json.loads(text)
        except ValueError as error:
            raise ApiError(f"invalid JSON: {error}") from error
        if not isinstance(value, dict):
            raise ApiError("metadata must be a JSON object")
    return text


def _checked_entries(state: State, artifact: Artifact) -> dict[str, dict[str, Any]]:
    if artifact.manifest is None or artifact.manifest.upload.content is None:
        raise ApiError("artifact manifest has not been uploaded")
    manifest = json.loads(artifact.manifest.upload.content)
    entries: dict[str, dict[str, Any]] = manifest["contents"]
    for path, entry in entries.items():
        if "ref" in entry:
            continue
        source = state.artifacts.get(entry.get("birthArtifactID", ""))
        upload = source.uploads.get(path) if source else None
        if upload is None or upload.content is None or upload.md5 != entry["digest"]:
            raise ApiError(f"file {path!r} of the artifact has not been uploaded")
        if len(upload.content) != entry.get("size", 0):
            raise ApiError(f"file {path!r} of the artifact has another size")
        artifact.uploads[path] = upload
    if artifact.digest_algorithm == "MANIFEST_MD5" and _digest(entries) != artifact.digest:
        raise ApiError("the digest of the artifact is not that of its manifest")
    return entries


def _digest(entries: dict[str, dict[str, Any]]) -> str:
    lines = [f"{path}:{entry['digest']}\n" for path, entry in sorted(entries.items())]
    text = "wandb-artifact-manifest-v1\n" + "".join(lines)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def hex_digest(md5: str) -> str:
    """Return a base64 MD5 as the paths of downloads have it."""
    return base64.b64decode(md5).hex()
