"""Making MLflow's SQLite store: once per user by MLflow, then by copying the empty tables."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import mlflow
from sqlalchemy.exc import SQLAlchemyError

from relay.tracking.mlflow.runs import MlflowRuns
from relay.util.files import name_aside, replace_file
from relay.util.paths import environments_root


def make_store(path: Path) -> None:
    """Make a store aside and move it to `path`, as MLflow cannot use half of one.

    Nothing happens if another process makes it at the same time. Raises what MLflow raises.
    """
    tables, copy, new = _tables_file(), name_aside(path), name_aside(path)
    try:
        if _open_copy(tables, copy):
            store = copy
        else:
            MlflowRuns(f"sqlite:///{new}").open()
            _keep_tables(new, tables)
            store = new
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(store)  # unlike a rename, it replaces no store that was made meanwhile
    finally:
        copy.unlink(missing_ok=True)
        new.unlink(missing_ok=True)


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
