"""Replay the local store's past on a server: runs in their order, then aliases and links."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from relay.tracking.interface import CACHE_PREFIX, ArtifactVersion, PublishTarget
from relay.tracking.local.history import LocalHistory, PastRun
from relay.tracking.records import RunRecord, replay
from relay.tracking.references import translated
from relay.util.errors import RelayError


@dataclass
class Publisher:
    """Publishes `history` into `target`; what is there already is not sent again."""

    history: LocalHistory
    target: PublishTarget
    _sent: set[str] = field(default_factory=set)
    """Exact local references that the runs sent by this publisher used or made."""
    _names: dict[str, str] = field(default_factory=dict)
    """Exact references of the target by those of the local store."""

    def pending(self, runs: list[PastRun]) -> list[PastRun]:
        """Return those of `runs` that the target does not have as a whole."""
        there = self.target.complete_runs()
        return [run for run in runs if run.spec.id not in there]

    def send(self, runs: list[PastRun], sent: Callable[[PastRun], None]) -> None:
        """Send `runs`, oldest first, and call `sent` with each that has arrived.

        Raises RelayError if one does not arrive: those before it are there, and the same command
        continues with it.
        """
        for run in runs:
            with tempfile.TemporaryDirectory(prefix="relay-publish-") as folder:
                made = replay(self._record(run, Path(folder)), self.target)
            self._names |= {str(old): str(new) for old, new in zip(run.outputs, made, strict=True)}
            self._sent |= {str(artifact) for artifact in (*run.inputs, *run.outputs)}
            sent(run)

    def point(self) -> Iterator[str]:
        """Set aliases and registry links as they are locally; yields a line for each."""
        for artifact, alias in self.history.aliases():
            there = self._there(artifact)
            if alias in there.aliases:
                continue
            other = self.target.find(f"{there.name}:{alias}")
            if other is not None and str(artifact) not in self._sent:
                # Nothing that was sent now speaks for it: it was decided there, since.
                yield f"{there.name}:{alias} stays {other}"
                continue
            self.target.set_alias(there, alias)
            if not alias.startswith(CACHE_PREFIX):
                yield f"{there} is now {there.name}:{alias}"
        for link in self.history.links():
            there = self._there(link.artifact)
            present = self.target.linked_aliases(there, link.collection)
            if present is None or not set(link.aliases) <= present:
                self.target.link(there, link.collection, link.aliases)
                names = ", ".join(link.aliases) or "no alias"
                yield f"{there} is now linked into {link.collection.path} ({names})"

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
            self._names[local] = str(self._there(artifact))
        return self._names[local]

    def _there(self, artifact: ArtifactVersion) -> ArtifactVersion:
        """Return the target's version with the content of `artifact`."""
        name = self._names.get(str(artifact))
        found = (
            self.target.find(name)
            if name is not None
            else self.target.find_content(artifact.name, artifact.type, artifact.digest)
        )
        if found is None:
            raise RelayError(
                f"{artifact} is not in {self.target.place}, and no run of "
                "the local store that could be sent made it."
            )
        return found
