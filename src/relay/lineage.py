"""What the run that made an artifact used, as the artifact's metadata say. Light: no pandas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from relay.tracking.interface import ArtifactVersion

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


def train_set(model: ArtifactVersion, find: Find) -> ArtifactVersion | None:
    """The train set of `model`, or None where it is not known or not in the store any more."""
    record = recorded_input(model, "train")
    found = None if record is None else find(record.artifact)
    return found if record and found and found.digest == record.digest else None
