"""A check that the checkout can be written to, before a run starts."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from relay.util.errors import RelayError
from relay.util.project import Project


def require_writable(project: Project) -> None:
    """Check the places that every run writes to.

    Raises RelayError if one is a file, a folder or a link that does not fit, or is not writable.
    """
    for folder in (project.outputs, project.state, project.home / "mlruns"):
        if folder.is_symlink() and not folder.exists():
            raise RelayError(
                f"{folder}: a link to {folder.readlink()}, which does not exist. Make that folder, "
                "or remove the link."
            )
        if folder.exists() and not folder.is_dir():
            raise RelayError(
                f"{folder}: a file, but Relay keeps its {_KEPT[folder.name]} in a folder with this "
                "name. Move the file away."
            )
        place = folder if folder.exists() else project.home
        if not os.access(place, os.W_OK | os.X_OK):
            raise RelayError(_not_ours(place))
    database = project.home / "mlflow.db"
    if database.is_file() and not os.access(database, os.R_OK | os.W_OK):
        raise RelayError(_not_ours(database))
    latest = project.outputs / "latest"
    if latest.is_dir() and not latest.is_symlink():
        raise RelayError(
            f"{latest}: a folder, but Relay makes a link with this name to the newest run. Move "
            "the folder away."
        )


_KEPT = {"outputs": "runs", ".relay": "store", "mlruns": "models for MLflow"}


def _not_ours(path: Path) -> str:
    if _is_read_only(path):
        why = "its file system is mounted read-only"
    else:
        why = f"it belongs to {_owner(path)}, and you are {_user(os.geteuid())}"
    return (
        f"{path}: no permission to write there: {why}. Relay keeps runs, store and outputs in its "
        "checkout. Clone the project to a folder of your own and run it there."
    )


def _is_read_only(path: Path) -> bool:
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def _owner(path: Path) -> str:
    return _user(path.stat().st_uid)


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
