"""Which libraries of a component are loaded before its process is forked from one that has them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from relay.runtime.component import Component
from relay.runtime.environments_interface import Environments
from relay.runtime.libraries import (
    Library,
    guess_libraries,
    list_late_libraries,
    list_libraries,
)
from relay.runtime.library_memory import LibraryMemory
from relay.runtime.source_checks import sets_variables
from relay.runtime.step_command import SCRIPT, runs_script
from relay.tracking import TrackingSettings
from relay.tracking.backends import step_module
from relay.util.project import Project

CAN_FORK = sys.platform == "linux"
"""On other systems a forked process cannot use all that a library began before the fork."""

_WITH_THREADS = ("jax", "tensorflow", "torch")


@dataclass(frozen=True)
class _Uses:
    """The libraries that a component uses."""

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


class Preloading:
    """The choice for the components of a run, which is better when it knows what they loaded."""

    def __init__(
        self, project: Project, tracking: TrackingSettings, environments: Environments
    ) -> None:
        self._project = project
        self._tracking = tracking
        self._environments = environments
        self._memory = LibraryMemory(project.state / "libraries.json")
        self._uses: dict[tuple[str, Path], _Uses] = {}

    def can_fork(self, component: Component) -> bool:
        """Return whether the process of `component` can be forked from one with its libraries.

        Not if its files set environment variables: libraries may read them as they are loaded. Nor
        if its environment has a library that starts threads, which do not survive a fork.
        """
        if not CAN_FORK or not runs_script(component) or sets_variables(component.folder):
            return False
        environment = self._environments.get(component)
        return not any(map(environment.has_package, _WITH_THREADS))

    def list_needed(self, component: Component) -> list[Library]:
        """Return what must be loaded before the process of `component` is forked."""
        uses, unfit = self._find_uses(component), self._memory.unfit(self._place(component))
        return [
            (module, names)
            for module, names in dict.fromkeys([*uses.imports, *uses.others])
            if not any(f"{module}.".startswith(f"{prefix}.") for prefix in unfit)
        ]

    def list_early(self, component: Component) -> list[Library]:
        """Return what is worth loading for `component` while there is nothing else to do."""
        uses = self._find_uses(component)
        late = [] if uses.remembered is not None else [*uses.imports, *uses.guess]
        return [*self.list_needed(component), *list_late_libraries(late)]

    def note_loaded(self, component: Component, modules: Sequence[str]) -> None:
        """Remember that a process of `component` loaded `modules` besides what was there."""
        uses = self._find_uses(component)
        loaded = [*uses.others, *((module, ()) for module in modules)]
        place = self._place(component)
        self._memory.add(place, component.name, [*uses.imports, *uses.guess], loaded)

    def note_unfit(self, place: str, module: str) -> None:
        """Remember that `module` must not be loaded ahead in the environment at `place`."""
        self._memory.add_unfit(place, module)

    def save(self) -> None:
        """Write what was noted, for later runs."""
        self._memory.save()

    def _place(self, component: Component) -> str:
        """Return the name under which the environment of `component` is remembered."""
        return self._environments.get(component).place

    def _find_uses(self, component: Component) -> _Uses:
        key = (component.name, component.environment_folder)
        if key not in self._uses:
            root, script = self._project.root, component.folder / SCRIPT
            module = step_module(self._tracking).replace(".", "/")
            imports = list_libraries([script, root / "src" / f"{module}.py"], root)
            guess = guess_libraries(script, root)
            place = self._place(component)
            remembered = self._memory.find(place, component.name, [*imports, *guess])
            self._uses[key] = _Uses(imports, guess, remembered)
        return self._uses[key]
