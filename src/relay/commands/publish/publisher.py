"""The replay of the local store's history on a server: runs in order, then aliases and links."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from relay.tracking.interface import CACHE_PREFIX, ArtifactVersion, PublishTarget
from relay.tracking.local.history import LocalHistory, PastRun
from relay.tracking.references import translated
from relay.tracking.run_records import RunRecord, replay
from relay.util.errors import RelayError


@dataclass
class Publisher:
    """Uploads `history` to `target`, without the runs that are there already."""

    history: LocalHistory
    target: PublishTarget
    _sent: set[str] = field(default_factory=set)
    """The exact local references that runs uploaded by this publisher used or made."""
    _names: dict[str, str] = field(default_factory=dict)
    """The exact references in the target by those in the local store."""

    def pending(self, runs: list[PastRun]) -> list[PastRun]:
        """Return the `runs` that the target does not have, or only in part."""
        complete = self.target.complete_runs()
        return [run for run in runs if run.spec.id not in complete]

    def send(self, runs: list[PastRun], sent: Callable[[PastRun], None]) -> None:
        """Upload `runs`, oldest first, and call `sent` with each when it is done.

        Raises RelayError if an upload fails; the same command then continues with that run.
        """
        for run in runs:
            with tempfile.TemporaryDirectory(prefix="relay-publish-") as folder:
                made = replay(self._record(run, Path(folder)), self.target)
            self._names |= {str(old): str(new) for old, new in zip(run.outputs, made, strict=True)}
            self._sent |= {str(artifact) for artifact in (*run.inputs, *run.outputs)}
            sent(run)

    def point(self) -> Iterator[str]:
        """Set aliases and registry links as in the local store; yield a line for each."""
        for artifact, alias in self.history.aliases():
            version = self._find_published(artifact)
            if alias in version.aliases:
                continue
            other = self.target.find(f"{version.name}:{alias}")
            if other is not None and str(artifact) not in self._sent:
                # No run of this upload concerns it: somebody moved the alias on the server since.
                yield f"{version.name}:{alias} stays {other}"
                continue
            self.target.set_alias(version, alias)
            if not alias.startswith(CACHE_PREFIX):
                yield f"{version} is now {version.name}:{alias}"
        for link in self.history.links():
            version = self._find_published(link.artifact)
            present = self.target.linked_aliases(version, link.collection)
            if present is None or not set(link.aliases) <= present:
                self.target.link(version, link.collection, link.aliases)
                names = ", ".join(link.aliases) or "no alias"
                yield f"{version} is now linked into {link.collection.path} ({names})"

    def _record(self, run: PastRun, folder: Path) -> RunRecord:
        inputs = tuple(self._name(artifact) for artifact in run.inputs)
        drafts = []
        for number, artifact in enumerate(run.outputs):
            draft = self.history.draft(artifact, folder / str(number))
            drafts.append(replace(draft, metadata=translated(draft.metadata, self._names)))
        return RunRecord(
            spec=replace(run.spec, config=translated(run.spec.config, self._names)),
            status=run.status,
            message=run.message,
            rows=run.rows,
            inputs=inputs,
            outputs=tuple(drafts),
        )

    def _name(self, artifact: ArtifactVersion) -> str:
        local = str(artifact)
        if local not in self._names:
            self._names[local] = str(self._find_published(artifact))
        return self._names[local]

    def _find_published(self, artifact: ArtifactVersion) -> ArtifactVersion:
        """Return the target's version with the content of `artifact`.

        Raises RelayError if the target does not have it.
        """
        name = self._names.get(str(artifact))
        version = (
            self.target.find(name)
            if name is not None
            else self.target.find_content(artifact.name, artifact.type, artifact.digest)
        )
        if version is None:
            raise RelayError(
                f"{artifact}: not in {self.target.place}, and no run in the local store made it, "
                "so that it cannot be uploaded. Run the step that makes it, then publish again."
            )
        return version
