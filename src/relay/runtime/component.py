"""A component as MLflow sees it: its MLproject file, and the parameters it takes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import yaml

from relay.models.metric_names import Task
from relay.runtime.environments import LOCK
from relay.step.params import Params
from relay.tracking.lineage import Find
from relay.util.code_files import parsed
from relay.util.errors import ConfigError
from relay.util.names import did_you_mean


@dataclass(frozen=True)
class Component:
    """`components/<name>`: the parameters of its entry point, and their types.

    `declared` maps each parameter of the MLproject file to its default, None where it is
    required. `check` is the component's own look at parameters that types alone cannot judge,
    `check_task` its look at what a task rules out.
    """

    name: str
    folder: Path
    command: str
    """What runs it, with `{name}` for the value of a parameter."""
    declared: Mapping[str, str | None]
    params_type: type[Params]
    check: Callable[[Params], None] | None
    source_state: Callable[[Params], str | None] | None
    """What tells whether the component's source has changed; None of it where nobody can say."""
    looked_up: Callable[[Params, Mapping[str, str], Find], Mapping[str, str]] | None = None
    """What tells of artifacts that it reads besides its inputs, given their digests."""
    check_task: Callable[[Params, Task], None] | None = None

    def require_declared(self, given: Mapping[str, Any], step: str) -> None:
        """ConfigError where `given` has a parameter too many, or lacks one that is required."""
        where = f"step '{step}': components/{self.name}/MLproject"
        for name in given:
            if name not in self.declared:
                hint = did_you_mean(name, self.declared)
                raise ConfigError(f"{where} has no parameter '{name}'.{hint}")
        for name, default in self.declared.items():
            if default is None and name not in given:
                raise ConfigError(f"{where} requires parameter '{name}', and nobody gives it.")

    def require_lock(self) -> None:
        """ConfigError where a file is missing that the component's environment is made of."""
        if not (self.folder / LOCK).is_file():
            raise ConfigError(
                f"components/{self.name}/{LOCK}: the lock is missing. List what the component "
                f"imports in components/{self.name}/requirements.in, then run `make lock`."
            )
        if not (self.folder / "conda.yml").is_file():
            raise ConfigError(
                f"components/{self.name}/conda.yml: the file is missing. Copy that of another "
                "component, then run `make lock`."
            )


def load_component(components: Path, name: str) -> Component:
    """Read `components/<name>`; ConfigError where it is not there or not whole."""
    folder = components / name
    if not (folder / "MLproject").is_file():
        known = [path.parent.name for path in components.glob("*/MLproject")]
        raise ConfigError(f"There is no component '{name}'.{did_you_mean(name, known)}")
    try:
        content = yaml.safe_load((folder / "MLproject").read_text(encoding="utf-8"))
        entry_point = content["entry_points"]["main"]
        command, parameters = entry_point["command"], entry_point.get("parameters") or {}
        declared = {key: _default(value) for key, value in parameters.items()}
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"components/{name}/MLproject cannot be read: an entry point 'main' is needed, with "
            "a command."
        ) from error
    for key, value in parameters.items():
        _require_text(f"components/{name}/MLproject: parameter '{key}'", value)
    module = _load_params_module(folder)
    return Component(
        name=name,
        folder=folder,
        command=str(command),
        declared=declared,
        params_type=module.Params,
        check=getattr(module, "check", None),
        source_state=getattr(module, "source_state", None),
        looked_up=getattr(module, "looked_up", None),
        check_task=getattr(module, "check_task", None),
    )


def _default(declaration: Any) -> str | None:
    if isinstance(declaration, Mapping) and declaration.get("default") is not None:
        return str(declaration["default"])
    return None


def _require_text(where: str, declaration: Any) -> None:
    """ConfigError for a type whose values MLflow would change on their way."""
    kind = declaration.get("type") if isinstance(declaration, Mapping) else declaration
    if kind in ("path", "uri"):
        raise ConfigError(f"{where} is a {kind}; declare it as string.")


def _load_params_module(folder: Path) -> Any:
    path = folder / "params.py"
    if not path.is_file():
        raise ConfigError(f"components/{folder.name} has no params.py with a class Params.")
    parsed(path)  # an error that tells the line
    name = f"relay_component_{folder.name}_params"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"components/{folder.name}/params.py cannot be read.")
    module = module_from_spec(spec)
    sys.modules[name] = module  # pydantic looks up annotations here
    spec.loader.exec_module(module)
    if not hasattr(module, "Params"):
        raise ConfigError(f"components/{folder.name}/params.py has no class Params.")
    return module
