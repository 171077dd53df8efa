"""The environments that components run in, looked up without an import of MLflow."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, cast

from relay.util.errors import RelayError
from relay.util.files import write_text
from relay.util.paths import environments_root

Manager = Literal["conda", "uv", "virtualenv", "local", "docker"]

LOCK = "requirements.txt"
# Besides the component's files, MLflow names and places an environment by these.
_VARIABLES = ("HOME", "MLFLOW_ENV_ROOT", "MLFLOW_CONDA_HOME", "CONDA_EXE")


@dataclass(frozen=True)
class Environment:
    """An environment that MLflow manages; `folder` is None if conda has not made it yet."""

    folder: str | None
    activate: tuple[str, ...]
    """The shell commands with which MLflow switches to it; empty for `local`."""

    @property
    def place(self) -> str:
        """Return a text that names it among all environments."""
        return " && ".join(self.activate)

    def is_complete(self, lock: Path) -> bool:
        """Return whether each package of the lock is installed in the lock's version."""
        if self.folder is None or not Path(self.folder).is_dir():
            return False
        # Not imported for a run in which every step is cached.
        from relay.runtime.package_locks import is_installed

        return is_installed(lock, Path(self.folder))

    def has_package(self, name: str) -> bool:
        """Return whether the package `name` is installed in it."""
        if self.folder is None:
            return importlib.util.find_spec(name) is not None
        return any(Path(self.folder).glob(f"lib/python*/site-packages/{name}/__init__.py"))


PRESENT = Environment(None, ())
"""The Python that this process runs in: env_manager=local."""


def choose_manager(setting: str, outer: str | None) -> Manager:
    """Return the manager that the setting `env_manager` chooses.

    `auto` is `outer` (the manager of an `mlflow run` around this process), else conda if it is
    installed, else uv. Raises RelayError if the manager's tool is not installed.
    """
    if setting == "auto":
        setting = outer or ("conda" if _find_conda() else "uv")
    manager = cast(Manager, setting)
    if manager == "conda" and not _find_conda():
        raise RelayError(
            "env_manager: conda is not installed. Install it, or run with env_manager=uv, which "
            "is installed with Relay."
        )
    if manager == "uv" and not shutil.which("uv"):
        raise RelayError(
            "env_manager: uv is not installed. Install it (pip install uv), or run with "
            "env_manager=virtualenv or env_manager=conda."
        )
    if manager == "virtualenv" and not shutil.which("pyenv"):
        raise RelayError(
            "env_manager: pyenv is not installed, which MLflow needs for virtualenv. Install it, "
            "or run with env_manager=uv, which is installed with Relay."
        )
    return manager


class EnvironmentIndex:
    """A file that remembers where MLflow keeps the environment of each component.

    MLflow itself takes longer to import than most steps take to run.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, manager: Manager, component: Path) -> Environment | None:
        """Return the environment of `component`, or None if the index does not have it."""
        entry = self._read().get(_compute_key(manager, component))
        return None if entry is None else Environment(entry["folder"], tuple(entry["activate"]))

    def remember(self, manager: Manager, component: Path, environment: Environment) -> None:
        """Add the environment of `component` to the index."""
        entries = self._read()
        entries[_compute_key(manager, component)] = {
            "folder": environment.folder,
            "activate": list(environment.activate),
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_text(self._path, json.dumps(entries, indent=2))

    def _read(self) -> dict[str, Mapping[str, Any]]:
        try:
            entries: dict[str, Mapping[str, Any]] = json.loads(self._path.read_bytes())
        except (OSError, ValueError):  # missing, or damaged: it is made again
            return {}
        return entries


def open_environment_index() -> EnvironmentIndex:
    """Return the index of this user's environments, whatever checkout they were built from."""
    return EnvironmentIndex(environments_root() / ".relay.json")


def _find_conda() -> str | None:
    """Return the path of the conda that MLflow would use, or None if it is not installed."""
    home, executable = os.environ.get("MLFLOW_CONDA_HOME"), os.environ.get("CONDA_EXE")
    return shutil.which(f"{home}/bin/conda" if home else executable or "conda")


def _compute_key(manager: Manager, component: Path) -> str:
    """Return a digest of all that decides which environment MLflow uses."""
    parts = [manager, version("mlflow"), *(os.environ.get(name, "") for name in _VARIABLES)]
    if manager == "conda":
        parts.append(_find_conda() or "")
    digest = hashlib.sha256("\0".join(parts).encode())
    for name in ("conda.yml", LOCK):
        digest.update((component / name).read_bytes())
    return digest.hexdigest()
