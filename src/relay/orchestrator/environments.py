"""The environments that components run in: MLflow's own, so that `mlflow run` shares them.

MLflow names and builds them; here they are found without being started, checked for being whole
(a build that was killed leaves half of one), and built before the first step.
"""

from __future__ import annotations

import functools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from filelock import FileLock
from mlflow.exceptions import ExecutionException
from mlflow.utils import conda, virtualenv
from mlflow.utils.environment import _PythonEnv
from mlflow.utils.process import ShellCommandException
from packaging.markers import Marker
from packaging.utils import canonicalize_name

from relay.errors import RelayError

Manager = Literal["conda", "uv", "virtualenv", "local"]

_PINNED = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)\s*(?:;(?P<marker>[^\\]+))?"
)


@dataclass(frozen=True)
class Environment:
    """An environment of MLflow's; `folder` is None where the manager has not made it yet."""

    manager: Manager
    folder: Path | None
    activate: tuple[str, ...]
    """Shell commands of MLflow's that switch to it; none for `local`."""

    def is_complete(self, lock: Path) -> bool:
        """True where each distribution of the lock is installed, in the version it names."""
        if self.manager == "local":
            return True
        if self.folder is None or not self.folder.is_dir():
            return False
        return _pinned(lock) <= _installed(self.folder)


def choose_manager(setting: str, outer: str | None) -> Manager:
    """What `env_manager` means: `auto` takes that of the `mlflow run` around us, if there is one,
    else conda where it is installed, else uv. RelayError where its tool is not there."""
    if setting == "auto":
        setting = outer or ("conda" if conda_executable() else "uv")
    manager = cast(Manager, setting)
    if manager == "conda" and not conda_executable():
        raise RelayError(
            "conda was not found. Install it, or run with env_manager=uv, which needs nothing."
        )
    if manager == "uv" and not shutil.which("uv"):
        raise RelayError(
            "uv was not found. Install it (pip install uv), or run with env_manager=virtualenv "
            "or env_manager=conda."
        )
    if manager == "virtualenv" and not shutil.which("pyenv"):
        raise RelayError(
            "pyenv was not found, which MLflow needs for env_manager=virtualenv. "
            "Install it, or run with env_manager=uv, which needs nothing."
        )
    return manager


def conda_executable() -> str | None:
    """Where MLflow would find conda, or None."""
    return shutil.which(str(conda.get_conda_bin_executable("conda")))


def find(manager: Manager, component: Path) -> Environment:
    """The environment of `component` under `manager`, whether it is built yet or not."""
    if manager == "local":
        return Environment(manager, None, ())
    if manager == "conda":
        name = conda._get_conda_env_name(str(component / "conda.yml"))
        return Environment(
            manager, _conda_folders().get(name), tuple(conda.get_conda_command(name))
        )
    python_env = _PythonEnv.from_conda_yaml(str(component / "conda.yml"))
    name = virtualenv._get_virtualenv_name(python_env, component)
    folder = Path(virtualenv._get_mlflow_virtualenv_root()) / name
    return Environment(manager, folder, (virtualenv._get_virtualenv_activate_cmd(folder),))


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
    lock = component / "requirements.txt"
    with _build_lock():
        environment = find(manager, component)
        if environment.is_complete(lock):
            return
        if environment.folder is not None and environment.folder.exists():
            print(f"Removing {environment.folder}, which is not whole", flush=True)
            shutil.rmtree(environment.folder)
        if manager == "conda":
            conda.get_or_create_conda_env(str(component / "conda.yml"))
            forget()
        elif environment.folder is not None:
            virtualenv._create_virtualenv(
                local_model_path=component,
                python_env=_PythonEnv.from_conda_yaml(str(component / "conda.yml")),
                env_dir=environment.folder,
                env_manager="uv" if manager == "uv" else "virtualenv",
            )
        if not find(manager, component).is_complete(lock):
            raise RelayError(f"The environment of components/{component.name} is not whole.")


@functools.cache
def _conda_folders() -> Mapping[str, Path]:
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
    return {Path(path).name: Path(path) for path in folders}


@contextmanager
def _build_lock() -> Iterator[None]:
    root = Path(virtualenv._get_mlflow_virtualenv_root())
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / ".relay.lock"):
        yield


def _pinned(lock: Path) -> set[tuple[str, str]]:
    """(name, version) of each distribution in the lock that this platform needs."""
    pins = set()
    for line in lock.read_text(encoding="utf-8").splitlines():
        match = _PINNED.match(line)
        if match and (not match["marker"] or Marker(match["marker"].strip()).evaluate()):
            pins.add((str(canonicalize_name(match["name"])), match["version"]))
    return pins


def _installed(folder: Path) -> set[tuple[str, str]]:
    """(name, version) of each distribution installed in `folder`, by its metadata's folder."""
    found = set()
    for record in folder.glob("lib/python*/site-packages/*.dist-info/RECORD"):
        name, _, version = record.parent.name.removesuffix(".dist-info").partition("-")
        found.add((str(canonicalize_name(name)), version))
    return found


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
