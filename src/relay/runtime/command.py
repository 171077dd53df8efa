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
    """Return what `mlflow run` would execute: commands that `activate`, then the entry point's.

    As MLflow does, the parameters are appended as `--name value`, each quoted for the shell.
    (MLflow itself takes longer to import than most steps take to work.)
    """
    options = [f"--{name} {shlex.quote(text)}" for name, text in params.items()]
    return ["bash", "-c", " && ".join([*activate, " ".join([component.command, *options])])]


def runs_script(component: Component) -> bool:
    """Return True if the command does nothing but run `SCRIPT`."""
    return component.command.split() == _RUNS_SCRIPT


def script_arguments(params: Mapping[str, str]) -> list[str]:
    """Return the arguments that the shell gives `SCRIPT`, if `step_command` only runs it."""
    return [word for name, text in params.items() for word in (f"--{name}", text)]
