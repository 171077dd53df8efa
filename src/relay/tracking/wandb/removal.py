"""What `relay gc` asks of a W&B server: which versions there are, and their removal."""

from __future__ import annotations

from collections.abc import Iterator

import wandb

from relay.tracking.interface import ArtifactVersion, Holding
from relay.tracking.wandb.sdk_errors import errors
from relay.util.errors import RelayError

PAGE = 100
"""The versions of an artifact that one request asks for."""


def stored_versions(api: wandb.Api, type: str, path: str) -> Iterator[wandb.Artifact]:
    """Yield every version of the artifact at `path`, page by page."""
    with errors():
        stored = api.artifacts(type, path, per_page=PAGE)
    while True:
        with errors():
            artifact = next(stored, None)
        if artifact is None:
            return
        yield artifact


def hold(artifact: wandb.Artifact, version: ArtifactVersion, before: str) -> Holding:
    """Return `version` with its size, and whether a registry links to it if it is old enough."""
    with errors():
        is_linked = version.created < before and bool(artifact.linked_artifacts)
        return Holding(version, int(artifact.size), is_linked)


def refuse_if_active(api: wandb.Api, place: str) -> None:
    """Check that no run of the project `place` is active: it cannot be locked, as a folder can.

    Raises RelayError if one is.
    """
    with errors():
        count = len(api.runs(place, filters={"state": "running"}, per_page=1))
    if count:
        raise RelayError(
            f"{place}: {count} run{'' if count == 1 else 's'} on W&B are active, whose "
            "artifacts must not be removed. Wait for their end, and try again; W&B notices "
            "after some minutes that a run was killed."
        )


def delete(artifact: wandb.Artifact) -> int:
    """Delete the version with its aliases, and return the bytes of its files."""
    size = int(artifact.size)
    artifact.delete(delete_aliases=True)
    return size
