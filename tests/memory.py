"""A backend in memory, and what a component reports of a run on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from relay.step.result import StepResult, read_result
from relay.tracking import ArtifactVersion, Draft, Reference, Row, RunSpec, RunStatus
from relay.tracking.interface import Collection
from relay.util.errors import RelayError


class Memory:
    """A backend in memory that does to each artifact what `on_log` does."""

    name = "memory"
    title = "the memory"
    url = None

    def __init__(self) -> None:
        self.stored: dict[str, ArtifactVersion] = {}
        self.ended: RunStatus | None = None
        self.rows: list[Row] = []
        self.on_log: Callable[[Draft], None] = lambda draft: None
        self.on_log_row: Callable[[], None] = lambda: None
        self.on_finish: Callable[[], None] = lambda: None

    def warm_up(self) -> None: ...

    def find(self, reference: str) -> ArtifactVersion | None:
        return self.stored.get(Reference.parse(reference).name)

    def collections(self) -> list[Collection]:
        return [Collection(version.name, version.type) for version in self.stored.values()]

    def versions(self, name: str, limit: int) -> list[ArtifactVersion]:
        return [version for version in self.stored.values() if version.name == name]

    def set_alias(self, artifact: ArtifactVersion, alias: str) -> None: ...

    def link(
        self, artifact: ArtifactVersion, collection: Reference, aliases: Sequence[str]
    ) -> None: ...

    def start_run(self, spec: RunSpec) -> Memory:
        self.spec = spec
        return self

    def use_artifact(self, reference: str) -> ArtifactVersion:
        version = self.find(reference)
        if version is None:
            raise RelayError(f"Artifact '{reference}' is not in the store.")
        return version

    def download(self, artifact: ArtifactVersion, folder: Path) -> None: ...

    def log_artifacts(self, drafts: Sequence[Draft]) -> Iterator[ArtifactVersion]:
        yield from map(self.put, drafts)

    def put(self, draft: Draft) -> ArtifactVersion:
        if draft.type == "source":  # the component's own files, not the step's
            return ArtifactVersion(draft.name, "v0", draft.type, "digest")
        self.on_log(draft)
        self.stored[draft.name] = ArtifactVersion(
            draft.name, "v0", draft.type, "digest", metadata=draft.metadata
        )
        return self.stored[draft.name]

    def log(self, row: Row) -> None:
        self.on_log_row()
        self.rows.append(row)

    def update_config(self, values: Mapping[str, Any]) -> None: ...

    def finish(self, status: RunStatus, message: str = "") -> None:
        self.on_finish()
        self.ended = status


def result(tmp_path: Path) -> StepResult:
    result = read_result(tmp_path / "result.json")
    assert result is not None
    return result
