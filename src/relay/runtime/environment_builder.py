"""The environments of a run's components, and builds of those that are missing."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from relay.runtime.build_cost import announce_build
from relay.runtime.build_process import Builds
from relay.runtime.component import Component
from relay.runtime.environments import (
    LOCK,
    PRESENT,
    Environment,
    Manager,
    open_environment_index,
)
from relay.util.disk import full_disk, is_full
from relay.util.paths import shown
from relay.util.project import Project

_LINES = 12
"""Of a log that are shown if a build fails."""


@dataclass
class EnvironmentBuilder:
    """Environments under one manager; components with the same lock share one."""

    project: Project
    manager: Manager
    builds: Builds
    _ready: dict[Path, Environment] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._index = open_environment_index()

    def find_missing(self, components: Sequence[Component]) -> list[Component]:
        """Look up the environments; return the components whose own is incomplete or unknown."""
        complete: set[Environment] = set()
        missing: list[Component] = []
        for component in components if self.manager != "local" else ():
            environment = self._index.find(self.manager, component.environment_folder)
            if environment is not None and (
                environment in complete or _is_complete(environment, component)
            ):
                complete.add(environment)
                self._ready[component.environment_folder] = environment
            else:
                missing.append(component)
        return missing

    def build(self, components: Sequence[Component]) -> None:
        """Build the environment of each component that does not have a complete one.

        Raises RelayError if a build fails, Interrupted if a signal stops it.
        """
        missing = list(components)
        while missing:
            environment = self._ensure_environment(missing[0], missing)
            for component in [other for other in missing if self._find(other) == environment]:
                self._index.remember(self.manager, component.environment_folder, environment)
                self._ready[component.environment_folder] = environment
                missing.remove(component)

    def get(self, component: Component) -> Environment:
        """Return the environment of a component, which was complete or has been built."""
        return PRESENT if self.manager == "local" else self._ready[component.environment_folder]

    def _ensure_environment(
        self, component: Component, missing: Sequence[Component]
    ) -> Environment:
        """Return the environment of `component`, after a build if it is not complete."""
        from relay.runtime.mlflow_environments import forget_environments

        environment = self._find(component)
        if not _is_complete(environment, component):
            activate = environment.activate
            self._build(
                component,
                [other.name for other in missing if self._find(other).activate == activate],
            )
            forget_environments()
            environment = self._find(component)
        return environment

    def _find(self, component: Component) -> Environment:
        # This imports MLflow, which a run does not need if the environments are in the index.
        from relay.runtime.mlflow_environments import find_environment

        return find_environment(self.manager, component.environment_folder)

    def _build(self, component: Component, names: Sequence[str]) -> None:
        """Build the environment of `component`, which the components `names` share."""
        self.builds.display.build_starts(announce_build(names, component.environment_folder))
        module = "relay.runtime.build_environment"
        self.builds.run(
            [sys.executable, "-m", module, self.manager, str(component.environment_folder)],
            self.project.root,
            {
                **os.environ,
                "PYTHONPATH": str(self.project.root / "src"),
                "PYTHONIOENCODING": "utf-8",
            },
            names,
            lambda lines: self._explain_failure(component, lines[-_LINES:]),
        )

    def _explain_failure(self, component: Component, lines: Sequence[str]) -> str:
        """Return the message for a build that failed, with the last `lines` of its log."""
        from relay.runtime.mlflow_environments import python_version

        if is_full("\n".join(lines)):
            folder = self._find(component).folder
            places = [self.project.home, Path(tempfile.gettempdir()), Path.home()]
            return (
                f"components/{component.name}: its environment could not be built. "
                f"{full_disk([*([Path(folder)] if folder else []), *places])}"
            )
        python = python_version(component.environment_folder)
        return (
            f"components/{component.name}: {self.manager} could not build its environment:\n"
            f"{_drop_mlflow_lines(lines)}\n"
            f"The whole log is {shown(self.builds.log)}. Install Python {python} if it is missing, "
            f"set up the package index for {self.manager}, or run in the present environment with "
            "env_manager=local."
        )


def _is_complete(environment: Environment, component: Component) -> bool:
    return environment.is_complete(component.environment_folder / LOCK)


def _drop_mlflow_lines(lines: Sequence[str]) -> str:
    """Return the lines of a log that the manager itself printed, indented."""
    own = [line for line in lines if " mlflow." not in line and not line.startswith("Command:")]
    return "\n".join(f"  {line}" for line in own)
