"""MLflow's own environments, so that `mlflow run` shares them: named, found and built by it."""

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


def find(manager: Manager, component: Path) -> Environment:
    """The environment of `component` under `manager`, whether it is built yet or not."""
    if manager == "conda":
        name = conda._get_conda_env_name(str(component / "conda.yml"))
        return Environment(_conda_folders().get(name), tuple(conda.get_conda_command(name)))
    python_env = _PythonEnv.from_conda_yaml(str(component / "conda.yml"))
    name = virtualenv._get_virtualenv_name(python_env, component)
    folder = Path(virtualenv._get_mlflow_virtualenv_root()) / name
    return Environment(str(folder), (virtualenv._get_virtualenv_activate_cmd(folder),))


def python_version(component: Path) -> str:
    """The Python that `component` asks for, such as 3.11."""
    return str(_PythonEnv.from_conda_yaml(str(component / "conda.yml")).python)


def forget() -> None:
    """Look for environments anew: one was built by another process."""
    _conda_folders.cache_clear()


def build(manager: Manager, component: Path) -> None:
    """Build the environment of `component` unless it is there and whole.

    Two processes that build one environment at once would break each other: the second waits.
    """
    lock = component / LOCK
    with _build_lock():
        environment = find(manager, component)
        if environment.is_complete(lock):
            return
        if environment.folder is not None and Path(environment.folder).exists():
            print(f"Removing {environment.folder}, which is not whole", flush=True)
            shutil.rmtree(environment.folder)
        if manager == "conda":
            conda.get_or_create_conda_env(str(component / "conda.yml"))
            forget()
        else:
            virtualenv._create_virtualenv(
                local_model_path=component,
                python_env=_PythonEnv.from_conda_yaml(str(component / "conda.yml")),
                env_dir=Path(str(environment.folder)),
                env_manager="uv" if manager == "uv" else "virtualenv",
            )
        if not find(manager, component).is_complete(lock):
            raise RelayError(f"The environment of components/{component.name} is not whole.")


@functools.cache
def _conda_folders() -> Mapping[str, str]:
    """conda's environments by name."""
    command = [conda.get_conda_bin_executable("conda"), "env", "list", "--json"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True)
        folders = json.loads(listed.stdout).get("envs", [])
    except (OSError, subprocess.CalledProcessError, json.JSONDecodeError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise RelayError(
            f"conda does not work: `conda env list` says: {said.strip()}. Mend it, or run with "
            "env_manager=uv."
        ) from error
    return {Path(path).name: path for path in folders}


@contextmanager
def _build_lock() -> Iterator[None]:
    root = Path(virtualenv._get_mlflow_virtualenv_root())
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / ".relay.lock"):
        yield


def main(argv: list[str]) -> int:
    """Build one environment; `argv` is its manager and the component's folder."""
    manager, folder = argv
    try:
        build(cast(Manager, manager), Path(folder).resolve())
    except (ExecutionException, ShellCommandException, RelayError) as error:
        print(f"Error: {error}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
