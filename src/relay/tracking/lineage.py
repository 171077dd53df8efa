"""What the run that made an artifact used, as the artifact's metadata say. Light: no pandas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from relay.tracking.interface import ArtifactVersion

SOURCE_URL = "original_url"
"""Where the metadata of a raw file keep the URL that it was fetched from."""

Find = Callable[[str], ArtifactVersion | None]


@dataclass(frozen=True)
class Recorded:
    """An input of the run that made an artifact: its exact reference and its digest."""

    artifact: str
    digest: str


def recorded_input(version: ArtifactVersion, key: str) -> Recorded | None:
    """Input `key` of the run that made `version`, or None where its metadata do not say."""
    inputs = version.metadata.get("inputs")
    record = inputs.get(key) if isinstance(inputs, dict) else None
    if not isinstance(record, dict) or not record.get("artifact") or not record.get("digest"):
        return None
    return Recorded(str(record["artifact"]), str(record["digest"]))


def recorded_inputs(version: ArtifactVersion) -> dict[str, Recorded]:
    """Return all inputs of the run that made `version`, by their keys, if they are recorded."""
    found = {key: recorded_input(version, key) for key in version.metadata.get("inputs") or {}}
    return {key: record for key, record in found.items() if record is not None}


def ancestry(version: ArtifactVersion, find: Find) -> dict[str, ArtifactVersion | None]:
    """Return all that `version` was made of, and what that was made of, by exact reference.

    Each comes after all that it was made of. None is what is not in the store any more.
    """
    found: dict[str, ArtifactVersion | None] = {}
    for record in recorded_inputs(version).values():
        if record.artifact not in found:
            there = find(record.artifact)
            there = there if there is not None and there.digest == record.digest else None
            found |= {} if there is None else ancestry(there, find)
            found[record.artifact] = there
    return found


def source_url(version: ArtifactVersion, find: Find) -> str | None:
    """Return the URL of the file that `version` was made from; None if no ancestor records it."""
    for ancestor in (*ancestry(version, find).values(), version):
        if ancestor is not None and ancestor.metadata.get(SOURCE_URL):
            return str(ancestor.metadata[SOURCE_URL])
    return None


def train_set(model: ArtifactVersion, find: Find) -> ArtifactVersion | None:
    """Return the training set of `model`, or None if it is unknown or not in the store any more."""
    record = recorded_input(model, "train")
    found = None if record is None else find(record.artifact)
    return found if record and found and found.digest == record.digest else None
