"""The command that runs a component, from its MLproject file."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from relay.runtime.component import Component

SCRIPT = "run.py"
_RUNS_SCRIPT = ["PYTHONPATH=../../src", "python", SCRIPT]


def step_command(
    component: Component, params: Mapping[str, str], activate: Sequence[str]
) -> list[str]:
    """Return the command that `mlflow run` would execute: `activate`, then the entry point.

    As in MLflow, parameters are appended as `--name value`, each quoted for the shell. (To
    import MLflow takes longer than to run most steps.)
    """
    options = [f"--{name} {shlex.quote(text)}" for name, text in params.items()]
    return ["bash", "-c", " && ".join([*activate, " ".join([component.command, *options])])]


def runs_script(component: Component) -> bool:
    """Return whether the command does nothing but run `SCRIPT`."""
    return component.command.split() == _RUNS_SCRIPT


def script_arguments(params: Mapping[str, str]) -> list[str]:
    """Return the arguments that `SCRIPT` gets from the command of `step_command`."""
    return [word for name, text in params.items() for word in (f"--{name}", text)]
