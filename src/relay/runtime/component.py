"""A component as MLflow sees it: its MLproject file, and the parameters that it takes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import yaml

from relay.runtime.environments import LOCK
from relay.step.params import ARTIFACT_SUFFIX, Facts, Params
from relay.tracking import ArtifactVersion
from relay.tracking.lineage import Find
from relay.util.errors import ConfigError
from relay.util.imports import parse_source
from relay.util.names import did_you_mean

ENVIRONMENTS = "environments"
"""The folder of the environments that several components share."""

_HOOKS = (
    "source_state",
    "discover_inputs",
    "check_input_metadata",
    "inspect_source",
    "check_facts",
    "check",
)
_ADD_PARAMS = (
    "Add a class Params with a field for each parameter, as in components/split/params.py."
)


@dataclass(frozen=True)
class Component:
    """`components/<name>`: the command of its entry point, and the parameters of its params.py.

    The hooks are functions of params.py; each has a default, so that a component needs none.
    """

    name: str
    folder: Path
    command: str
    """The command that runs it; parameters are appended as `--name value`."""
    params_type: type[Params]
    environment: str | None = None
    """The folder in environments/ whose lock it runs with; None for the lock beside it."""
    source_state: Callable[[Any], str | None] = lambda params: ""
    """A text that changes when the component's source does; None if that cannot be determined."""
    discover_inputs: Callable[[Any, Mapping[str, str], Find], Mapping[str, str]] = (
        lambda params, digests, find: {}
    )
    """The digests of the artifacts that it reads besides its inputs, given the inputs' digests."""
    check_input_metadata: Callable[[str, Any, Mapping[str, ArtifactVersion]], Facts] = (
        lambda step, params, inputs: {}
    )
    """Facts from the settings and from the metadata of the inputs that are in the store already."""
    inspect_source: Callable[[Any, Facts], Facts] = lambda params, facts: {}
    """Facts from a look at the source, which may take a second."""
    check_facts: Callable[[Any, Facts], None] = lambda params, facts: None
    """The check of the parameters against the facts of all steps."""
    check: Callable[[Any], None] = lambda params: None
    """The check of the parameters of a step that is to run, which may take a second."""

    @property
    def environment_folder(self) -> Path:
        """Return the folder with the lock and the conda.yml of its environment."""
        if self.environment is None:
            return self.folder
        return self.folder.parents[1] / ENVIRONMENTS / self.environment

    def require_params(self, given: Iterable[str], step: str) -> None:
        """Check that the names in `given` are parameters, and that none required is missing.

        Raises ConfigError, with the place in the settings of `step`, if not.
        """
        fields, names = self.params_type.model_fields, list(given)
        where = f"pipeline.steps.{step}: components/{self.name}/params.py"
        for name in names:
            if name not in fields:
                hint = did_you_mean(name, fields)
                raise ConfigError(f"{where} has no parameter '{name}'.{hint}")
        for name, field in fields.items():
            if field.is_required() and name not in names:
                raise ConfigError(f"{where} requires parameter '{name}'. {_how_to_give(name)}.")

    def require_lock(self) -> None:
        """Check that the files that the component's environment is built from are there.

        Raises ConfigError if one is missing.
        """
        if self.environment is not None:
            self._require_environment(self.environment)
            return
        if not (self.folder / LOCK).is_file():
            raise ConfigError(
                f"components/{self.name}/{LOCK}: the lock is missing. Link to that of a folder in "
                "environments/, or list what the component imports in "
                f"components/{self.name}/requirements.in, then run `make lock`."
            )
        if not (self.folder / "conda.yml").is_file():
            raise ConfigError(
                f"components/{self.name}/conda.yml: the file is missing. Link to that of a folder "
                "in environments/, beside its lock, or copy it and run `make lock`."
            )

    def _require_environment(self, name: str) -> None:
        folder = self.environment_folder
        if not all((folder / file).is_file() for file in (LOCK, "conda.yml")):
            names = [path.parent.name for path in folder.parent.glob(f"*/{LOCK}")]
            raise ConfigError(
                f"{ENVIRONMENTS}/{name}: there is no environment '{name}' with a {LOCK} and a "
                f"conda.yml.{did_you_mean(name, names)}"
            )


def load_component(components: Path, name: str) -> Component:
    """Read the component in `components/<name>`.

    Raises ConfigError if it does not exist, or if a file of it is missing or cannot be read.
    """
    folder = components / name
    if not (folder / "MLproject").is_file():
        names = [path.parent.name for path in components.glob("*/MLproject")]
        hint = did_you_mean(name, names)
        raise ConfigError(f"components/{name}: there is no component '{name}'.{hint}")
    module = _load_params_module(folder)
    hooks = {name: getattr(module, name) for name in _HOOKS if hasattr(module, name)}
    return Component(name, folder, _read_command(folder), module.Params, **hooks)


def _how_to_give(name: str) -> str:
    if name.endswith(ARTIFACT_SUFFIX):
        return f"Add '{name.removesuffix(ARTIFACT_SUFFIX)}' to its inputs or outputs"
    return "Add it to its params, or to a group of settings that its settings name"


def _read_command(folder: Path) -> str:
    """Return the command of the entry point, as MLflow hands it to the shell."""
    where = f"components/{folder.name}/MLproject"
    try:
        content = yaml.safe_load((folder / "MLproject").read_text(encoding="utf-8"))
        entry_point = content["entry_points"]["main"]
        command, parameters = entry_point["command"], entry_point.get("parameters")
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(_no_entry_point(where)) from error
    if not isinstance(command, str):
        raise ConfigError(_no_entry_point(where))
    if parameters:
        raise ConfigError(
            f"{where}: parameters are declared in components/{folder.name}/params.py alone. "
            "Remove the list of `parameters`, and each --name={name} from the command."
        )
    try:
        return command.format()  # MLflow formats it, so `{{` is a brace
    except (LookupError, ValueError) as error:
        raise ConfigError(
            f"{where}: the command has a brace (got {command!r}). Parameters are appended as "
            "--name value; write {{ or }} for a brace."
        ) from error


def _no_entry_point(where: str) -> str:
    return (
        f"{where}: there is no entry point 'main' with a command. Add "
        "`entry_points: {main: {command: PYTHONPATH=../../src python run.py}}`."
    )


def _load_params_module(folder: Path) -> Any:
    path = folder / "params.py"
    where = f"components/{folder.name}/params.py"
    if not path.is_file():
        raise ConfigError(f"{where}: the file is missing. {_ADD_PARAMS}")
    parse_source(path)  # its error has the line
    name = f"relay_component_{folder.name}_params"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{where}: Python cannot import the file. Check its name and its rights.")
    module = module_from_spec(spec)
    sys.modules[name] = module  # pydantic looks up annotations here
    spec.loader.exec_module(module)
    if not hasattr(module, "Params"):
        raise ConfigError(f"{where}: there is no class Params. {_ADD_PARAMS}")
    return module
