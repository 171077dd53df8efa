"""The rights of folders that may hold people's data: for their owner alone."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from relay.util.project import Project

_SQLITE = re.compile(r"^sqlite:///(?P<path>/.+)$")


def make_private(project: Project, environ: Mapping[str, str]) -> None:
    """Let only the owner read the store, outputs and MLflow's files in the checkout.

    Missing ones are made, so that no other tool makes them readable for all. Existing ones lose the
    rights of the group and of others. A folder with the setgid bit (`chmod 2770`) is shared with
    its group on purpose, and stays so. Those of another owner cannot be changed: they stay too.
    """
    for folder in (project.state, project.outputs, project.home / "mlruns"):
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700)
        _tighten(folder)
    database = _SQLITE.match(project.tracking_uri(environ))
    if database and Path(database["path"]).parent == project.home:
        path = Path(database["path"])
        with contextlib.suppress(OSError):
            # For SQLite, an empty file is an empty database.
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        _tighten(path)


def _tighten(path: Path) -> None:
    with contextlib.suppress(OSError):
        mode = stat.S_IMODE(path.stat().st_mode)
        shared = 0o7 if mode & stat.S_ISGID else 0o77
        if mode & shared:
            path.chmod(mode & ~shared)
