"""MLflow's environments, named and built by its own code, so that `mlflow run` shares them."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from filelock import FileLock
from mlflow.exceptions import ExecutionException
from mlflow.utils import conda, virtualenv
from mlflow.utils.environment import _PythonEnv
from mlflow.utils.process import ShellCommandException

from relay.runtime.environments import LOCK, Environment, Manager
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


def build_environment(manager: Manager, component: Path) -> None:
    """Build the environment of `component` unless it is complete.

    Two processes that build one environment at once would break each other: the second waits.
    Raises RelayError if the environment is not complete after the build, and MLflow's errors.
    """
    lock = component / LOCK
    with _hold_build_lock():
        environment = find_environment(manager, component)
        if environment.is_complete(lock):
            return
        if environment.folder is not None and Path(environment.folder).exists():
            print(f"Removing {environment.folder}, which is incomplete", flush=True)
            shutil.rmtree(environment.folder)
        if manager == "conda":
            conda.get_or_create_conda_env(str(component / "conda.yml"))
            forget_environments()
        else:
            virtualenv._create_virtualenv(
                local_model_path=component,
                python_env=_PythonEnv.from_conda_yaml(str(component / "conda.yml")),
                env_dir=Path(str(environment.folder)),
                env_manager="uv" if manager == "uv" else "virtualenv",
            )
        if not find_environment(manager, component).is_complete(lock):
            raise RelayError(
                f"components/{component.name}/conda.yml: its environment lacks packages of {LOCK}. "
                f"Let `pip:` in it list `-r {LOCK}`, or renew both with `make lock`."
            )


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


@contextmanager
def _hold_build_lock() -> Iterator[None]:
    """Wait until no other process builds an environment, and keep others waiting."""
    root = Path(virtualenv._get_mlflow_virtualenv_root())
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / ".relay.lock"):
        yield


def main(argv: list[str]) -> int:
    """Build the environment for a manager and a component's folder (`argv`); return the status.

    0: it is complete; 1: the build failed.
    """
    manager, folder = argv
    try:
        build_environment(cast(Manager, manager), Path(folder).resolve())
    except (ExecutionException, ShellCommandException, RelayError) as error:
        print(f"Error: {error}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
