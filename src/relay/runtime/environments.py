"""The environments that components run in, and how they are found without being started."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, cast

from packaging.markers import Marker
from packaging.utils import canonicalize_name

from relay.util.errors import RelayError
from relay.util.files import write_text

Manager = Literal["conda", "uv", "virtualenv", "local"]

LOCK = "requirements.txt"
_PINNED = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+) *(?:;(?P<marker>[^\\\n]+))?", re.MULTILINE
)
# What MLflow looks at to name an environment and find its place, beside the component's files.
_VARIABLES = ("HOME", "MLFLOW_ENV_ROOT", "MLFLOW_CONDA_HOME", "CONDA_EXE")


@dataclass(frozen=True)
class Environment:
    """An environment of MLflow's; `folder` is None where the manager has not made it yet."""

    folder: str | None
    activate: tuple[str, ...]
    """Shell commands of MLflow's that switch to it; none for `local`."""

    def is_complete(self, lock: Path) -> bool:
        """True where each distribution of the lock is installed, in the version it names."""
        if self.folder is None or not Path(self.folder).is_dir():
            return False
        return _pinned(lock) <= _installed(Path(self.folder))


PRESENT = Environment(None, ())
"""The Python that we are running in: env_manager=local."""


def choose_manager(setting: str, outer: str | None) -> Manager:
    """Return the manager that `env_manager` stands for.

    `auto` takes that of the `mlflow run` around us, if there is one, else conda if it is installed,
    else uv. Raises RelayError if the manager's tool is not installed.
    """
    if setting == "auto":
        setting = outer or ("conda" if _conda() else "uv")
    manager = cast(Manager, setting)
    if manager == "conda" and not _conda():
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


class EnvironmentIndex:
    """Remembers where MLflow keeps the environment of a component, in the file `path`.

    MLflow tells by itself, but takes longer to import than most steps take to work.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, manager: Manager, component: Path) -> Environment | None:
        """The environment of `component` as it was last time, None where nobody knows."""
        found = self._read().get(_key(manager, component))
        return None if found is None else Environment(found["folder"], tuple(found["activate"]))

    def remember(self, manager: Manager, component: Path, environment: Environment) -> None:
        known = self._read()
        known[_key(manager, component)] = {
            "folder": environment.folder,
            "activate": list(environment.activate),
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_text(self._path, json.dumps(known, indent=2))

    def _read(self) -> dict[str, Mapping[str, Any]]:
        try:
            known: dict[str, Mapping[str, Any]] = json.loads(self._path.read_bytes())
        except (OSError, ValueError):  # not there yet; and what is broken is made anew
            return {}
        return known


def open_environment_index() -> EnvironmentIndex:
    """Those that MLflow keeps for us on this machine, whatever checkout they were built from."""
    root = os.environ.get("MLFLOW_ENV_ROOT") or "~/.mlflow/envs"
    return EnvironmentIndex(Path(root).expanduser() / ".relay.json")


def _conda() -> str | None:
    """Where MLflow would find conda, or None."""
    home, executable = os.environ.get("MLFLOW_CONDA_HOME"), os.environ.get("CONDA_EXE")
    return shutil.which(f"{home}/bin/conda" if home else executable or "conda")


def _key(manager: Manager, component: Path) -> str:
    """A digest of all that decides which environment it is."""
    parts = [manager, version("mlflow"), *(os.environ.get(name, "") for name in _VARIABLES)]
    if manager == "conda":
        parts.append(_conda() or "")
    digest = hashlib.sha256("\0".join(parts).encode())
    for name in ("conda.yml", LOCK):
        digest.update((component / name).read_bytes())
    return digest.hexdigest()


def _pinned(lock: Path) -> set[tuple[str, str]]:
    """(name, version) of each distribution in the lock that this platform needs."""
    return {
        (str(canonicalize_name(match["name"])), match["version"])
        for match in _PINNED.finditer(lock.read_text(encoding="utf-8"))
        if not match["marker"] or Marker(match["marker"].strip()).evaluate()
    }


def _installed(folder: Path) -> set[tuple[str, str]]:
    """(name, version) of each distribution installed in `folder`, by its metadata's folder."""
    found = set()
    for record in folder.glob("lib/python*/site-packages/*.dist-info/RECORD"):
        name, _, number = record.parent.name.removesuffix(".dist-info").partition("-")
        found.add((str(canonicalize_name(name)), number))
    return found
