"""The interface of tracking backends: runs, and the artifacts that runs use and make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from relay.tracking.references import Reference
from relay.util.errors import RelayError

RunStatus = Literal["succeeded", "failed", "killed"]


SECONDS = "seconds"
"""The metric with a run's duration, in the last row of every run that was not killed."""

REPLAYED = "replayed"
"""The config key of a run that was killed before it recorded `SECONDS`, and uploaded later."""

DIGEST_KEY = "digest"
"""The metadata key of `ArtifactVersion.digest`, in backends that have a digest of their own."""


SOURCE_TYPE = "source"
"""The type of the artifacts with the files of components."""

CACHE_PREFIX = "cache-"
"""The beginning of the step cache's aliases."""


class OutageError(RelayError):
    """The backend's server does not answer, or refuses every request."""


class UploadError(RelayError):
    """The backend did not take an upload of a run; the work itself was done."""


@dataclass(frozen=True)
class ArtifactVersion:
    """One version of an artifact in the store."""

    name: str
    version: str
    type: str
    digest: str
    """Over paths and contents, the same in every backend (`relay.tracking.digests`)."""
    aliases: tuple[str, ...] = field(default=(), compare=False)
    metadata: Mapping[str, Any] = field(default_factory=dict, compare=False)
    place: str = ""
    """`project` or `entity/project` if the artifact is in another project than the run."""
    created: str = field(default="", compare=False)
    """ISO 8601, UTC; empty if unknown."""

    def __str__(self) -> str:
        """Return the exact reference, `name:v3`."""
        return f"{self.place}/{self.name}:{self.version}".lstrip("/")


@dataclass(frozen=True)
class Holding:
    """A version in the store, with what decides whether it may be removed."""

    version: ArtifactVersion
    """Its metadata are those of its lineage at least, and its digest may be missing."""
    size: int
    """Bytes of all of its files, which other versions may share."""
    is_named_elsewhere: bool
    """Whether a registry links to it, or another project's runs used it."""


@dataclass(frozen=True)
class Collection:
    """An artifact with all of its versions."""

    name: str
    type: str


@dataclass(frozen=True)
class Draft:
    """An artifact that a run is about to log: a file or folder with its name, type and metadata."""

    name: str
    type: str
    path: Path
    description: str
    metadata: Mapping[str, Any]
    aliases: tuple[str, ...] = ()
    """Besides `latest`."""


@dataclass(frozen=True)
class RunSpec:
    """The description of a run when it begins."""

    id: str
    """Letters and digits, unique; to start a run with the id of another one continues that."""
    name: str
    step: str
    group: str | None = None
    """The pipeline run that it is part of."""
    config: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    notes: str | None = None
    git_commit: str | None = None
    sweep: str | None = None
    """The sweep that it is a trial of."""


@dataclass(frozen=True)
class Trial:
    """A trial of a sweep: the sweep's id, its run's id, and the parameters that it tries."""

    sweep: str
    run_id: str
    params: Mapping[str, Any]
    project: str | None = None
    """The project of the sweep, which is that of its runs, too; None if it is not known."""
    entity: str | None = None
    metric: str | None = None
    """The metric of the sweep, which decides; None if it has none."""


@dataclass(frozen=True)
class ServerSweep:
    """A sweep on a server, whose trials are chosen there."""

    path: str
    """ENTITY/PROJECT/ID, as its agents need it."""
    url: str
    content: Mapping[str, Any]
    """The content of its file."""
    agent: str = ""
    """The command of an agent, in the folder of a checkout."""
    login: tuple[str, ...] = ()
    """The commands before it on a machine without a login."""

    @property
    def metric(self) -> str | None:
        """Return the name of the metric that decides, or None if the sweep has none."""
        name = (self.content.get("metric") or {}).get("name")
        return None if name is None else str(name)


@dataclass(frozen=True)
class BestTrial:
    """The best trial of a sweep so far."""

    run_id: str
    params: Mapping[str, Any]
    value: float


@dataclass(frozen=True)
class Table:
    """A small table of plain values for people to look at."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Row:
    """Metrics, pictures (PNG files), tables and pages (HTML files) of one moment of a run, by name.

    The local store has no pages: they are in the run's folder.
    """

    metrics: Mapping[str, float] = field(default_factory=dict)
    images: Mapping[str, Path] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    pages: Mapping[str, Path] = field(default_factory=dict, kw_only=True)
    step: int | None = None
    """None: the run's next step."""
    time: float | None = None
    """Seconds since 1970; None: now."""


class Run(Protocol):
    """A run that has been started and not yet finished."""

    @property
    def url(self) -> str | None:
        """Return the URL of its page, if the backend has pages."""

    def use_artifact(self, reference: str) -> ArtifactVersion:
        """Find an artifact and record it as an input.

        Raises RelayError if it does not exist.
        """

    def download(self, artifact: ArtifactVersion, folder: Path) -> None:
        """Write the files of `artifact` into `folder`.

        Raises RelayError if one is damaged.
        """

    def log_artifacts(self, drafts: Sequence[Draft]) -> Iterator[ArtifactVersion]:
        """Store `drafts`, and yield the version of each, in order, once it is safely stored.

        If a version with this content exists, that is yielded, with the new metadata. `latest` and
        the draft's aliases then point at it. Raises UploadError if the store did not take one.
        """

    def log(self, row: Row) -> None:
        """Record numbers, pictures and tables of one moment."""

    def update_config(self, values: Mapping[str, Any]) -> None:
        """Add values to the run's configuration, such as the exact versions of its inputs."""

    def finish(self, status: RunStatus, message: str = "") -> None:
        """End the run; `message` is the reason if it did not succeed.

        Raises UploadError if the backend has not received everything.
        """


class Backend(Protocol):
    """A store of runs and artifacts."""

    name: str
    title: str
    """The name that people use, for messages."""

    def warm_up(self) -> None:
        """Load the libraries that a run will need, while there is time."""

    def start_run(self, spec: RunSpec) -> Run:
        """Start a run, or continue the one that has its id."""

    def find(self, reference: str) -> ArtifactVersion | None:
        """Return the version that `reference` points at, or None; record no lineage."""

    def collections(self) -> list[Collection]:
        """Return all artifacts of the project, by name."""

    def types(self) -> list[str]:
        """Return the types of the project's artifacts, by name."""

    def newest_collections(self, types: Sequence[str], limit: int) -> tuple[list[Collection], int]:
        """Return the newest `limit` artifacts of `types`, newest first, and how many there are.

        The age of an artifact is that of its first version.
        """

    def versions(self, name: str, limit: int) -> list[ArtifactVersion]:
        """Return the newest versions of artifact `name`, newest first; none if there is none."""

    def download(self, artifact: ArtifactVersion, folder: Path) -> None:
        """Write the files of `artifact` into `folder`; record no lineage."""

    def find_damage(self, artifact: ArtifactVersion) -> str | None:
        """Return the damage to the stored files of `artifact` in a few words, or None if intact.

        A backend with the files on a server returns None, and verifies them in `download`.
        """

    def made_from(self, artifact: ArtifactVersion) -> list[ArtifactVersion]:
        """Return the outputs of the runs that used `artifact`, oldest first."""

    def holdings(self, before: str) -> Iterator[Holding]:
        """Yield every version of the project; of those made since `before`, links are not asked."""

    def removal(self) -> AbstractContextManager[None]:
        """Return a block in which versions may be removed, and no run can start.

        Entering it raises RelayError if a run is active.
        """

    def remove(self, versions: Sequence[ArtifactVersion]) -> int:
        """Remove `versions` with their aliases, each whole or not at all; return the bytes freed.

        A removal that was interrupted is completed by the next one. Call it in a `removal`.
        """

    def set_alias(self, artifact: ArtifactVersion, alias: str) -> None:
        """Move `alias` to this version of the artifact."""

    def link(
        self, artifact: ArtifactVersion, collection: Reference, aliases: Sequence[str]
    ) -> None:
        """Link `artifact` into a registry's collection, with `aliases` pointing at it there."""

    def url(self) -> str | None:
        """Return the URL of the project's page, if the backend has pages."""


class PublishTarget(Backend, Protocol):
    """A backend to which runs of the local store can be uploaded."""

    @property
    def place(self) -> str:
        """Return the project, with its owner."""

    def complete_runs(self) -> set[str]:
        """Return the ids of the runs that were uploaded completely."""

    def find_content(self, name: str, type: str, digest: str) -> ArtifactVersion | None:
        """Return the version of artifact `name` whose content has `digest`, or None."""

    def linked_aliases(self, artifact: ArtifactVersion, collection: Reference) -> set[str] | None:
        """Return the aliases of `artifact` in `collection`; None if it is not linked into it."""
