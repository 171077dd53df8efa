"""What the two commands write: all of the files, or none of them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from relay.commands.additions.component_files import NewComponent, write_component, write_test
from relay.config import compose as config
from relay.config.composed import Config
from relay.pipeline import plan
from relay.runtime.component import load_component
from relay.util.errors import ConfigError
from relay.util.files import write_text
from relay.util.project import Project

TESTS = Path("tests", "unit", "components")


@dataclass
class NewFiles:
    """The files that a command writes: all or none of them."""

    project: Project
    command: str
    components: list[NewComponent] = field(default_factory=list)
    texts: dict[Path, str] = field(default_factory=dict)
    """Files of config/, in the order in which they are written."""

    def require_new(self, name: str) -> None:
        """Check that there is no component `name` and no test of it. Raises ConfigError if so."""
        for place in (Path("components", name), TESTS / name):
            if (self.project.root / place).exists():
                raise ConfigError(
                    f"{self.command}: {place.as_posix()} exists already. Give another name."
                )

    def write(self, pipeline: str) -> None:
        """Write the files, and check that `pipeline` can be read with them.

        Raises ConfigError if it cannot; nothing is left then.
        """
        before = {path: path.read_text("utf-8") for path in self.texts if path.exists()}
        folders: list[Path] = []
        try:
            for component in self.components:
                folders += [
                    self.project.components / component.name,
                    self.project.root / TESTS / component.name,
                ]
                write_component(component, folders[-2])
                write_test(component, folders[-1])
            for path, text in self.texts.items():
                write_text(path, text)
            self._require_valid(pipeline)
        except BaseException:
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
            for path in self.texts:
                path.unlink(missing_ok=True)
                if path in before:
                    write_text(path, before[path])
            raise

    def _require_valid(self, pipeline: str) -> None:
        try:
            plan.build(load_pipeline(self.project, pipeline).settings.pipeline)
            for component in self.components:
                load_component(self.project.components, component.name)
        except ConfigError as error:
            raise ConfigError(f"{self.command}: nothing was written: {error}") from error


def load_pipeline(project: Project, pipeline: str) -> Config:
    """Return the settings with `pipeline`. Raises ConfigError if they are wrong."""
    return config.load(project.config, [f"pipeline={pipeline}"], project.root)
