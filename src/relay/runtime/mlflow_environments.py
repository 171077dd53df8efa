"""MLflow's environments, named by its own code, so that `mlflow run` shares them."""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from mlflow.utils import conda, virtualenv
from mlflow.utils.environment import _PythonEnv

from relay.runtime.environments import Environment, Manager
from relay.util.errors import RelayError


def find_environment(manager: Manager, component: Path) -> Environment:
    """Return the environment of `component` under `manager`, built or not."""
    if manager == "conda":
        name = conda._get_conda_env_name(str(component / "conda.yml"))
        return Environment(_list_conda_folders().get(name), tuple(conda.get_conda_command(name)))
    python_env = _PythonEnv.from_conda_yaml(str(component / "conda.yml"))
    name = virtualenv._get_virtualenv_name(python_env, component)
    folder = Path(virtualenv._get_mlflow_virtualenv_root()) / name
    return Environment(str(folder), (virtualenv._get_virtualenv_activate_cmd(folder),))


def python_version(component: Path) -> str:
    """Return the version of Python in `component`'s conda.yml, such as 3.11."""
    return str(_PythonEnv.from_conda_yaml(str(component / "conda.yml")).python)


def forget_environments() -> None:
    """Forget the list of conda's environments, as another process has built one."""
    _list_conda_folders.cache_clear()


@functools.cache
def _list_conda_folders() -> Mapping[str, str]:
    """Return the folders of conda's environments by name.

    Raises RelayError if conda fails.
    """
    command = [conda.get_conda_bin_executable("conda"), "env", "list", "--json"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True)
        folders = json.loads(listed.stdout).get("envs", [])
    except (OSError, subprocess.CalledProcessError, json.JSONDecodeError) as error:
        message = getattr(error, "stderr", None) or str(error)
        raise RelayError(
            f"env_manager: `conda env list` failed: {message.strip()}. Repair conda, or run with "
            "env_manager=uv."
        ) from error
    return {Path(path).name: path for path in folders}
