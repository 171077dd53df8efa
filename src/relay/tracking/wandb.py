"""The W&B backend, cloud or self-hosted; where it is used, and only there, wandb is imported."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import wandb
from wandb.errors import CommError
from wandb.sdk.lib.service.service_connection import WandbApiFailedError

from relay.errors import ConfigError, RelayError
from relay.git import git_remote
from relay.redact import redact
from relay.tracking.digests import digest_of_path
from relay.tracking.interface import (
    DIGEST_KEY,
    SECONDS,
    ArtifactVersion,
    Draft,
    Row,
    RunSpec,
    RunStatus,
    UploadError,
)
from relay.tracking.missing import hint_on_missing
from relay.tracking.references import Reference

log = logging.getLogger("relay")

_EXIT_CODES: dict[RunStatus, int] = {"succeeded": 0, "failed": 1, "killed": 255}
# The SDK would try for hours: a step that waits so long for a server is no help. Its variables,
# such as WANDB_X_GRAPHQL_RETRY_MAX, come before these.
_RETRIES = {
    f"x_{part}_retry_{key}": value
    for part in ("graphql", "file_stream", "file_transfer")
    for key, value in (("max", 5), ("wait_min_seconds", 1.0), ("wait_max_seconds", 10.0))
}
_FINISH_SECONDS = 300.0
_INIT_SECONDS = 60.0
_END_SECONDS = 10.0
_WHO = "W&B: "
_LONGEST_TEXT = 300  # characters of an error of the SDK's


class WandbBackend:
    """Runs and artifacts of one W&B project; `entity` None is the key's own."""

    name = "wandb"

    def __init__(self, project: str, entity: str | None, code_root: Path) -> None:
        settings = wandb.Settings(
            project=project,
            entity=entity,
            silent=True,
            disable_job_creation=True,
            init_timeout=_INIT_SECONDS,
            finish_timeout=_FINISH_SECONDS,
            finish_timeout_raises=True,
            git_root=str(code_root),
            **{k: v for k, v in _RETRIES.items() if f"WANDB_{k.upper()}" not in os.environ},
        )
        with _errors():
            wandb.setup(settings=settings)
            self._api = wandb.Api(timeout=30)
            own = entity or self._api.default_entity
        if own is None:
            raise ConfigError(
                "W&B knows no default entity for this key: give tracking.entity=NAME."
            )
        self.entity = own
        self.project = project
        self._code_root = code_root

    def warm_up(self) -> None:
        """The SDK is there already."""

    def start_run(self, spec: RunSpec) -> WandbRun:
        with _errors():
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
                    git_commit=spec.git_commit, git_remote_url=git_remote(self._code_root)
                ),
            )
        return WandbRun(self, run)

    def find(self, reference: str) -> ArtifactVersion | None:
        artifact = self.fetch(Reference.parse(reference))
        return None if artifact is None else self.version(artifact)

    def names(self) -> list[str]:
        with _errors():
            types = self._api.artifact_types(f"{self.entity}/{self.project}")
            return [one.name for type in types for one in type.collections()]

    def download(self, artifact: ArtifactVersion, folder: Path) -> None:
        with _errors():
            self._require(artifact).download(root=str(folder))

    def made_from(self, artifact: ArtifactVersion) -> list[ArtifactVersion]:
        with _errors():
            runs = sorted(self._require(artifact).used_by(), key=lambda run: str(run.created_at))
            made = [self.version(one) for run in runs for one in run.logged_artifacts()]
        return list(dict.fromkeys(made))

    def set_alias(self, artifact: ArtifactVersion, alias: str) -> None:
        with _errors():
            found = self._require(artifact)
            if alias not in found.aliases:
                found.aliases.append(alias)
                found.save()

    def link(
        self, artifact: ArtifactVersion, collection: Reference, aliases: Sequence[str]
    ) -> None:
        found = self._require(artifact)
        try:
            found.link(collection.path, list(aliases))
        except (wandb.Error, ValueError) as error:
            raise RelayError(
                f"W&B did not link {artifact} to {collection.path}: {_text(error)}. The registry "
                f"'{collection.registry}' has to be there (W&B makes 'model' itself, others are "
                f"made on its Registry page) and open to '{self.entity}'."
            ) from error

    def find_content(self, name: str, type: str, digest: str) -> ArtifactVersion | None:
        """The version of artifact `name` whose content has `digest`, or None."""
        path = f"{self.entity}/{self.project}/{name}"
        with _errors():
            if not self._api.artifact_collection_exists(path, type):
                return None
            for artifact in self._api.artifacts(type, path):
                version = self.version(artifact)
                if version.digest == digest:
                    return version
        return None

    def complete_runs(self) -> set[str]:
        """The ids of the runs that came to their end: the last row says how long each took."""
        with _errors():
            try:
                runs = self._api.runs(f"{self.entity}/{self.project}", per_page=500)
                return {run.id for run in runs if run.state != "running" and SECONDS in run.summary}
            except (CommError, ValueError) as error:
                if "not find project" in str(error) or "project not found" in str(error).lower():
                    return set()
                raise

    def has_ended(self, run_id: str) -> bool:
        """Whether the server knows that a run has ended, which it may take some seconds to say."""
        deadline = time.monotonic() + _END_SECONDS
        while True:
            with _errors():
                run = self._api.run(f"{self.entity}/{self.project}/{run_id}")
                run.load(force=True)
            if run.state != "running":
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.5)

    def linked_aliases(self, artifact: ArtifactVersion, collection: Reference) -> set[str] | None:
        """The aliases of `artifact` in `collection`; None where it is not linked into it."""
        with _errors():
            for link in self._require(artifact).linked_artifacts:
                if f"{link.project}/{link.collection.name}" == collection.path:
                    return set(link.aliases)
        return None

    def url(self) -> str:
        return f"{wandb.setup().settings.app_url}/{quote(self.entity)}/{quote(self.project)}"

    def fetch(self, reference: Reference) -> wandb.Artifact | None:
        """The artifact itself, from its own project where a registry links to it."""
        with _errors():
            try:
                found = self._api.artifact(self._full(reference))
            except CommError as error:
                # What is not there is a ValueError of the SDK's; what failed is anything else.
                if isinstance(error.exc, ValueError):
                    return None
                raise
            artifact: wandb.Artifact = found.source_artifact if found.is_link else found
            return artifact

    def version(self, artifact: wandb.Artifact) -> ArtifactVersion:
        """`artifact` in the words of the interface."""
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
        )

    def _require(self, artifact: ArtifactVersion) -> wandb.Artifact:
        found = self.fetch(Reference.parse(str(artifact)))
        if found is None:
            raise RelayError(
                f"Artifact {artifact} is not in {self.entity}/{self.project} any more."
            )
        return found

    def _full(self, reference: Reference) -> str:
        if reference.registry is not None:
            return str(reference)
        entity, project = reference.entity or self.entity, reference.project or self.project
        return f"{entity}/{project}/{reference.name}:{reference.alias}"


class WandbRun:
    """One W&B run."""

    def __init__(self, backend: WandbBackend, run: wandb.Run) -> None:
        self._backend = backend
        self._run = run
        self._used: dict[str, wandb.Artifact] = {}
        self._first_step = run.step
        self.url = run.url

    def use_artifact(self, reference: str) -> ArtifactVersion:
        artifact = self._backend.fetch(Reference.parse(reference))
        if artifact is None:
            raise RelayError(
                f"Artifact '{reference}' is not on W&B (project "
                f"'{self._backend.entity}/{self._backend.project}')."
                f"{hint_on_missing(self._backend, reference)} Run the step that makes it first."
            )
        version = self._backend.version(artifact)
        with _errors():
            self._run.use_artifact(artifact)
        self._used[str(version)] = artifact
        return version

    def download(self, artifact: ArtifactVersion, folder: Path) -> None:
        with _errors():
            self._used[str(artifact)].download(root=str(folder))

    def log_artifact(self, draft: Draft) -> ArtifactVersion:
        metadata = {**draft.metadata, DIGEST_KEY: digest_of_path(draft.path)}
        with _uploading(draft.name):
            artifact = wandb.Artifact(
                draft.name, draft.type, description=draft.description, metadata=metadata
            )
            if draft.path.is_dir():
                artifact.add_dir(str(draft.path))
            else:
                artifact.add_file(str(draft.path))
            # Only wait() gives the version, and only it says that an upload failed.
            logged = self._run.log_artifact(artifact).wait()
            if dict(logged.metadata) != metadata or logged.description != draft.description:
                # Content that was there before: what is said of it is new.
                logged.metadata, logged.description = metadata, draft.description
                logged.save()
            return self._backend.version(logged)

    def log(self, row: Row) -> None:
        values: dict[str, Any] = dict(row.metrics)
        values |= {name: wandb.Image(str(path)) for name, path in row.images.items()}
        values |= {
            name: wandb.Table(columns=list(table.columns), data=[list(one) for one in table.rows])
            for name, table in row.tables.items()
        }
        if row.time is not None:
            values["_timestamp"] = row.time
        if row.step is not None and row.step < self._first_step:
            return  # written before this run was gone on with
        with _uploading("the metrics"):
            self._run.log(values, step=row.step)

    def update_config(self, values: Mapping[str, Any]) -> None:
        with _uploading("the metrics"):
            self._run.config.update(dict(values), allow_val_change=True)  # type: ignore[no-untyped-call]

    def finish(self, status: RunStatus, message: str = "") -> None:
        with _uploading("the end of the run"):
            if message:
                self._run.summary["error"] = message
            self._run.finish(exit_code=_EXIT_CODES[status])
            # It returns as if all were well when the server has gone or the key was revoked.
            if not self._backend.has_ended(self._run.id):
                raise TimeoutError("the server still says that the run goes on")


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """Turn the SDK's errors into ours."""
    try:
        yield
    except (
        wandb.Error,
        WandbApiFailedError,
        ValueError,
        TypeError,
        TimeoutError,
        OSError,
    ) as error:
        raise RelayError(f"{_WHO}{_text(error)}") from error


@contextlib.contextmanager
def _uploading(what: str) -> Iterator[None]:
    """UploadError for any error: the work was done, and W&B did not take it."""
    try:
        with _errors():
            yield
    except RelayError as error:
        text = str(error).removeprefix(_WHO)
        raise UploadError(f"W&B did not take {what}: {text}") from error


def _text(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return redact(text.partition(" while retrying")[0])[:_LONGEST_TEXT]
