"""The command that runs a component, from its MLproject file."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from relay.runtime.component import Component

SCRIPT = "run.py"
_RUNS_SCRIPT = re.compile(rf"PYTHONPATH=../../src python {SCRIPT}(\s+--\w+=\{{\w+\}})*\s*")


def step_command(
    component: Component, params: Mapping[str, str], activate: Sequence[str]
) -> list[str]:
    """What `mlflow run` would execute: `activate` an environment, then the entry point's command.

    As MLflow does, the parameters, defaults included, are put into the command, each quoted for
    the shell. (MLflow itself takes longer to import than most steps take to work.)
    """
    texts = {**component.declared, **params}
    quoted = {name: shlex.quote(text) for name, text in texts.items() if text is not None}
    command = component.command.format(**quoted)
    return ["bash", "-c", " && ".join([*activate, command])]


def runs_script(component: Component) -> bool:
    """True where the command does nothing but run `SCRIPT` with arguments."""
    return _RUNS_SCRIPT.fullmatch(component.command) is not None


def script_arguments(component: Component, params: Mapping[str, str]) -> list[str]:
    """The arguments that the shell gives `SCRIPT` in `step_command`, where that runs it only."""
    texts = {**component.declared, **params}
    return [word.format(**texts) for word in component.command.split()[3:]]
