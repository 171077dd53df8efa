"""The program that builds an environment by MLflow's own code: `MANAGER FOLDER` after its name.

It is a process of its own, started with `python -m`, so that its output is a log and it can be
stopped.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from filelock import FileLock
from mlflow.exceptions import ExecutionException
from mlflow.utils import conda, virtualenv
from mlflow.utils.environment import _PythonEnv
from mlflow.utils.process import ShellCommandException

from relay.runtime.environments import LOCK, Manager
from relay.runtime.mlflow_environments import find_environment, forget_environments
from relay.util.errors import RelayError


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
