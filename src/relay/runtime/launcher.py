"""Starts the processes of a run's steps: forked from one with their libraries, or spawned."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from relay.runtime.component import Component
from relay.runtime.containers.images import ImageEnvironment
from relay.runtime.containers.messages import Spawn
from relay.runtime.containers.step_containers import StepContainers
from relay.runtime.engine_check import check_place
from relay.runtime.engine_process import Jobs
from relay.runtime.engines import Engine
from relay.runtime.environments_interface import Environments
from relay.runtime.fork_client import ForkServer
from relay.runtime.fork_connection import Connection, LocalConnection
from relay.runtime.fork_messages import Libraries, Step
from relay.runtime.preloading import Preloading
from relay.runtime.processes import Process, SpawnedProcess
from relay.runtime.source_checks import may_read_mlflow_run
from relay.runtime.step_command import SCRIPT, script_arguments, step_command
from relay.step.resources import Resources
from relay.tracking import TrackingSettings
from relay.util.errors import RelayError
from relay.util.project import Project
from relay.util.signals import StopSignals


@dataclass
class Launcher:
    """Starts the processes of steps; their logs and reports are in `folder`."""

    project: Project
    folder: Path
    tracking: TrackingSettings
    environments: Environments
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of all processes, besides those of this one."""
    engine: Engine | None = None
    """Where steps run; None: as processes of this machine."""
    containers: StepContainers | None = None
    """For steps whose environments are images."""
    _servers: dict[str, tuple[str, ForkServer]] = field(default_factory=dict)
    """By environment or container: the environment's place, and the server."""

    def __post_init__(self) -> None:
        for name in ("logs", "results", "tmp"):
            (self.folder / name).mkdir(exist_ok=True)
        self._reads_mlflow_run: dict[tuple[str, Path], bool] = {}
        self._preloading = Preloading(self.project, self.tracking, self.environments)

    def load(self, steps: Sequence[tuple[str, Component]]) -> None:
        """Begin to load the libraries of `steps`, in this order, and return at once."""
        if self.engine is not None:
            return
        with contextlib.suppress(OSError):  # if nothing can be started, `start` reports it
            for step, component in steps:
                if self._preloading.can_fork(component):
                    early = self._preloading.list_early(component)
                    self._server(step, component).load(Libraries(early))

    def check_place(self, components: Sequence[Component], signals: StopSignals) -> None:
        """Check that `components` can run where the engine starts them, by a job that looks there.

        Raises RelayError with a line for each problem, Interrupted if a signal arrives.
        """
        if self.engine is not None and components:
            environments = [self.environments.get(component) for component in components]
            jobs = Jobs(self.engine, self.folder)
            check_place(jobs, self.project, self.tracking, environments, self._environ(), signals)

    def note_end(self, step: str, component: Component) -> None:
        """Remember what the process of `step`, which has ended, loaded besides what was there."""
        with contextlib.suppress(OSError, ValueError):  # it was spawned, or was killed
            modules = json.loads(self._results_file(step, "loaded").read_text(encoding="utf-8"))
            self._preloading.note_loaded(component, modules)

    def reads_mlflow_run(self, component: Component) -> bool:
        """Return whether the process of `component` may read MLFLOW_RUN_ID from the start.

        That is so if its environment has MLflow, and something else than MLflow in that process
        may read the variable; MLflow itself waits for the run when it looks for it.
        """
        key = (component.name, component.environment_folder)
        if key not in self._reads_mlflow_run:
            has_mlflow = self.environments.get(component).has_package("mlflow")
            self._reads_mlflow_run[key] = has_mlflow and may_read_mlflow_run(component)
        return self._reads_mlflow_run[key]

    def result_path(self, step: str) -> Path:
        """Return the file into which the process of `step` writes its report."""
        return self.folder / "results" / f"{step}.json"

    def start(
        self,
        step: str,
        component: Component,
        arguments: Mapping[str, str],
        environ: Mapping[str, str],
        resources: Resources,
    ) -> Process:
        """Start `component` as `step`, with all of its parameters as text in `arguments`.

        `environ` is added to the environment variables of every step. A step that asks for
        processors or GPUs is not forked, as libraries read their number when they are loaded.
        Raises RelayError if the process cannot be started.
        """
        log = self.folder / "logs" / f"{step}.log"
        try:
            return self._start(step, component, arguments, environ, resources, log)
        except OSError as error:
            raise RelayError(
                f"{step}: the step's process could not be started ({error}). Check that bash is "
                "installed, and that memory and `ulimit -u` allow another process."
            ) from error

    def close(self) -> float:
        """End the servers and return the CPU seconds that they used to load libraries."""
        servers = self._servers.values()
        seconds = sum(server.cpu_seconds for _, server in servers)
        for place, server in servers:
            server.kill()
            if server.unfit is not None:
                self._preloading.note_unfit(place, server.unfit)
        if self.containers is not None:
            self.containers.begin_close()
        for _, server in servers:
            server.close()
        if self.containers is not None:
            self.containers.close()
        self._preloading.save()
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
        resources: Resources,
        log: Path,
    ) -> Process:
        environment = self.environments.get(component)
        command = step_command(component, arguments, environment.activate)
        if self.engine is not None:
            own = {**self.variables, **resources.variables(), **environ}
            jobs = Jobs(self.engine, self.folder)
            return jobs.start(name, command[-1], component.folder, self._environ(), own, resources)

        def spawn() -> Process:
            if self.containers is not None and isinstance(environment, ImageEnvironment):
                more = {**resources.variables(), **environ}
                request = Spawn(name, command, str(component.folder), more, str(log))
                return self.containers.spawn(name, environment, self._environ(), request)
            return SpawnedProcess(
                command,
                cwd=component.folder,
                env={**self._environ(), **resources.variables(), **environ},
                log=log,
            )

        if resources.needs_own_start or not self._preloading.can_fork(component):
            return spawn()
        step = Step(
            name,
            folder=str(component.folder),
            script=str(component.folder / SCRIPT),
            arguments=script_arguments(arguments),
            environ=environ,
            log=str(log),
            libraries=Libraries(self._preloading.list_needed(component)),
            claim=str(self._results_file(name, "begun")),
            loaded=str(self._results_file(name, "loaded")),
        )
        return self._server(name, component).fork(step, spawn)

    def _server(self, step: str, component: Component) -> ForkServer:
        """Return the server for `step` in the environment of `component`, started if need be."""
        environment = self.environments.get(component)
        connection: Connection
        if self.containers is not None and isinstance(environment, ImageEnvironment):
            connection = self.containers.get(step, environment, self._environ())
            key = connection.new.name
        else:
            key = environment.place
        if key not in self._servers:
            if not isinstance(environment, ImageEnvironment):
                environ = {**self._environ(), "PYTHONPATH": str(self.project.root / "src")}
                connection = LocalConnection(environment.activate, environ, self._log)
            self._servers[key] = (environment.place, ForkServer(connection))
        return self._servers[key][1]

    @property
    def _log(self) -> Path:
        """Return the file with the servers' output, which is empty if all is well."""
        return self.folder / "logs" / "libraries.log"

    def _environ(self) -> dict[str, str]:
        return {
            **os.environ,
            **self.variables,
            "PYTHONUNBUFFERED": "1",
            "PYTHONIOENCODING": "utf-8",  # for the log, whatever the console has
            "TMPDIR": str(self.folder / "tmp"),
        }

    def _results_file(self, step: str, suffix: str) -> Path:
        return self.result_path(step).with_suffix(f".{suffix}")
