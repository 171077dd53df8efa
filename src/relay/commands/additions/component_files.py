"""The files of a new component, from a template: its folder, and the folder of its test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

TEMPLATES = Path(__file__).parent / "templates"
USUAL_ENVIRONMENTS = {"table": "table", "files": "table", "source": "table", "model": "model"}
"""The folder of environments/ with all that the code of each template imports."""
_LINKED = ("conda.yml", "requirements.txt")


@dataclass(frozen=True)
class NewComponent:
    """A component to write: its name, what it begins with, and the names in its code."""

    name: str
    template: str
    environment: str
    input: str
    output: str
    type: str
    """The type of its output."""

    @property
    def words(self) -> Mapping[str, str]:
        """Return the words that are filled into the template."""
        return {
            "name": self.name,
            "input": self.input,
            "output": self.output,
            "type": self.type,
            "environment_line": self._environment_line(),
        }

    def _environment_line(self) -> str:
        """Return the argument by which a model names the environment that its users need."""
        own = self.environment != USUAL_ENVIRONMENTS["model"]
        return f'\n        environment="{self.environment}",' if own else ""

    def settings(self) -> str:
        """Return its settings as lines of YAML; "" if it has none."""
        path = TEMPLATES / self.template / "settings.txt"
        return path.read_text(encoding="utf-8") if path.is_file() else ""


def write_component(component: NewComponent, folder: Path) -> None:
    """Write the files of `component` into the new folder `folder`."""
    folder.mkdir(parents=True)
    for name in ("params.py", "run.py"):
        _fill(TEMPLATES / component.template / f"{name}.txt", component, folder / name)
    _fill(TEMPLATES / "MLproject.txt", component, folder / "MLproject")
    for name in _LINKED:
        (folder / name).symlink_to(Path("../../environments") / component.environment / name)
    (folder / "uv.toml").symlink_to("../../uv.toml")


def write_test(component: NewComponent, folder: Path) -> None:
    """Write the test of `component` into the new folder `folder`."""
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("", encoding="utf-8")
    path = TEMPLATES / component.template / "test.py.txt"
    _fill(path, component, folder / f"test_{component.name}.py")


def _fill(template: Path, component: NewComponent, path: Path) -> None:
    text = Template(template.read_text(encoding="utf-8")).substitute(component.words)
    path.write_text(text, encoding="utf-8")
