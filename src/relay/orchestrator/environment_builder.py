"""The environments of a run's components: found, and built where they are not there yet."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from relay.errors import RelayError
from relay.orchestrator import environments
from relay.orchestrator.display import Display
from relay.orchestrator.environments import Environment, Manager
from relay.orchestrator.mlproject import Component
from relay.orchestrator.processes import Process, wait
from relay.project import Project
from relay.signals import StopSignals


@dataclass
class EnvironmentBuilder:
    """Environments under one manager; components with the same lock share one."""

    project: Project
    manager: Manager
    components: Sequence[Component]
    """All that the run may need, for the names of those that share what is built."""
    log: Path
    display: Display
    signals: StopSignals
    seconds: float = 0.0
    """Spent on building."""
    _ready: dict[str, Environment] = field(default_factory=dict)

    def prepare(self, component: Component) -> Environment:
        """The whole environment of `component`; RelayError where it cannot be built."""
        if component.name in self._ready:
            return self._ready[component.name]
        found = environments.find(self.manager, component.folder)
        if not found.is_complete(component.folder / "requirements.txt"):
            sharing = [one.name for one in self.components if self._is_same(one, found)]
            self._build(component, sharing)
            found = environments.find(self.manager, component.folder)
        self._ready[component.name] = found
        return found

    def _is_same(self, component: Component, environment: Environment) -> bool:
        return environments.find(self.manager, component.folder).activate == environment.activate

    def _build(self, component: Component, names: Sequence[str]) -> None:
        process = Process(
            [
                sys.executable,
                "-m",
                "relay.orchestrator.environments",
                self.manager,
                str(component.folder),
            ],
            cwd=self.project.root,
            env={**os.environ, "PYTHONPATH": str(self.project.root / "src")},
            log=self.log,
        )
        code = wait(
            process,
            lambda usage, line: self.display.building(names, usage, line),
            self.signals,
        )
        if code != 0:
            python = environments.python_version(component.folder)
            raise RelayError(
                f"{self.manager} did not build the environment of components/{component.name}:\n"
                f"{_without_mlflow(process.tail(12))}\n"
                f"The whole log is {self.log.relative_to(self.project.root)}. Install Python "
                f"{python} if it is not there, set up the package index for {self.manager}, or "
                "run in the present environment with env_manager=local."
            )
        environments.forget()
        self.seconds += process.usage.seconds
        self.display.built(names, process.usage.seconds)


def _without_mlflow(lines: Sequence[str]) -> str:
    """What the manager itself said, indented."""
    own = [line for line in lines if " mlflow." not in line and not line.startswith("Command:")]
    return "\n".join(f"  {line}" for line in own)
