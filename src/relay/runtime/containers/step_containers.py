"""The containers of a run: one for each environment, network and limits that its steps have."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from relay.runtime.containers.container import Container, SpawnedInContainer
from relay.runtime.containers.container_cli import ContainerCli, Limits, Mount, NewContainer
from relay.runtime.containers.images import ImageEnvironment
from relay.runtime.containers.messages import Spawn
from relay.util.project import Project

_HOST_ONLY = re.compile(
    r"PATH|HOME|PWD|OLDPWD|SHELL|HOSTNAME|TERM|DISPLAY|MAIL|_|SHLVL|LS_COLORS|VIRTUAL_ENV"
    r"|(LD|PYENV|CONDA|_CE|XDG|SSH|DBUS|DOCKER|CONTAINER|BUILDKIT|UV|PIP)_\w+|PYTHON\w*"
)
"""Variables that describe this machine, its Python or its tools, and are left out."""
_PYTHON = ("PYTHONUNBUFFERED", "PYTHONIOENCODING")
"""Python's variables that a step keeps."""
_FILES = (
    "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE",
    "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "GOOGLE_APPLICATION_CREDENTIALS",
)  # fmt: skip
"""Variables with a file that a step with a network needs."""


@dataclass(frozen=True)
class Needs:
    """What a step needs of its container."""

    network: bool = False
    limits: Limits = field(default_factory=Limits)
    owner: str = ""
    """The step, if it has a container of its own; empty for one that steps share."""


@dataclass
class StepContainers:
    """Starts containers; `network` is the engine's one for steps that need one."""

    project: Project
    cli: ContainerCli
    network: str
    needs: Callable[[str], Needs]
    """What the step with this name needs."""
    mounts: Sequence[Mount]
    """Besides the project's."""
    variables: Mapping[str, str]
    """Environment variables of all steps, besides those of this process."""
    log: Path
    _running: dict[tuple[str, Needs], Container] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._prefix = f"relay-{uuid.uuid4().hex[:12]}"
        self._numbers = itertools.count(1)

    def get(
        self, step: str, environment: ImageEnvironment, environ: Mapping[str, str]
    ) -> Container:
        """Return the container for `step`; start it if it does not run.

        `environ` are the variables of all of its processes.
        Raises OSError if the engine's command cannot be started.
        """
        key = (environment.image, self.needs(step))
        container = self._running.get(key)
        if container is None or not container.is_running:
            if container is not None:
                container.close()
            container = self._running[key] = self._start(*key, environment, environ)
        return container

    def spawn(
        self,
        step: str,
        environment: ImageEnvironment,
        environ: Mapping[str, str],
        request: Spawn,
    ) -> SpawnedInContainer:
        """Start a process in the container for `step`."""
        return SpawnedInContainer(self.get(step, environment, environ), request)

    def begin_close(self) -> None:
        """Have all containers end, without waiting for that."""
        for container in self._running.values():
            container.begin_close()

    def close(self) -> None:
        """End all containers, and wait until they are removed."""
        self.begin_close()
        for container in self._running.values():
            container.close()
        self._running.clear()

    def _start(
        self,
        image: str,
        needs: Needs,
        environment: ImageEnvironment,
        environ: Mapping[str, str],
    ) -> Container:
        variables = {**step_variables(environ), **self.variables}
        files = [Path(variables[name]) for name in _FILES if variables.get(name)]
        # Only MLflow opens its database.
        stores = variables if environment.has_package("mlflow") else {}
        mounts = list_mounts(self.project, stores, self.mounts)
        mounts += [Mount(path.resolve()) for path in files if needs.network and path.is_file()]
        new = NewContainer(
            f"{self._prefix}-{next(self._numbers)}",
            image,
            self.network if needs.network else "none",
            merge_mounts(mounts),
            needs.limits,
            {"PYTHONPATH": str(self.project.root / "src"), "HOME": "/tmp"},  # noqa: S108
        )
        return Container(self.cli, new, variables, self.log)


def step_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables in `environ` that a step in a container gets."""
    kept = {name: text for name, text in environ.items() if not _HOST_ONLY.fullmatch(name)}
    return {
        "USER": "relay",  # no user has a name there
        **kept,
        **{name: environ[name] for name in _PYTHON if name in environ},
    }


def list_mounts(
    project: Project, variables: Mapping[str, str], others: Sequence[Mount] = ()
) -> list[Mount]:
    """Return what steps have of this machine: the code to read, the stores to write to.

    SQLite makes a file beside its database, and a step may write a table into the project's folder.
    Such a folder can be written to, but not what the project has in it.
    """
    root = project.root
    database = Path(variables.get("MLFLOW_TRACKING_URI", "").removeprefix("sqlite:///"))
    kept = (project.outputs, project.state, project.home / "mlruns")
    mounts = [Mount(path.resolve(), is_writable=True) for path in kept if path.is_dir()]
    if database.is_absolute():
        mounts.append(Mount(database.parent, is_writable=True))
    mounts += others
    linked = [Mount(path) for path in _linked_folders(root)]
    if Mount(root, is_writable=True) not in mounts:
        return [Mount(root), *linked, *mounts]
    written = {mount.path for mount in mounts if mount.is_writable}
    read_only = [
        Mount(path)
        for path in sorted(root.iterdir())
        if path not in written
        and not path.is_symlink()
        and not (database.is_absolute() and path.name.startswith(database.name))
    ]
    return [*read_only, *linked, *mounts]


def merge_mounts(mounts: Iterable[Mount]) -> list[Mount]:
    """Return `mounts` without those that others make needless, folders before what is in them."""
    by_path: dict[Path, Mount] = {}
    for mount in mounts:
        old = by_path.get(mount.path)
        by_path[mount.path] = mount if old is None or mount.is_writable else old
    merged: dict[Path, Mount] = {}
    for path in sorted(by_path):
        above = next((merged[parent] for parent in path.parents if parent in merged), None)
        if above is None or above.is_writable != by_path[path].is_writable:
            merged[path] = by_path[path]
    return list(merged.values())


def _linked_folders(root: Path) -> list[Path]:
    """Return what the checkout needs outside of its folder: linked folders, and Git's."""
    linked = [path.resolve() for path in root.iterdir() if path.is_symlink()]
    folders = [path for path in linked if path.exists() and not path.name.startswith(".venv")]
    if (root / ".git").is_file():  # a worktree
        done = subprocess.run(
            ["git", "rev-parse", "--git-common-dir"],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            folders.append(Path(os.path.normpath(root / done.stdout.strip())))
    return folders
