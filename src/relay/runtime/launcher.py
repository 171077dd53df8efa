"""The processes of a run's steps: forked where their libraries are loaded, or started anew."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from relay.pipeline.planned_step import Job
from relay.runtime.command import SCRIPT, runs_script, script_arguments, step_command
from relay.runtime.environment_builder import EnvironmentBuilder
from relay.runtime.fork_client import ForkServer
from relay.runtime.fork_server import Libraries, Step
from relay.runtime.libraries import Library, late, libraries
from relay.runtime.processes import Child, Process, Spawned
from relay.step.result import StepResult, read_result
from relay.tracking import TrackingSettings
from relay.tracking.backends import step_module
from relay.util.errors import RelayError
from relay.util.project import Project

CAN_FORK = sys.platform == "linux"
"""Elsewhere a forked process may not use all that a library has begun in the one before it."""


class StepProcess(Process):
    """The process of `job`, whose report will be at `result_path`."""

    def __init__(self, job: Job, child: Child, log: Path, result_path: Path) -> None:
        super().__init__(child, log)
        self.job = job
        self._result_path = result_path

    @property
    def result(self) -> StepResult | None:
        """Its report, where it came to write one."""
        return read_result(self._result_path)


@dataclass
class StepProcesses:
    """Starts the processes of steps; what they write is in `folder`."""

    project: Project
    folder: Path
    tracking: TrackingSettings
    environments: EnvironmentBuilder
    _servers: dict[tuple[str, ...], ForkServer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("logs", "results", "tmp"):
            (self.folder / name).mkdir(exist_ok=True)

    def load(self, jobs: Sequence[Job]) -> None:
        """Have the libraries of `jobs` loaded, in this order, while something else is done."""
        used: dict[ForkServer, list[Library]] = {}
        with contextlib.suppress(OSError):  # where nothing can be started, `start` will say so
            for job in filter(_is_forked, jobs):
                server, found = self._server(job), self._libraries(job)
                server.load(Libraries(found))
                used.setdefault(server, []).extend(found)
            for server, found in used.items():
                server.load(Libraries(late(found)))

    def result_path(self, job: Job) -> Path:
        """Where the process of `job` is to write its report."""
        return self.folder / "results" / f"{job.name}.json"

    def start(
        self, job: Job, arguments: Mapping[str, str], environ: Mapping[str, str]
    ) -> StepProcess:
        """Start `job` with all of its parameters as text, and what its environment has besides.

        RelayError where it cannot be started.
        """
        log = self.folder / "logs" / f"{job.name}.log"
        try:
            child = self._child(job, arguments, environ, log)
        except OSError as error:
            raise RelayError(f"Step '{job.name}' could not be started: {error}") from error
        return StepProcess(job, child, log, self.result_path(job))

    def close(self) -> float:
        """End what was started to fork from, and return the CPU seconds that it used."""
        seconds = sum(server.close() for server in self._servers.values())
        self._servers.clear()
        with contextlib.suppress(FileNotFoundError):
            if self._log.stat().st_size == 0:
                self._log.unlink()
        return seconds

    def _child(
        self, job: Job, arguments: Mapping[str, str], environ: Mapping[str, str], log: Path
    ) -> Child:
        if not _is_forked(job):
            return Spawned(
                step_command(job.component, arguments, self._activate(job)),
                cwd=job.component.folder,
                env={**self._environ(), **environ},
                log=log,
            )
        step = Step(
            job.name,
            folder=str(job.component.folder),
            script=str(job.component.folder / SCRIPT),
            arguments=script_arguments(arguments),
            environ=environ,
            log=str(log),
            libraries=Libraries(self._libraries(job)),
        )
        return self._server(job).fork(step)

    def _server(self, job: Job) -> ForkServer:
        """The one for the environment of `job`."""
        activate = self._activate(job)
        if activate not in self._servers:
            environ = {**self._environ(), "PYTHONPATH": str(self.project.root / "src")}
            self._servers[activate] = ForkServer(activate, environ, self._log)
        return self._servers[activate]

    @property
    def _log(self) -> Path:
        """What the servers have to say, which is nothing where all is well."""
        return self.folder / "logs" / "libraries.log"

    def _activate(self, job: Job) -> tuple[str, ...]:
        return self.environments.of(job.component).activate

    def _environ(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "PYTHONIOENCODING": "utf-8",  # that of the log, whatever the console has
            "TMPDIR": str(self.folder / "tmp"),
        }

    def _libraries(self, job: Job) -> list[Library]:
        source = self.project.root / "src"
        module = step_module(self.tracking).replace(".", "/")
        scripts = [job.component.folder / SCRIPT, source / f"{module}.py"]
        return libraries(scripts, source)


def _is_forked(job: Job) -> bool:
    return CAN_FORK and runs_script(job.component)
