"""The command that runs a component: MLflow's, from its MLproject file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mlflow.projects.utils import load_project

from relay.orchestrator.environments import Environment


def step_command(component: Path, params: Mapping[str, str], environment: Environment) -> list[str]:
    """What `mlflow run` would execute: switch to `environment`, then the entry point's command.

    MLflow puts the parameters into the command, each quoted for the shell.
    """
    entry_point = load_project(str(component)).get_entry_point("main")
    command = entry_point.compute_command(dict(params), None)
    return ["bash", "-c", " && ".join([*environment.activate, command])]
