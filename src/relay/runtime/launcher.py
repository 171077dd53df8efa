"""Starts the processes of a run's steps: forked from one with their libraries, or spawned."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from relay.runtime.command import SCRIPT, runs_script, script_arguments, step_command
from relay.runtime.component import Component
from relay.runtime.containers.images import ImageEnvironment
from relay.runtime.containers.messages import Spawn
from relay.runtime.containers.step_containers import StepContainers
from relay.runtime.engine_check import check_place
from relay.runtime.engine_process import Jobs
from relay.runtime.engines import Engine
from relay.runtime.environments import Environment
from relay.runtime.fork_client import Connection, ForkServer, LocalConnection
from relay.runtime.fork_messages import Libraries, Step
from relay.runtime.libraries import (
    Library,
    guess_libraries,
    list_late_libraries,
    list_libraries,
)
from relay.runtime.library_memory import LibraryMemory
from relay.runtime.processes import Process, SpawnedProcess
from relay.step.resources import Resources
from relay.tracking import TrackingSettings
from relay.tracking.backends import step_module
from relay.util.errors import RelayError
from relay.util.project import Project
from relay.util.signals import StopSignals

CAN_FORK = sys.platform == "linux"
"""On other systems a forked process cannot use all that a library began before the fork."""

_WITH_THREADS = ("jax", "tensorflow", "torch")

_SETS_VARIABLE = re.compile(
    rb"environ\s*\[[^]]*\]\s*=[^=]|environ\.(update|setdefault|pop|clear)\b|\b(un)?putenv\b|load_dotenv"
)

_STARTS_PROCESSES = re.compile(
    rb"subprocess|multiprocessing|joblib|ProcessPool|\bos\.(system|popen|fork|exec|spawn|posix_spawn)"
)


@dataclass(frozen=True)
class _Ahead:
    """The libraries of a component."""

    imports: list[Library]
    """What its files import as they are loaded."""
    guess: list[Library]
    """What its functions import."""
    remembered: list[Library] | None
    """What it loaded besides its imports when it last ran; None if that is not known."""

    @property
    def others(self) -> list[Library]:
        """Return what it will load besides its imports, as far as is known."""
        return self.guess if self.remembered is None else self.remembered


class Environments(Protocol):
    """The environments of a run's components."""

    def get(self, component: Component) -> Environment:
        """Return the environment of a component, which is complete."""


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
        self._ahead: dict[tuple[str, Path], _Ahead] = {}
        self._reads_mlflow_run: dict[tuple[str, Path], bool] = {}
        self._memory = LibraryMemory(self.project.state / "libraries.json")

    def load(self, steps: Sequence[tuple[str, Component]]) -> None:
        """Begin to load the libraries of `steps`, in this order, and return at once."""
        if self.engine is not None:
            return
        with contextlib.suppress(OSError):  # if nothing can be started, `start` reports it
            for step, component in steps:
                if not self._is_forked(component):
                    continue
                libraries, ahead = self._list_fit(component), self._libraries(component)
                if ahead.remembered is None:
                    libraries += list_late_libraries([*ahead.imports, *ahead.guess])
                self._server(step, component).load(Libraries(libraries))

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
            ahead = self._libraries(component)
            loaded = [*ahead.others, *((module, ()) for module in modules)]
            place = self._place(component)
            self._memory.add(place, component.name, [*ahead.imports, *ahead.guess], loaded)

    def reads_mlflow_run(self, component: Component) -> bool:
        """Return whether the process of `component` may read MLFLOW_RUN_ID from the start.

        That is so if its environment has MLflow, and something else than MLflow in that process
        may read the variable; MLflow itself waits for the run when it looks for it.
        """
        key = (component.name, component.environment_folder)
        if key not in self._reads_mlflow_run:
            has_mlflow = self.environments.get(component).has_package("mlflow")
            self._reads_mlflow_run[key] = has_mlflow and _may_read_mlflow_run(component)
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
                self._memory.add_unfit(place, server.unfit)
        if self.containers is not None:
            self.containers.begin_close()
        for _, server in servers:
            server.close()
        if self.containers is not None:
            self.containers.close()
        self._memory.save()
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

        if resources.needs_own_start or not self._is_forked(component):
            return spawn()
        step = Step(
            name,
            folder=str(component.folder),
            script=str(component.folder / SCRIPT),
            arguments=script_arguments(arguments),
            environ=environ,
            log=str(log),
            libraries=Libraries(self._list_fit(component)),
            claim=str(self._results_file(name, "begun")),
            loaded=str(self._results_file(name, "loaded")),
        )
        return self._server(name, component).fork(step, spawn)

    def _is_forked(self, component: Component) -> bool:
        """Return whether the process of `component` can be forked from one with its libraries.

        Not if its files set environment variables: libraries may read them as they are loaded. Nor
        if its environment has a library that starts threads, which do not survive a fork.
        """
        if not CAN_FORK or not runs_script(component) or _sets_variables(component.folder):
            return False
        environment = self.environments.get(component)
        return not any(map(environment.has_package, _WITH_THREADS))

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
            self._servers[key] = (environment.place, ForkServer(connection, self._log))
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

    def _place(self, component: Component) -> str:
        """Return the name under which the environment of `component` is remembered."""
        return self.environments.get(component).place

    def _results_file(self, step: str, suffix: str) -> Path:
        return self.result_path(step).with_suffix(f".{suffix}")

    def _libraries(self, component: Component) -> _Ahead:
        key = (component.name, component.environment_folder)
        if key not in self._ahead:
            root, script = self.project.root, component.folder / SCRIPT
            module = step_module(self.tracking).replace(".", "/")
            imports = list_libraries([script, root / "src" / f"{module}.py"], root)
            guess = guess_libraries(script, root)
            place = self._place(component)
            remembered = self._memory.find(place, component.name, [*imports, *guess])
            self._ahead[key] = _Ahead(imports, guess, remembered)
        return self._ahead[key]

    def _list_fit(self, component: Component) -> list[Library]:
        """Return what is loaded before the process of `component` is forked."""
        ahead, unfit = self._libraries(component), self._memory.unfit(self._place(component))
        return [
            (module, names)
            for module, names in dict.fromkeys([*ahead.imports, *ahead.others])
            if not any(f"{module}.".startswith(f"{prefix}.") for prefix in unfit)
        ]


def _may_read_mlflow_run(component: Component) -> bool:
    """Return whether the variable is named, or processes with MLflow may be started."""
    if not runs_script(component) and b"mlflow" in component.command.encode().lower():
        return True
    for path in component.folder.rglob("*"):
        if path.suffix not in (".py", ".sh"):
            continue
        text = path.read_bytes()
        if b"MLFLOW_RUN_ID" in text:
            return True
        if b"mlflow" in text.lower() and (path.suffix == ".sh" or _STARTS_PROCESSES.search(text)):
            return True
    return False


def _sets_variables(folder: Path) -> bool:
    return any(_SETS_VARIABLE.search(path.read_bytes()) for path in folder.glob("**/*.py"))
