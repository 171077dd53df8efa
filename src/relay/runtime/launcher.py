"""Starts the processes of a run's steps: forked from one with their libraries, or spawned."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from relay.runtime.command import SCRIPT, runs_script, script_arguments, step_command
from relay.runtime.component import Component
from relay.runtime.environment_builder import EnvironmentBuilder
from relay.runtime.fork_client import ForkServer
from relay.runtime.fork_server import Libraries, Step
from relay.runtime.libraries import Library, list_late_libraries, list_libraries
from relay.runtime.processes import Process, SpawnedProcess
from relay.tracking import TrackingSettings
from relay.tracking.backends import step_module
from relay.util.errors import RelayError
from relay.util.project import Project

CAN_FORK = sys.platform == "linux"
"""On other systems a forked process cannot use all that a library began before the fork."""


@dataclass
class Launcher:
    """Starts the processes of steps; their logs and reports are in `folder`."""

    project: Project
    folder: Path
    tracking: TrackingSettings
    environments: EnvironmentBuilder
    _servers: dict[tuple[str, ...], ForkServer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("logs", "results", "tmp"):
            (self.folder / name).mkdir(exist_ok=True)

    def load(self, components: Sequence[Component]) -> None:
        """Begin to load the libraries of `components`, in this order, and return at once."""
        used: dict[ForkServer, list[Library]] = {}
        with contextlib.suppress(OSError):  # if nothing can be started, `start` reports it
            for component in filter(_is_forked, components):
                server, needed = self._server(component), self._libraries(component)
                server.load(Libraries(needed))
                used.setdefault(server, []).extend(needed)
            for server, needed in used.items():
                server.load(Libraries(list_late_libraries(needed)))

    def result_path(self, step: str) -> Path:
        """Return the file into which the process of `step` writes its report."""
        return self.folder / "results" / f"{step}.json"

    def start(
        self,
        step: str,
        component: Component,
        arguments: Mapping[str, str],
        environ: Mapping[str, str],
    ) -> Process:
        """Start `component` as `step`, with all of its parameters as text in `arguments`.

        `environ` is added to the environment variables of every step.
        Raises RelayError if the process cannot be started.
        """
        log = self.folder / "logs" / f"{step}.log"
        try:
            return self._start(step, component, arguments, environ, log)
        except OSError as error:
            raise RelayError(
                f"{step}: the step's process could not be started ({error}). Check that bash is "
                "installed, and that memory and `ulimit -u` allow another process."
            ) from error

    def close(self) -> float:
        """End the servers and return the CPU seconds that they used to load libraries."""
        seconds = sum(server.close() for server in self._servers.values())
        self._servers.clear()
        with contextlib.suppress(FileNotFoundError):
            if self._log.stat().st_size == 0:
                self._log.unlink()
        return seconds

    def _start(
        self,
        name: str,
        component: Component,
        arguments: Mapping[str, str],
        environ: Mapping[str, str],
        log: Path,
    ) -> Process:
        if not _is_forked(component):
            return SpawnedProcess(
                step_command(component, arguments, self._activate(component)),
                cwd=component.folder,
                env={**self._environ(), **environ},
                log=log,
            )
        step = Step(
            name,
            folder=str(component.folder),
            script=str(component.folder / SCRIPT),
            arguments=script_arguments(arguments),
            environ=environ,
            log=str(log),
            libraries=Libraries(self._libraries(component)),
        )
        return self._server(component).fork(step)

    def _server(self, component: Component) -> ForkServer:
        """Return the server of the environment of `component`; start it if there is none."""
        activate = self._activate(component)
        if activate not in self._servers:
            environ = {**self._environ(), "PYTHONPATH": str(self.project.root / "src")}
            self._servers[activate] = ForkServer(activate, environ, self._log)
        return self._servers[activate]

    @property
    def _log(self) -> Path:
        """Return the file with the servers' output, which is empty if all is well."""
        return self.folder / "logs" / "libraries.log"

    def _activate(self, component: Component) -> tuple[str, ...]:
        return self.environments.get(component).activate

    def _environ(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "PYTHONIOENCODING": "utf-8",  # for the log, whatever the console has
            "TMPDIR": str(self.folder / "tmp"),
        }

    def _libraries(self, component: Component) -> list[Library]:
        root = self.project.root
        module = step_module(self.tracking).replace(".", "/")
        scripts = [component.folder / SCRIPT, root / "src" / f"{module}.py"]
        return list_libraries(scripts, root)


def _is_forked(component: Component) -> bool:
    return CAN_FORK and runs_script(component)
