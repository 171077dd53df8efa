"""The fields of artifacts and their collections."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLResolveInfo

from tests.wandb_server.artifacts import alias_id
from tests.wandb_server.listing import page, select
from tests.wandb_server.model import (
    Artifact,
    ArtifactType,
    Collection,
    Manifest,
    Membership,
    Run,
)
from tests.wandb_server.resolvers import (
    context_of,
    edges,
    file,
    resolves,
    resolves_collection,
    tag,
)


def _alias(collection: Collection, alias: str) -> dict[str, Any]:
    return {
        "id": alias_id(collection, alias),
        "alias": alias,
        "artifact_collection": collection,
    }


@resolves("ArtifactType", "artifactCollection")
def _type_collection(type_: ArtifactType, info: GraphQLResolveInfo, name: str) -> Collection | None:
    collection = type_.project.collections.get(name)
    return collection if collection is not None and collection.type is type_ else None


@resolves("ArtifactType", "artifactCollections")
def _type_collections(
    type_: ArtifactType,
    info: GraphQLResolveInfo,
    filters: str | None = None,
    order: str | None = None,
    **paging: Any,
) -> Any:
    # without an order the newest first, as the real server lists them
    of_type = [c for c in reversed(type_.project.collections.values()) if c.type is type_]
    return page(select(of_type, filters, order), **paging)


@resolves_collection("defaultArtifactType")
def _default_type(collection: Collection, info: GraphQLResolveInfo) -> ArtifactType:
    return collection.type


@resolves_collection("tags")
def _collection_tags(collection: Collection, info: GraphQLResolveInfo) -> Any:
    return edges([tag(name) for name in collection.tags])


@resolves_collection("aliases")
def _collection_aliases(collection: Collection, info: GraphQLResolveInfo, **paging: Any) -> Any:
    return page([_alias(collection, alias) for alias in collection.aliases], **paging)


@resolves_collection("artifacts")
def _collection_artifacts(
    collection: Collection,
    info: GraphQLResolveInfo,
    filters: str | None = None,
    order: str | None = None,
    **paging: Any,
) -> Any:
    # the newest first, as the real server lists versions
    newest = sorted(collection.memberships, key=lambda m: m.version_index, reverse=True)
    index = {m.artifact: m.version_index for m in newest}
    artifacts = select([m.artifact for m in newest], filters, order)
    connection = page(artifacts, **paging)
    for edge in connection["edges"]:
        edge["version"] = f"v{index[edge['node']]}"
    return connection


@resolves_collection("artifactMembership")
def _collection_membership(
    collection: Collection, info: GraphQLResolveInfo, alias_name: str
) -> Membership | None:
    return collection.find(alias_name)


@resolves("ArtifactSequence", "latestArtifact")
def _latest(collection: Collection, info: GraphQLResolveInfo) -> Artifact | None:
    return collection.memberships[-1].artifact if collection.memberships else None


@resolves("ArtifactSequence", "digestAlgorithm")
def _sequence_algorithm(collection: Collection, info: GraphQLResolveInfo) -> str:
    return "MANIFEST_MD5"


@resolves("ArtifactCollectionMembership", "aliases")
def _membership_aliases(membership: Membership, info: GraphQLResolveInfo) -> Any:
    return [_alias(membership.collection, alias) for alias in membership.aliases]


@resolves("ArtifactCollectionMembership", "artifactCollection")
def _membership_collection(membership: Membership, info: GraphQLResolveInfo) -> Collection:
    return membership.collection


@resolves("ArtifactCollectionMembership", "files")
def _membership_files(membership: Membership, info: GraphQLResolveInfo, **args: Any) -> Any:
    return _artifact_files(membership.artifact, info, **args)


@resolves("Artifact", "artifactSequence")
def _sequence(artifact: Artifact, info: GraphQLResolveInfo) -> Collection:
    return artifact.sequence


@resolves("Artifact", "artifactType")
def _type(artifact: Artifact, info: GraphQLResolveInfo) -> ArtifactType:
    return artifact.sequence.type


@resolves("Artifact", "ttlIsInherited")
def _ttl_is_inherited(artifact: Artifact, info: GraphQLResolveInfo) -> bool:
    return True


@resolves("Artifact", "tags")
def _tags(artifact: Artifact, info: GraphQLResolveInfo) -> Any:
    return [tag(name) for name in artifact.tags]


@resolves("Artifact", "size")
def _size(artifact: Artifact, info: GraphQLResolveInfo) -> int:
    return sum(entry.get("size") or 0 for entry in artifact.entries.values())


@resolves("Artifact", "fileCount")
def _file_count(artifact: Artifact, info: GraphQLResolveInfo) -> int:
    return len(artifact.entries)


@resolves("Artifact", "commitHash")
def _commit_hash(artifact: Artifact, info: GraphQLResolveInfo) -> str:
    return artifact.id


@resolves("Artifact", "aliases")
def _aliases(artifact: Artifact, info: GraphQLResolveInfo) -> Any:
    return [
        _alias(place.collection, alias)
        for place in _places(artifact, info)
        for alias in place.aliases
    ]


@resolves("Artifact", "artifactMemberships")
def _memberships(artifact: Artifact, info: GraphQLResolveInfo) -> Any:
    return edges(_places(artifact, info))


def _places(artifact: Artifact, info: GraphQLResolveInfo) -> list[Membership]:
    collections = context_of(info).state.collections()
    return [m for c in collections for m in c.memberships if m.artifact is artifact]


@resolves("Artifact", "currentManifest")
def _manifest(artifact: Artifact, info: GraphQLResolveInfo) -> Manifest | None:
    return artifact.manifest if artifact.state == "COMMITTED" else None


@resolves("ArtifactManifest", "file")
def _manifest_file(manifest: Manifest, info: GraphQLResolveInfo) -> Any:
    return file(manifest.upload, info)


@resolves("ArtifactManifest", "digest")
def _manifest_digest(manifest: Manifest, info: GraphQLResolveInfo) -> str | None:
    return manifest.upload.md5


@resolves("Artifact", "files")
def _artifact_files(
    artifact: Artifact, info: GraphQLResolveInfo, names: list[str] | None = None, **paging: Any
) -> Any:
    uploads = [
        artifact.uploads[path]
        for path, entry in artifact.entries.items()
        if "ref" not in entry and (not names or path in names)
    ]
    connection = page(uploads, **paging)
    for edge in connection["edges"]:
        edge["node"] = file(edge["node"], info, artifact=artifact)
    return connection


@resolves("Artifact", "usedBy")
def _used_by(artifact: Artifact, info: GraphQLResolveInfo) -> Any:
    return page([run for run in context_of(info).state.runs() if artifact in run.inputs])


@resolves("Artifact", "createdBy")
def _created_by(artifact: Artifact, info: GraphQLResolveInfo) -> Run | None:
    return artifact.created_by
