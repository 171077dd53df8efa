"""The interface of a step's code: its parameters, inputs, outputs, metrics and notes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic

from relay.step.context import COUNTS_AS, ENVIRONMENT_KEY, PAGE
from relay.step.params import ARTIFACT_SUFFIX, ParamsT
from relay.tracking import ArtifactVersion, Backend, Draft, Reference, Row, Run, Table
from relay.util.errors import RelayError

log = logging.getLogger("relay")


@dataclass(frozen=True)
class Input:
    """An input artifact; its files are in the folder `path`."""

    path: Path
    version: ArtifactVersion

    @property
    def metadata(self) -> Mapping[str, Any]:
        return self.version.metadata


class StepRun(Generic[ParamsT]):
    """The interface of a step's code: its parameters, inputs, outputs, metrics and notes."""

    def __init__(
        self,
        params: ParamsT,
        backend: Backend,
        tracking: Run,
        workspace: Path,
        registry: str | None = None,
    ) -> None:
        self.params = params
        self.workspace = workspace
        self.inputs: dict[str, ArtifactVersion] = {}
        self.drafts: dict[str, Draft] = {}
        self.metrics: dict[str, float] = {}
        self.images: dict[str, Path] = {}
        self.tables: dict[str, Table] = {}
        self.notes: list[str] = []
        self.rows: list[Row] = []
        self.phases: dict[str, float] = {}
        self.last: list[Callable[[], None]] = []
        self._backend = backend
        self._tracking = tracking
        self._registry = registry

    def input(self, key: str, type: str | None = None) -> Input:
        """Fetch the artifact that parameter `<key>_artifact` names, and record its use.

        Raises RelayError if it does not exist or is not of `type`.
        """
        return self.use(key, getattr(self.params, key + ARTIFACT_SUFFIX), type)

    def use(self, key: str, reference: str, type: str | None = None) -> Input:
        """Fetch the artifact `reference` as input `key`, and record its use.

        Raises RelayError if it does not exist or is not of `type`.
        """
        version = self._tracking.use_artifact(reference)
        if type is not None and version.type != type:
            raise RelayError(
                f"{key}{ARTIFACT_SUFFIX}: {version} has type '{version.type}', and this step "
                f"needs one of type '{type}'. Give another artifact."
            )
        self.inputs[key] = version
        folder = self.workspace / "inputs" / key
        folder.mkdir(parents=True)
        self._tracking.download(version, folder)
        return Input(folder, version)

    def output(
        self,
        key: str,
        path: Path,
        *,
        type: str,
        description: str,
        metadata: Mapping[str, Any] | None = None,
        page: str | None = None,
        counts_as: str | None = None,
        environment: str | None = None,
    ) -> None:
        """Hand over a file or folder as output `key`; it is stored when the step has returned.

        `page` is the HTML file in the folder that people open. `counts_as` is the digest of what
        matters to steps that use it, if that is not all: they run again when it changes.
        `environment` is the folder in environments/ that steps which use it need.
        """
        name = getattr(self.params, key + ARTIFACT_SUFFIX)
        marks = {PAGE: page, COUNTS_AS: counts_as, ENVIRONMENT_KEY: environment}
        own = {mark: value for mark, value in marks.items() if value is not None}
        self.drafts[key] = Draft(name, type, path, description, {**own, **(metadata or {})})

    def find(self, reference: str) -> ArtifactVersion | None:
        """Return the version at `reference`, or None; it does not count as an input."""
        return self._backend.find(reference)

    def fetch(self, version: ArtifactVersion) -> Path:
        """Copy the files of `version` into a folder; it does not count as an input."""
        folder = self.workspace / "fetched" / version.name
        folder.mkdir(parents=True)
        self._backend.download(version, folder)
        return folder

    def set_alias(self, version: ArtifactVersion, alias: str, *, collection: str) -> None:
        """Point `alias` at `version`, once all outputs are stored.

        If a registry is configured, link `version` into its `collection` with that alias, too.
        """
        self.finally_do(lambda: self._backend.set_alias(version, alias))
        if self._registry is not None:
            target = Reference.to_collection(self._registry, collection)
            self.finally_do(lambda: self._backend.link(version, target, [alias]))

    def finally_do(self, action: Callable[[], None]) -> None:
        """Do `action` once all outputs are stored, in the order given; not if a gate failed."""
        self.last.append(action)

    def note(self, text: str) -> None:
        """Log `text`, and show it at the end of the pipeline's console output."""
        log.info("%s", text)
        self.notes.append(text)

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Record metrics of this run."""
        self.metrics.update(metrics)

    def log_row(self, metrics: Mapping[str, float]) -> None:
        """Record metrics of one moment of this run, such as the loss after an epoch, at once."""
        row = Row(dict(metrics), step=len(self.rows))
        self._tracking.log(row)
        self.rows.append(row)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the seconds that the block takes to the phase `name` of this run's record."""
        began = time.monotonic()
        try:
            yield
        finally:
            seconds = self.phases.get(name, 0.0) + time.monotonic() - began
            self.phases[name] = round(seconds, 3)

    def log_image(self, name: str, path: Path) -> None:
        """Record a picture (PNG) of this run."""
        self.images[name] = path

    def log_table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Record a small table of this run."""
        self.tables[name] = Table(tuple(columns), tuple(tuple(row) for row in rows))
