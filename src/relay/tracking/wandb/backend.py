"""The W&B backend, cloud or self-hosted. It imports wandb, so import it only to use it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import wandb
from wandb.errors import CommError

from relay.tracking.interface import (
    DIGEST_KEY,
    REPLAYED,
    SECONDS,
    ArtifactVersion,
    Collection,
    Holding,
    RunSpec,
)
from relay.tracking.references import Reference
from relay.tracking.wandb.collections import Collections
from relay.tracking.wandb.outage import retry_settings, while_served
from relay.tracking.wandb.removal import PAGE, delete, hold, refuse_if_active, stored_versions
from relay.tracking.wandb.run import WandbRun, download_verified
from relay.tracking.wandb.sdk_errors import errors, text_of
from relay.tracking.wandb.sdk_process import bound_teardown
from relay.util.errors import ConfigError, RelayError
from relay.util.git import git_remote
from relay.util.times import to_utc

_FINISH_SECONDS = 60.0
_INIT_SECONDS = 60.0
_END_SECONDS = 10.0
_ROW_SECONDS = 2
"""The time between uploads of a trial's rows, which decide when it ends; the SDK's is 15."""


class WandbBackend:
    """Runs and artifacts of one W&B project; `entity` None is the default of the login."""

    name = "wandb"
    title = "W&B"

    def __init__(self, project: str, entity: str | None, code_root: Path) -> None:
        with errors():
            settings = wandb.Settings(
                project=project,
                entity=entity,
                silent=True,
                disable_job_creation=True,
                init_timeout=_INIT_SECONDS,
                finish_timeout=_FINISH_SECONDS,
                finish_timeout_raises=True,
                git_root=str(code_root),
                **retry_settings(os.environ),
            )
            wandb.setup(settings=settings)
            bound_teardown()
            self._api = wandb.Api(timeout=30)
            entity = entity or self._api.default_entity
        if entity is None:
            raise ConfigError(
                "tracking.entity: W&B has no default entity for this login. Give "
                "tracking.entity=NAME, the name of a user or team."
            )
        self.entity = entity
        self.project = project
        self._code_root = code_root
        self._collections = Collections(self._api, entity, project)

    @property
    def place(self) -> str:
        """Return the project, with its owner."""
        return f"{self.entity}/{self.project}"

    def warm_up(self) -> None:
        """Do nothing, as the SDK is loaded with this module."""

    def start_run(self, spec: RunSpec) -> WandbRun:
        with errors():
            run = wandb.init(
                entity=self.entity,
                project=self.project,
                id=spec.id,
                name=spec.name,
                group=spec.group,
                job_type=spec.step,
                tags=spec.tags,
                notes=spec.notes,
                config=dict(spec.config),
                resume="allow",
                reinit="create_new",
                settings=wandb.Settings(
                    git_commit=spec.git_commit,
                    git_remote_url=git_remote(self._code_root),
                    sweep_id=spec.sweep,
                    x_file_stream_transmit_interval=_ROW_SECONDS if spec.sweep else None,
                ),
            )
            return WandbRun(self, run)

    @while_served
    def find(self, reference: str) -> ArtifactVersion | None:
        artifact = self.fetch(Reference.parse(reference))
        return None if artifact is None else self.version(artifact)

    @while_served
    def collections(self) -> list[Collection]:
        return self._collections.all()

    @while_served
    def types(self) -> list[str]:
        return sorted(type.name for type in self._collections.types())

    @while_served
    def newest_collections(self, types: Sequence[str], limit: int) -> tuple[list[Collection], int]:
        return self._collections.newest(types, limit)

    @while_served
    def versions(self, name: str, limit: int) -> list[ArtifactVersion]:
        type = self._type_of(name)
        if type is None:
            return []
        path = f"{self.entity}/{self.project}/{name}"
        stored = self._api.artifacts(type, path, per_page=min(limit, PAGE))
        versions = [self.version(artifact) for artifact in islice(stored, limit)]
        return sorted(versions, key=lambda version: -int(version.version.removeprefix("v")))

    @while_served
    def download(self, artifact: ArtifactVersion, folder: Path) -> None:
        download_verified(self._require(artifact), folder)

    def find_damage(self, artifact: ArtifactVersion) -> None:
        """Return None, as the files are on the server and verified when they are downloaded."""

    @while_served
    def made_from(self, artifact: ArtifactVersion) -> list[ArtifactVersion]:
        runs = sorted(self._require(artifact).used_by(), key=lambda run: str(run.created_at))
        made = [self.version(output) for run in runs for output in run.logged_artifacts()]
        return list(dict.fromkeys(made))

    def holdings(self, before: str) -> Iterator[Holding]:
        for collection in self.collections():
            path = f"{self.place}/{collection.name}"
            for stored in stored_versions(self._api, collection.type, path):
                yield hold(stored, self.version(stored), before)

    @contextmanager
    def removal(self) -> Iterator[None]:
        if self._collections.has_project():
            refuse_if_active(self._api, self.place)
        yield

    @while_served
    def remove(self, versions: Sequence[ArtifactVersion]) -> int:
        stored = (self.fetch(Reference.parse(str(version))) for version in versions)
        return sum(delete(artifact) for artifact in stored if artifact is not None)

    @while_served
    def set_alias(self, artifact: ArtifactVersion, alias: str) -> None:
        stored = self._require(artifact)
        if alias not in stored.aliases:
            stored.aliases.append(alias)
            stored.save()

    @while_served
    def link(
        self, artifact: ArtifactVersion, collection: Reference, aliases: Sequence[str]
    ) -> None:
        stored = self._require(artifact)
        try:
            stored.link(collection.path, list(aliases))
        except Exception as error:
            raise RelayError(
                f"tracking.registry: W&B did not link {artifact} to {collection.path}: "
                f"{text_of(error)}. Make the registry '{collection.registry}' on W&B's Registry "
                f"page ('model' exists always), and give '{self.entity}' access to it."
            ) from error

    @while_served
    def find_content(self, name: str, type: str, digest: str) -> ArtifactVersion | None:
        """Return the version of artifact `name` whose content has `digest`, or None."""
        path = f"{self.entity}/{self.project}/{name}"
        if not self._api.artifact_collection_exists(path, type):
            return None
        for artifact in self._api.artifacts(type, path):
            version = self.version(artifact)
            if version.digest == digest:
                return version
        return None

    @while_served
    def complete_runs(self) -> set[str]:
        """Return the ids of the runs whose last row has arrived, so that they are complete."""
        try:
            runs = self._api.runs(f"{self.entity}/{self.project}", per_page=500)
            return {run.id for run in runs if run.state != "running" and _is_whole(run)}
        except (CommError, ValueError) as error:
            if "not find project" in str(error) or "project not found" in str(error).lower():
                return set()
            raise

    def has_ended(self, run_id: str) -> bool:
        """Return whether the server has the run as ended; wait some seconds for that."""
        deadline = time.monotonic() + _END_SECONDS
        while True:
            with errors():
                run = self._api.run(f"{self.entity}/{self.project}/{run_id}")
                run.load(force=True)
            if run.state != "running":
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.5)

    @while_served
    def linked_aliases(self, artifact: ArtifactVersion, collection: Reference) -> set[str] | None:
        """Return the aliases of `artifact` in `collection`, or None if it is not linked into it."""
        for link in self._require(artifact).linked_artifacts:
            if f"{link.project}/{link.collection.name}" == collection.path:
                return set(link.aliases)
        return None

    def url(self) -> str:
        with errors():
            return f"{wandb.setup().settings.app_url}/{quote(self.entity)}/{quote(self.project)}"

    def fetch(self, reference: Reference) -> wandb.Artifact | None:
        """Return the SDK's artifact, from its own project if a registry links to it, or None."""
        with errors():
            try:
                stored = self._api.artifact(self._full(reference))
            except CommError as error:
                # The SDK's ValueError means that it does not exist; anything else is a failure.
                if isinstance(error.exc, ValueError):
                    return None
                raise
            artifact: wandb.Artifact = stored.source_artifact if stored.is_link else stored
            return artifact

    def version(self, artifact: wandb.Artifact) -> ArtifactVersion:
        """Return the SDK's `artifact` as an ArtifactVersion."""
        entity, project = artifact.source_entity, artifact.source_project
        place = "" if project == self.project else project
        if entity != self.entity:
            place = f"{entity}/{project}"
        return ArtifactVersion(
            name=artifact.source_name.partition(":")[0],
            version=artifact.source_version,
            type=artifact.type,
            # Artifacts that Relay did not log have W&B's digest only.
            digest=str(artifact.metadata.get(DIGEST_KEY) or artifact.digest),
            aliases=tuple(artifact.aliases),
            metadata={k: v for k, v in artifact.metadata.items() if k != DIGEST_KEY},
            place=place,
            created=to_utc(artifact.created_at),
        )

    def _type_of(self, name: str) -> str | None:
        """Return the type of an artifact, or None if there is none of that name."""
        types = self._collections.type_of
        if name not in types:
            latest = self.fetch(Reference.parse(name))
            if latest is not None:
                types[name] = latest.type
            else:  # its newest version may have lost the alias; a list takes a request for a type
                self._collections.all()
        return types.get(name)

    def _require(self, artifact: ArtifactVersion) -> wandb.Artifact:
        stored = self.fetch(Reference.parse(str(artifact)))
        if stored is None:
            raise RelayError(
                f"{artifact}: not on W&B any more (project '{self.place}'). Run the step that "
                "makes it again."
            )
        return stored

    def _full(self, reference: Reference) -> str:
        if reference.registry is not None:
            return str(reference)
        entity, project = reference.entity or self.entity, reference.project or self.project
        return f"{entity}/{project}/{reference.name}:{reference.alias}"


def _is_whole(run: Any) -> bool:
    return SECONDS in run.summary or REPLAYED in run.config
