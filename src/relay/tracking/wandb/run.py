"""A run on W&B."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import wandb

from relay.tracking.digests import digest_of_files, digest_of_path, sha256_of
from relay.tracking.interface import (
    DIGEST_KEY,
    ArtifactVersion,
    Backend,
    Draft,
    Row,
    RunStatus,
    Table,
    UploadError,
)
from relay.tracking.not_found import hint_on_missing
from relay.tracking.references import Reference
from relay.tracking.wandb.outage import while_served
from relay.tracking.wandb.sdk_errors import uploading
from relay.tracking.wandb.sdk_process import finish_within
from relay.tracking.wandb.server_check import find_outage
from relay.util.errors import RelayError

_EXIT_CODES: dict[RunStatus, int] = {"succeeded": 0, "failed": 1, "killed": 255}
_LAST_SECONDS = 10.0
"""The time for the end of a run after a failed upload, when its work is kept anyway."""


class RunBackend(Backend, Protocol):
    """A run's view of the backend that started it."""

    @property
    def place(self) -> str:
        """Return the project, with its owner."""

    def fetch(self, reference: Reference) -> wandb.Artifact | None:
        """Return the SDK's artifact, or None if it does not exist."""

    def version(self, artifact: wandb.Artifact) -> ArtifactVersion:
        """Return the SDK's `artifact` as an ArtifactVersion."""

    def has_ended(self, run_id: str) -> bool:
        """Return whether the server has the run as ended."""


def download_verified(artifact: wandb.Artifact, folder: Path) -> None:
    """Write the files of `artifact` into `folder`.

    Raises RelayError if their content differs from their digest. Artifacts that Relay did not log
    have no digest.
    """
    artifact.download(root=str(folder))
    expected = artifact.metadata.get(DIGEST_KEY)
    if expected is None:
        return
    files = {path: sha256_of(folder / path) for path in artifact.manifest.entries}
    if digest_of_files(files) != expected:
        raise RelayError(
            f"{artifact.name}: the artifact is damaged: its files differ from those that were "
            "stored. Delete the SDK's cache (the folder in WANDB_CACHE_DIR) and try again; if "
            "that does not help, run the step that makes the artifact again, with force=STEP."
        )


def _page(path: Path) -> wandb.Html:
    """Return a page as it is: the SDK would add a style sheet from W&B's site."""
    return wandb.Html(path.read_text(encoding="utf-8"), inject=False, data_is_not_path=True)


class WandbRun:
    """One W&B run."""

    def __init__(self, backend: RunBackend, run: wandb.Run) -> None:
        self._backend = backend
        self._run = run
        self._used: dict[str, wandb.Artifact] = {}
        self._first_step = run.step
        self._failed = False
        """Whether an upload has failed."""
        self.url = run.url

    @while_served
    def use_artifact(self, reference: str) -> ArtifactVersion:
        artifact = self._backend.fetch(Reference.parse(reference))
        if artifact is None:
            raise RelayError(
                f"{reference}: W&B has no such artifact (project '{self._backend.place}')."
                f"{hint_on_missing(self._backend, reference)} Run the step that makes it first."
            )
        version = self._backend.version(artifact)
        self._run.use_artifact(artifact)
        self._used[str(version)] = artifact
        return version

    @while_served
    def download(self, artifact: ArtifactVersion, folder: Path) -> None:
        download_verified(self._used[str(artifact)], folder)

    def log_artifacts(self, drafts: Sequence[Draft]) -> Iterator[ArtifactVersion]:
        # All are on their way before the first is waited for: each takes a dozen requests.
        started = []
        for draft in drafts:
            with self._uploading(draft.name):
                started.append(self._start_artifact(draft))
        for draft, artifact in zip(drafts, started, strict=True):
            with self._uploading(draft.name):
                yield self._wait_for(draft, artifact)

    @while_served
    def _start_artifact(self, draft: Draft) -> wandb.Artifact:
        # step/outputs.py gives a draft its metadata, step/lifecycle.py its alias for the cache.
        artifact = wandb.Artifact(
            draft.name,
            draft.type,
            description=draft.description,
            metadata={**draft.metadata, DIGEST_KEY: digest_of_path(draft.path)},
        )
        if draft.path.is_dir():
            artifact.add_dir(str(draft.path))
        else:
            artifact.add_file(str(draft.path))
        return self._run.log_artifact(artifact, aliases=list(draft.aliases) or None)

    @while_served
    def _wait_for(self, draft: Draft, artifact: wandb.Artifact) -> ArtifactVersion:
        metadata = dict(artifact.metadata)
        # Only wait() gives the version, and only it raises if the upload failed.
        logged = artifact.wait()
        if dict(logged.metadata) != metadata or logged.description != draft.description:
            # The content was there before; only its metadata is new.
            logged.metadata, logged.description = metadata, draft.description
            logged.save()
        return self._backend.version(logged)

    def log(self, row: Row) -> None:
        values: dict[str, Any] = dict(row.metrics)
        values |= {name: wandb.Image(str(path)) for name, path in row.images.items()}
        values |= {name: _table(table) for name, table in row.tables.items()}
        values |= {name: _page(path) for name, path in row.pages.items()}
        if row.time is not None:
            values["_timestamp"] = row.time
        if row.step is not None and row.step < self._first_step:
            return  # written before this run was continued
        with self._uploading("the metrics"):
            self._run.log(values, step=row.step)

    def update_config(self, values: Mapping[str, Any]) -> None:
        with self._uploading("the metrics"):
            self._run.config.update(dict(values), allow_val_change=True)  # type: ignore[no-untyped-call]

    def finish(self, status: RunStatus, message: str = "") -> None:
        with self._uploading("the end of the run"):
            if (self._failed or status != "succeeded") and (outage := find_outage(os.environ)):
                raise UploadError(outage)
            if message:
                self._run.summary["error"] = message
            if self._failed:
                finish_within(_LAST_SECONDS, lambda: self._run.finish(_EXIT_CODES[status]))
                return
            self._end(status)

    @while_served
    def _end(self, status: RunStatus) -> None:
        self._run.finish(exit_code=_EXIT_CODES[status])
        # It returns normally even if the server is down or the key was revoked.
        if not self._backend.has_ended(self._run.id):
            raise TimeoutError("the server still has the run as running")

    @contextlib.contextmanager
    def _uploading(self, content: str) -> Iterator[None]:
        """Do what `uploading` does, and remember a failure for the end of the run."""
        try:
            with uploading(content):
                yield
        except UploadError:
            self._failed = True
            raise


def _table(table: Table) -> wandb.Table:
    """Return `table` as W&B's; a column may have both texts and numbers."""
    kinds = (
        {_kind(value) for value in column if value is not None}
        for column in zip(*table.rows, strict=True)
    )
    return wandb.Table(
        columns=list(table.columns),
        data=list(map(list, table.rows)),
        allow_mixed_types=any(len(found) > 1 for found in kinds),
    )


def _kind(value: object) -> type:
    """Return the type that W&B takes `value` for."""
    return next((kind for kind in (bool, str) if isinstance(value, kind)), float)
