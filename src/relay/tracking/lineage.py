"""The lineage of artifacts, from their metadata. Light to import: no pandas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from relay.tracking.interface import ArtifactVersion

SOURCE_URL = "original_url"
"""The metadata key of the URL that a raw file was fetched from."""

Find = Callable[[str], ArtifactVersion | None]


@dataclass(frozen=True)
class Recorded:
    """An input of the run that made an artifact: its exact reference and its digest."""

    artifact: str
    digest: str


def recorded_input(version: ArtifactVersion, key: str) -> Recorded | None:
    """Return input `key` of the run that made `version`, or None if it is not recorded."""
    inputs = version.metadata.get("inputs")
    record = inputs.get(key) if isinstance(inputs, dict) else None
    if not isinstance(record, dict) or not record.get("artifact") or not record.get("digest"):
        return None
    return Recorded(str(record["artifact"]), str(record["digest"]))


def recorded_inputs(version: ArtifactVersion) -> dict[str, Recorded]:
    """Return the recorded inputs of the run that made `version`, by their keys."""
    records = {key: recorded_input(version, key) for key in version.metadata.get("inputs") or {}}
    return {key: record for key, record in records.items() if record is not None}


def ancestry(version: ArtifactVersion, find: Find) -> dict[str, ArtifactVersion | None]:
    """Return all artifacts that `version` was made from, at any distance, by exact reference.

    Each comes after its own ancestors. It is None if it is not in the store any more.
    """
    ancestors: dict[str, ArtifactVersion | None] = {}
    for record in recorded_inputs(version).values():
        if record.artifact not in ancestors:
            stored = _find_recorded(record, find)
            ancestors |= {} if stored is None else ancestry(stored, find)
            ancestors[record.artifact] = stored
    return ancestors


def source_url(version: ArtifactVersion, find: Find) -> str | None:
    """Return the URL of the file that `version` was made from, or None if none is recorded."""
    for ancestor in (*ancestry(version, find).values(), version):
        if ancestor is not None and ancestor.metadata.get(SOURCE_URL):
            return str(ancestor.metadata[SOURCE_URL])
    return None


def train_set(model: ArtifactVersion, find: Find) -> ArtifactVersion | None:
    """Return the training set of `model`, or None if it is unknown or not in the store any more."""
    record = recorded_input(model, "train")
    return None if record is None else _find_recorded(record, find)


def _find_recorded(record: Recorded, find: Find) -> ArtifactVersion | None:
    """Return the version of a record, or None if the store does not have it with its content."""
    stored = find(record.artifact)
    return stored if stored is not None and stored.digest == record.digest else None
