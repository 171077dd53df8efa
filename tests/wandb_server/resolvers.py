"""What each field of the schema means. A field without a resolver is the attribute of its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLResolveInfo

from tests.wandb_server.listing import page, run_value, select
from tests.wandb_server.model import (
    ApiError,
    Artifact,
    ArtifactType,
    Collection,
    Entity,
    Membership,
    Project,
    Run,
    Upload,
    new_id,
)
from tests.wandb_server.state import State

Resolver = Callable[..., Any]
RESOLVERS: dict[tuple[str, str], Resolver] = {}

# of the SDK's modern ways, those that are served
FEATURES = (
    "ARTIFACT_TAGS",
    "CLIENT_IDS",
    "LARGE_FILENAMES",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILES",
    "ARTIFACT_COLLECTIONS_FILTERING_SORTING",
    "ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE",
    "ARTIFACT_V2_DOWNLOAD_HANDLER_SUPPORTS_ARTIFACT_ID",
    "PROJECT_ARTIFACT_COLLECTION_MEMBERSHIP",
    "TOTAL_COUNT_IN_FILE_CONNECTION",
    "USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION",
)


@dataclass(frozen=True)
class Context:
    """What the resolvers need of a request."""

    state: State
    url: str
    logged_in: bool


def resolves(type_name: str, *fields: str) -> Callable[[Resolver], Resolver]:
    """Make a function the resolver of fields."""

    def register(resolver: Resolver) -> Resolver:
        for field in fields:
            RESOLVERS[type_name, field] = resolver
        return resolver

    return register


def resolves_collection(*fields: str) -> Callable[[Resolver], Resolver]:
    """Make a function the resolver of fields of both kinds of collections."""

    def register(resolver: Resolver) -> Resolver:
        for type_name in ("ArtifactSequence", "ArtifactPortfolio"):
            resolves(type_name, *fields)(resolver)
        return resolver

    return register


def context_of(info: GraphQLResolveInfo) -> Context:
    """Return the context of a request."""
    context: Context = info.context
    return context


def edges(items: list[Any]) -> dict[str, Any]:
    """Return a connection that is never paged."""
    return {"edges": [{"node": item} for item in items]}


def tag(name: str) -> dict[str, str]:
    """Return a tag as the schema has it."""
    return {"id": new_id("Tag", name), "name": name}


def user(state: State) -> dict[str, Any]:
    """Return the one user there is."""
    return {
        "__typename": "User",
        "id": new_id("User", state.username),
        "name": state.username,
        "username": state.username,
        "email": f"{state.username}@example.com",
        "admin": False,
        "flags": "{}",
        "entity": state.username,
        "teams": edges(list(state.teams())),
        "apiKeys": edges([]),
        "organizations": [state.organization],
    }


def file(upload: Upload, info: GraphQLResolveInfo, **more: Any) -> dict[str, Any]:
    """Return a file; its URLs need no login, as those of a real server do not."""
    context = context_of(info)
    url = f"{context.url}/storage/{upload.token}?X-Expires=86400&X-Signature=ok"
    return {
        "id": new_id("File", upload.token),
        "name": upload.name,
        "display_name": upload.name,
        "url": url,
        "direct_url": url,
        "upload_url": url,
        "upload_headers": [f"Content-MD5:{upload.md5}"] if upload.md5 else [],
        "storage_path": f"storage/{upload.token}",
        "size_bytes": len(upload.content or b""),
        "md5": upload.md5,
        "digest": upload.md5,
        **more,
    }


@resolves("Query", "serverInfo")
def _server_info(_: Any, info: GraphQLResolveInfo) -> dict[str, Any]:
    return {"features": [{"name": name, "is_enabled": True} for name in FEATURES]}


@resolves("Query", "viewer")
def _viewer(_: Any, info: GraphQLResolveInfo) -> dict[str, Any] | None:
    context = context_of(info)
    return user(context.state) if context.logged_in else None


@resolves("Query", "entity")
def _entity(_: Any, info: GraphQLResolveInfo, name: str | None = None) -> Entity | None:
    state = context_of(info).state
    return state.entities.get(name or state.username)


@resolves("Query", "organization")
def _organization(_: Any, info: GraphQLResolveInfo, name: str) -> Any:
    organization = context_of(info).state.organization
    return organization if name in (organization.name, organization.org_entity.name) else None


@resolves("Query", "project", "model")
def _project(
    _: Any, info: GraphQLResolveInfo, name: str | None = None, entity_name: str | None = None
) -> Project | None:
    return context_of(info).state.find_project(name, entity_name)


@resolves("Query", "models")
def _models(_: Any, info: GraphQLResolveInfo, entity_name: str | None = None, **paging: Any) -> Any:
    entity = context_of(info).state.entity(entity_name)
    return page(list(entity.projects.values()), **paging)


@resolves("Query", "artifact")
def _artifact(_: Any, info: GraphQLResolveInfo, id: str) -> Artifact | None:
    return context_of(info).state.artifacts.get(id)


@resolves("Query", "artifactCollection")
def _artifact_collection(_: Any, info: GraphQLResolveInfo, id: str) -> Collection | None:
    return context_of(info).state.collection(id)


@resolves("Query", "clientIDMapping")
def _client_id_mapping(_: Any, info: GraphQLResolveInfo, client_id: str) -> Any:
    artifacts = context_of(info).state.artifacts.values()
    return next(({"server_id": a.id} for a in artifacts if a.client_id == client_id), None)


@resolves("Entity", "isTeam")
def _is_team(entity: Entity, info: GraphQLResolveInfo) -> bool:
    return entity.entity_type == "team"


@resolves("Entity", "xxhashDigestsEnabled")
def _no(source: Any, info: GraphQLResolveInfo) -> bool:
    return False


for _name in ("isBenchmark", "readOnly"):
    resolves("Project", _name)(_no)
resolves("Run", "readOnly")(_no)


@resolves("Entity", "user")
def _entity_user(entity: Entity, info: GraphQLResolveInfo) -> None:
    # a team: only a personal entity has a user
    return None


@resolves("Entity", "project")
def _entity_project(
    entity: Entity, info: GraphQLResolveInfo, name: str | None = None
) -> Project | None:
    return entity.projects.get(name or "")


@resolves("Project", "entityName")
def _entity_name(project: Project, info: GraphQLResolveInfo) -> str:
    return project.entity.name


@resolves("Project", "access")
def _access(project: Project, info: GraphQLResolveInfo) -> str:
    return "PRIVATE"


@resolves("Project", "user")
@resolves("Run", "user")
def _user(source: Any, info: GraphQLResolveInfo) -> dict[str, Any]:
    return user(context_of(info).state)


@resolves("Project", "run")
def _run(project: Project, info: GraphQLResolveInfo, name: str) -> Run | None:
    return project.runs.get(name)


@resolves("Project", "bucket")
def _bucket(
    project: Project, info: GraphQLResolveInfo, name: str, missing_ok: bool | None = None
) -> Run | None:
    run = project.runs.get(name)
    if run is None and not missing_ok:
        raise ApiError(f"run {name} not found", status=404)
    return run


@resolves("Project", "runCount")
def _run_count(project: Project, info: GraphQLResolveInfo, filters: str | None = None) -> int:
    return len(select(project.runs.values(), filters, None, run_value))


@resolves("Project", "runs")
def _runs(
    project: Project,
    info: GraphQLResolveInfo,
    filters: str | None = None,
    order: str | None = None,
    **paging: Any,
) -> Any:
    return page(select(project.runs.values(), filters, order, run_value), **paging)


@resolves("Project", "artifact")
def _project_artifact(project: Project, info: GraphQLResolveInfo, name: str) -> Artifact | None:
    membership = project.find(name)
    return membership.artifact if membership else None


@resolves("Project", "artifactCollectionMembership")
def _membership(project: Project, info: GraphQLResolveInfo, name: str) -> Membership | None:
    return project.find(name)


@resolves("Project", "artifactCollection")
def _collection(project: Project, info: GraphQLResolveInfo, name: str) -> Collection | None:
    return project.collections.get(name)


@resolves("Project", "artifactCollections")
def _collections(
    project: Project,
    info: GraphQLResolveInfo,
    filters: str | None = None,
    order: str | None = None,
    **paging: Any,
) -> Any:
    return page(select(project.collections.values(), filters, order), **paging)


@resolves("Project", "artifactType")
def _artifact_type(project: Project, info: GraphQLResolveInfo, name: str) -> ArtifactType | None:
    return project.types.get(name)


@resolves("Project", "artifactTypes")
def _artifact_types(
    project: Project, info: GraphQLResolveInfo, include_all: bool | None = None, **paging: Any
) -> Any:
    return page(list(project.types.values()), **paging)


@resolves("Project", "allowAllArtifactTypesInRegistry")
def _allow_all(project: Project, info: GraphQLResolveInfo) -> bool:
    return project.accepts is None
