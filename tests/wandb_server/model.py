"""What the server keeps: entities, projects, runs, artifacts and their collections."""

from __future__ import annotations

import base64
import datetime
import itertools
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

_numbers = itertools.count(1)


class ApiError(Exception):
    """An error that is answered in GraphQL's words, with this HTTP status."""

    def __init__(self, message: str, status: int = 400, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def new_id(kind: str, *names: str) -> str:
    """Return an opaque id; of names if it has to be the same each time."""
    text = ":".join(names) if names else str(next(_numbers))
    return base64.b64encode(f"{kind}:{text}".encode()).decode()


def now() -> str:
    """Return this moment as the server words times."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(eq=False)
class Upload:
    """A place for one file. `md5` (base64) is what was promised; the bytes must fit it."""

    token: str
    name: str
    md5: str | None = None
    content: bytes | None = None


@dataclass(eq=False)
class Run:
    name: str
    project: Project
    display_name: str | None = None
    description: str | None = None
    notes: str | None = None
    group: str | None = None
    job_type: str | None = None
    commit: str | None = None
    sweep: str | None = None
    host: str | None = None
    tags: list[str] = field(default_factory=list)
    state: str = "running"
    exit_code: int | None = None
    should_stop: bool = False
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    files: dict[str, Upload] = field(default_factory=dict)
    inputs: list[Artifact] = field(default_factory=list)
    outputs: list[Artifact] = field(default_factory=list)
    created_at: str = field(default_factory=now)
    heartbeat_at: str = field(default_factory=now)

    @property
    def id(self) -> str:
        """The same for a run of this name: a run that comes back is not a second one."""
        return new_id("Run", "v1", self.name, self.project.name, self.project.entity.name)


@dataclass(eq=False)
class ArtifactType:
    name: str
    project: Project
    id: str = field(default_factory=lambda: new_id("ArtifactType"))
    description: str | None = None
    created_at: str = field(default_factory=now)


@dataclass(eq=False)
class Manifest:
    artifact: Artifact
    upload: Upload
    id: str = field(default_factory=lambda: new_id("ArtifactManifest"))


@dataclass(eq=False)
class Artifact:
    sequence: Collection
    digest: str
    client_id: str | None = None
    description: str | None = None
    metadata: str | None = None
    state: Literal["PENDING", "COMMITTED", "DELETED"] = "PENDING"
    version_index: int | None = None
    digest_algorithm: str = "MANIFEST_MD5"
    history_step: int | None = None
    ttl_duration_seconds: int = -2
    aliases_asked: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    created_by: Run | None = None
    manifest: Manifest | None = None
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    id: str = field(default_factory=lambda: new_id("Artifact"))
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)

    @property
    def membership(self) -> Membership | None:
        """Its place in the collection it was logged to; none before it is committed."""
        return next((m for m in self.sequence.memberships if m.artifact is self), None)

    @property
    def name(self) -> str:
        """`collection:v3`; without a version before it is committed."""
        version = "?" if self.version_index is None else f"v{self.version_index}"
        return f"{self.sequence.name}:{version}"


@dataclass(eq=False)
class Membership:
    """A version: the place of an artifact in a collection."""

    collection: Collection
    artifact: Artifact
    version_index: int
    id: str = field(default_factory=lambda: new_id("ArtifactCollectionMembership"))
    created_at: str = field(default_factory=now)

    @property
    def aliases(self) -> list[str]:
        """The aliases that point here; not its version number."""
        return [a for a, m in self.collection.aliases.items() if m is self]


@dataclass(eq=False)
class Collection:
    name: str
    project: Project
    type: ArtifactType
    kind: Literal["ArtifactSequence", "ArtifactPortfolio"]
    id: str = field(default_factory=lambda: new_id("ArtifactCollection"))
    description: str | None = None
    state: str = "READY"
    tags: list[str] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    # one membership each: an alias is unique in its collection
    aliases: dict[str, Membership] = field(default_factory=dict)
    versions: int = 0
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)

    def find(self, alias: str) -> Membership | None:
        """Return the version with this alias or number (`v3`)."""
        membership = self.aliases.get(alias)
        if membership is None and alias[:1] == "v" and alias[1:].isdecimal():
            index = int(alias[1:])
            membership = next((m for m in self.memberships if m.version_index == index), None)
        return membership

    def add(self, artifact: Artifact) -> Membership:
        """Return the place of the artifact, the next version if it has none yet."""
        for membership in self.memberships:
            if membership.artifact is artifact:
                return membership
        membership = Membership(self, artifact, self.versions)
        self.versions += 1
        self.memberships.append(membership)
        return membership

    def remove(self, membership: Membership) -> None:
        """Take a version out, with its aliases."""
        self.memberships.remove(membership)
        for alias in membership.aliases:
            del self.aliases[alias]


@dataclass(eq=False)
class Project:
    name: str
    entity: Entity
    description: str | None = None
    # the types a registry takes; None: any
    accepts: frozenset[str] | None = None
    internal_id: int = field(default_factory=lambda: next(_numbers))
    runs: dict[str, Run] = field(default_factory=dict)
    types: dict[str, ArtifactType] = field(default_factory=dict)
    collections: dict[str, Collection] = field(default_factory=dict)
    sweeps: dict[str, Sweep] = field(default_factory=dict)
    created_at: str = field(default_factory=now)

    @property
    def id(self) -> str:
        return new_id("Project", "v1", self.name, self.entity.name)

    def type(self, name: str) -> ArtifactType:
        """Return the type of this name, a new one if there is none."""
        return self.types.setdefault(name, ArtifactType(name, self))

    def find(self, name: str) -> Membership | None:
        """Return what `collection:alias` means here."""
        collection, _, alias = name.partition(":")
        portfolio = self.collections.get(collection)
        return portfolio.find(alias or "latest") if portfolio else None


@dataclass(eq=False)
class Sweep:
    name: str
    project: Project
    config: str = ""
    state: str = "PENDING"
    description: str | None = None
    display_name: str | None = None
    # the parameters of each run that an agent was given, by its name
    proposed: dict[str, dict[str, Any]] = field(default_factory=dict)
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)

    @property
    def id(self) -> str:
        return new_id("Sweep", "v1", self.name, self.project.name, self.project.entity.name)

    @property
    def settings(self) -> dict[str, Any]:
        """The configuration, which is kept as the text that was sent."""
        loaded = yaml.safe_load(self.config)
        return loaded if isinstance(loaded, dict) else {}


@dataclass(eq=False)
class Agent:
    sweep: Sweep
    host: str
    beats: int = 0
    id: str = field(default_factory=lambda: new_id("Agent"))


@dataclass(eq=False)
class Organization:
    name: str
    org_entity: Entity
    id: str = field(default_factory=lambda: new_id("Organization"))


@dataclass(eq=False)
class Entity:
    name: str
    entity_type: str = "team"
    organization: Organization | None = None
    id: str = field(default_factory=lambda: new_id("Entity"))
    projects: dict[str, Project] = field(default_factory=dict)
