"""Making MLflow's SQLite store: once per user by MLflow, then by copying the empty tables."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
from pathlib import Path

import mlflow
from sqlalchemy.exc import SQLAlchemyError

from relay.tracking.mlflow.runs import MlflowRuns
from relay.util.files import name_aside, replace_file
from relay.util.paths import HOME, environments_root


def make_store(path: Path) -> None:
    """Make a store aside and move it to `path`, as MLflow cannot use half of one.

    In the folder for results, only its owner can read it, unless the folder is shared with a group
    (`chmod 2770`). An empty file counts as none. Nothing happens if another process makes the store
    at the same time. Raises what MLflow raises.
    """
    tables, copy, new = _tables_file(), name_aside(path), name_aside(path)
    try:
        if _open_copy(tables, copy):
            store = copy
        else:
            MlflowRuns(f"sqlite:///{new}").open()
            _keep_tables(new, tables)
            store = new
        is_shared = path.parent.stat().st_mode & stat.S_ISGID
        if str(path.parent) == os.environ.get(HOME) and not is_shared:
            store.chmod(0o600)
        if path.exists() and is_missing(path):
            path.unlink()
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(store)  # unlike a rename, it replaces no store that was made meanwhile
    finally:
        copy.unlink(missing_ok=True)
        new.unlink(missing_ok=True)


def is_missing(path: Path) -> bool:
    """Return whether there is no store at `path`: no file, or an empty one."""
    return not path.exists() or path.stat().st_size == 0


def _tables_file() -> Path:
    """Return the file with the empty tables of this MLflow: its migrations take seconds."""
    return environments_root() / f".relay-mlflow-{mlflow.__version__}.db"


def _open_copy(tables: Path, target: Path) -> bool:
    """Copy the store `tables` to `target` and open it; return whether that was possible.

    Opening it makes the default experiment, whose files are beside the store.
    """
    try:
        shutil.copyfile(tables, target)
        MlflowRuns(f"sqlite:///{target}").open()
    except (OSError, mlflow.MlflowException, SQLAlchemyError):  # it is missing or damaged
        return False
    return True


def _keep_tables(store: Path, tables: Path) -> None:
    """Keep a copy of a new store in `tables`, without its experiment, if that can be written."""
    with contextlib.suppress(OSError, sqlite3.Error):
        tables.parent.mkdir(parents=True, exist_ok=True)
        with replace_file(tables) as copy:
            shutil.copyfile(store, copy)
            with contextlib.closing(sqlite3.connect(copy)) as connection, connection:
                connection.execute("DELETE FROM experiments")
