"""Builds of environments: one process each, which is shown, stopped and explained the same way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from relay.runtime.component import Component
from relay.runtime.environments import Environment
from relay.runtime.processes import SpawnedProcess, wait
from relay.runtime.progress import BuildDisplay
from relay.util.errors import RelayError
from relay.util.signals import StopSignals

_LINES = 200
"""Of a log, for the message of a build that failed."""


class Environments(Protocol):
    """The environments of a run's components, with a manager or as images."""

    def find_missing(self, components: Sequence[Component]) -> list[Component]:
        """Return the components whose environment must be built.

        Raises RelayError if what manages the environments does not answer.
        """

    def build(self, components: Sequence[Component]) -> None:
        """Build the environments that `components` do not have yet.

        Raises RelayError if a build fails, Interrupted if a signal stops it.
        """

    def get(self, component: Component) -> Environment:
        """Return the environment of a component, which was there or has been built."""


@dataclass
class Builds:
    """Runs builds, one after the other; what they print is in `log`."""

    log: Path
    display: BuildDisplay
    signals: StopSignals
    seconds: float = 0.0
    """The time that they took."""

    def run(
        self,
        command: Sequence[str],
        folder: Path,
        environ: Mapping[str, str],
        names: Sequence[str],
        explain: Callable[[Sequence[str]], str],
    ) -> None:
        """Run a build in `folder`, shown as that of the components `names`.

        Raises RelayError with what `explain` returns for the end of its log if it fails,
        Interrupted if a signal stops it.
        """
        process = SpawnedProcess(command, cwd=folder, env=environ, log=self.log)
        status = wait(
            process, lambda usage, line: self.display.building(names, usage, line), self.signals
        )
        if status != 0:
            raise RelayError(explain(process.tail(_LINES)))
        self.seconds += process.usage.seconds
        self.display.built(names, process.usage.seconds)
