"""The command that runs a component, from its MLproject file."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from relay.orchestrator.mlproject import Component


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
