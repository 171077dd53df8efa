"""Builds of environments: one process each, which is shown, stopped and explained the same way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from relay.runtime.processes import SpawnedProcess, wait
from relay.runtime.usage import Usage
from relay.util.errors import RelayError
from relay.util.signals import StopSignals

_LINES = 200
"""Of a log, for the message of a build that failed."""


class BuildDisplay(Protocol):
    """A display of the progress of builds."""

    def build_starts(self, line: str) -> None:
        """Show the line about a build that starts: its components, and what it takes."""

    def building(self, components: Sequence[str], usage: Usage, line: str) -> None:
        """Show that the environment that `components` share is being built."""

    def built(self, components: Sequence[str], seconds: float) -> None:
        """Show that the environment is ready, after `seconds`."""


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
