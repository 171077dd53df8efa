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
    """What `mlflow run` would execute: `activate` an environment, then the entry point's command.

    As MLflow does, the parameters are appended as `--name value`, each quoted for the shell.
    (MLflow itself takes longer to import than most steps take to work.)
    """
    options = [f"--{name} {shlex.quote(text)}" for name, text in params.items()]
    return ["bash", "-c", " && ".join([*activate, " ".join([component.command, *options])])]


def runs_script(component: Component) -> bool:
    """True where the command does nothing but run `SCRIPT`."""
    return component.command.split() == _RUNS_SCRIPT


def script_arguments(params: Mapping[str, str]) -> list[str]:
    """The arguments that the shell gives `SCRIPT` in `step_command`, where that runs it only."""
    return [word for name, text in params.items() for word in (f"--{name}", text)]
