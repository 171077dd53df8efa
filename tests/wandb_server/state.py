"""The state of the server: look-ups, access, storage. One lock guards all of it."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from dataclasses import dataclass, field

from tests.wandb_server.model import (
    Agent,
    ApiError,
    Artifact,
    Collection,
    Entity,
    Manifest,
    Organization,
    Project,
    Run,
    Sweep,
    Upload,
)

# the registries that every organisation has, with the types they take
REGISTRIES = {"wandb-registry-model": "model", "wandb-registry-dataset": "dataset"}


@dataclass(eq=False)
class State:
    """All that the server knows, for one user with one default entity."""

    username: str
    entities: dict[str, Entity] = field(default_factory=dict)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    organization: Organization = field(init=False)

    def __post_init__(self) -> None:
        org_entity = Entity(f"{self.username}-org-entity", entity_type="organization")
        self.organization = Organization(f"{self.username}-org", org_entity)
        org_entity.organization = self.organization
        self.entities[org_entity.name] = org_entity
        self.add_team(self.username)
        for name, accepted in REGISTRIES.items():
            org_entity.projects[name] = Project(name, org_entity, accepts=frozenset({accepted}))

    def add_team(self, name: str) -> None:
        """Let the user belong to one more team, of the one organisation."""
        self.entities.setdefault(name, Entity(name, organization=self.organization))

    def teams(self) -> list[Entity]:
        """Return the entities that a user can write to."""
        return [entity for entity in self.entities.values() if entity.entity_type == "team"]

    def entity(self, name: str | None) -> Entity:
        """Return an entity that the user belongs to, the default one without a name."""
        entity = self.entities.get(name or self.username)
        if entity is None:
            raise ApiError(f"entity {name} not found", status=404)
        return entity

    def find_project(self, name: str | None, entity: str | None) -> Project | None:
        """Return a project, None if there is none of this name."""
        owner = self.entities.get(entity or self.username)
        return owner.projects.get(name or "uncategorized") if owner else None

    def project(self, name: str | None, entity: str | None) -> Project:
        """Return a project that must be there."""
        project = self.find_project(name, entity)
        if project is None:
            raise ApiError("project not found", status=404)
        return project

    def create_project(self, name: str | None, entity: str | None) -> Project:
        """Return a project, a new one if there is none of this name."""
        name = name or "uncategorized"
        if not 1 <= len(name) <= 128 or set(name) & set("/\\#?%:"):
            raise ApiError(f"invalid project name {name!r}")
        owner = self.entity(entity)
        if owner.entity_type == "organization" and name not in owner.projects:
            raise ApiError("permission denied", status=403, code="PERMISSION_ERROR")
        return owner.projects.setdefault(name, Project(name, owner))

    def run(self, entity: str | None, project: str | None, name: str | None) -> Run:
        """Return a run that must be there."""
        run = self.project(project, entity).runs.get(name or "")
        if run is None:
            raise ApiError(f"run {entity}/{project}/{name} not found", status=404)
        return run

    def run_by_id(self, run_id: str) -> Run:
        """Return the run with this id."""
        for entity in self.entities.values():
            for project in entity.projects.values():
                for run in project.runs.values():
                    if run.id == run_id:
                        return run
        raise ApiError("run not found", status=404)

    def artifact(self, artifact_id: str) -> Artifact:
        """Return the artifact with this id, also one that is not committed yet."""
        artifact = self.artifacts.get(artifact_id)
        if artifact is None or artifact.state == "DELETED":
            raise ApiError(f"artifact {artifact_id} not found", status=404)
        return artifact

    def collection(self, collection_id: str) -> Collection | None:
        """Return the collection with this id."""
        return next((c for c in self.collections() if c.id == collection_id), None)

    def collections(self) -> list[Collection]:
        """Return the collections of all projects."""
        return [
            collection
            for entity in self.entities.values()
            for project in entity.projects.values()
            for collection in project.collections.values()
        ]

    def runs(self) -> list[Run]:
        """Return the runs of all projects."""
        return [
            run
            for entity in self.entities.values()
            for project in entity.projects.values()
            for run in project.runs.values()
        ]

    def sweep_by_id(self, sweep_id: str) -> Sweep:
        """Return the sweep with this id."""
        for entity in self.entities.values():
            for project in entity.projects.values():
                for sweep in project.sweeps.values():
                    if sweep.id == sweep_id:
                        return sweep
        raise ApiError("sweep not found", status=404)

    def new_upload(self, name: str, md5: str | None = None) -> Upload:
        """Return a place for a file."""
        upload = Upload(secrets.token_urlsafe(24), name, md5)
        self.uploads[upload.token] = upload
        return upload

    def store(self, token: str, content: bytes) -> None:
        """Keep the bytes of a file that was announced."""
        digest = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        with self.lock:
            upload = self.uploads.get(token)
            if upload is None:
                raise ApiError("AccessDenied", status=403)
            if upload.md5 is not None and upload.md5 != digest:
                raise ApiError("BadDigest")
            upload.content = content

    def load(self, token: str) -> bytes:
        """Return the bytes of a file."""
        with self.lock:
            upload = self.uploads.get(token)
            if upload is None or upload.content is None:
                raise ApiError("NoSuchKey", status=404)
            return upload.content
