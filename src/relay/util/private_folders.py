"""The rights of folders that may hold people's data: for their owner alone."""

from __future__ import annotations

import contextlib
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from relay.util.project import Project

_SQLITE = re.compile(r"^sqlite:///(?P<path>/.+)$")


def make_private(project: Project, environ: Mapping[str, str]) -> None:
    """Let only the owner read the store, outputs and MLflow's files in the checkout.

    Missing folders are made, so that no other tool makes them readable for all; MLflow's database
    is private as soon as it is made. Existing ones lose the rights of the group and of others. A
    folder with the setgid bit (`chmod 2770`) is shared with its group on purpose, and stays so.
    Those of another owner cannot be changed: they stay too.
    """
    for folder in (project.state, project.outputs, project.home / "mlruns"):
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700)
        _tighten(folder)
    database = _SQLITE.match(project.tracking_uri(environ))
    if database and Path(database["path"]).parent == project.home:
        _tighten(Path(database["path"]))


def _tighten(path: Path) -> None:
    with contextlib.suppress(OSError):
        mode = stat.S_IMODE(path.stat().st_mode)
        shared = 0o7 if mode & stat.S_ISGID else 0o77
        if mode & shared:
            path.chmod(mode & ~shared)
