"""The environments of a run's components: found, and built where they are not there yet."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from relay.runtime.component import Component
from relay.runtime.environments import (
    LOCK,
    PRESENT,
    Environment,
    Manager,
    open_environment_index,
)
from relay.runtime.processes import Process, Spawned, Usage, wait
from relay.util.disk import full_disk, is_full
from relay.util.errors import RelayError
from relay.util.paths import shown
from relay.util.project import Project
from relay.util.signals import StopSignals


class BuildDisplay(Protocol):
    """What shows people how the building of an environment goes."""

    def building(self, components: Sequence[str], usage: Usage, line: str) -> None:
        """Show that the environment of `components` is being built."""

    def built(self, components: Sequence[str], seconds: float) -> None:
        """Show that it is ready, after `seconds`."""


@dataclass
class EnvironmentBuilder:
    """Environments under one manager; components with the same lock share one."""

    project: Project
    manager: Manager
    log: Path
    display: BuildDisplay
    signals: StopSignals
    seconds: float = 0.0
    """Spent on building."""
    _ready: dict[str, Environment] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._known = open_environment_index()

    def find(self, components: Sequence[Component]) -> list[Component]:
        """Look the environments up; those of `components` whose own is not whole, or unknown."""
        whole: set[Environment] = set()
        missing: list[Component] = []
        for component in components if self.manager != "local" else ():
            found = self._known.find(self.manager, component.folder)
            if found is not None and (found in whole or self._is_complete(found, component)):
                whole.add(found)
                self._ready[component.name] = found
            else:
                missing.append(component)
        return missing

    def build(self, components: Sequence[Component]) -> None:
        """Have the environment of each component built; RelayError where one cannot be."""
        missing = list(components)
        while missing:
            environment = self._made(missing[0], missing)
            for component in [one for one in missing if self._find(one) == environment]:
                self._known.remember(self.manager, component.folder, environment)
                self._ready[component.name] = environment
                missing.remove(component)

    def of(self, component: Component) -> Environment:
        """The environment of a component for which it is whole."""
        return PRESENT if self.manager == "local" else self._ready[component.name]

    def _made(self, component: Component, missing: Sequence[Component]) -> Environment:
        """The environment of `component`, built where it is not there or not whole."""
        from relay.runtime.mlflow_environments import forget

        found = self._find(component)
        if not self._is_complete(found, component):
            names = [one.name for one in missing if self._find(one).activate == found.activate]
            self._build(component, names)
            forget()
            found = self._find(component)
        return found

    def _is_complete(self, environment: Environment, component: Component) -> bool:
        return environment.is_complete(component.folder / LOCK)

    def _find(self, component: Component) -> Environment:
        # MLflow's import, which a run goes without where the environments are known.
        from relay.runtime.mlflow_environments import find

        return find(self.manager, component.folder)

    def _build(self, component: Component, names: Sequence[str]) -> None:
        child = Spawned(
            [
                sys.executable,
                "-m",
                "relay.runtime.mlflow_environments",
                self.manager,
                str(component.folder),
            ],
            cwd=self.project.root,
            env={
                **os.environ,
                "PYTHONPATH": str(self.project.root / "src"),
                "PYTHONIOENCODING": "utf-8",
            },
            log=self.log,
        )
        process = Process(child, self.log)
        code = wait(
            process,
            lambda usage, line: self.display.building(names, usage, line),
            self.signals,
        )
        if code != 0:
            from relay.runtime.mlflow_environments import python_version

            python = python_version(component.folder)
            lines = process.tail(12)
            if is_full("\n".join(lines)):
                folder = self._find(component).folder
                places = [self.project.home, Path(tempfile.gettempdir()), Path.home()]
                raise RelayError(
                    f"The environment of components/{component.name} could not be built. "
                    f"{full_disk([*([Path(folder)] if folder else []), *places])}"
                )
            raise RelayError(
                f"{self.manager} did not build the environment of components/{component.name}:\n"
                f"{_without_mlflow(lines)}\n"
                f"The whole log is {shown(self.log)}. Install Python "
                f"{python} if it is not there, set up the package index for {self.manager}, or "
                "run in the present environment with env_manager=local."
            )
        self.seconds += process.usage.seconds
        self.display.built(names, process.usage.seconds)


def _without_mlflow(lines: Sequence[str]) -> str:
    """What the manager itself said, indented."""
    own = [line for line in lines if " mlflow." not in line and not line.startswith("Command:")]
    return "\n".join(f"  {line}" for line in own)
