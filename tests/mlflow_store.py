"""An MLflow store with nothing in it, to be copied: making its tables takes seconds."""

from __future__ import annotations

import contextlib
import functools
import shutil
import sqlite3
from pathlib import Path

from filelock import FileLock

from relay.tracking.mlflow.connection import connect
from tests.workers import shared_folder


def copy_store(target: Path) -> None:
    """Copy a new store to the file `target`; files of its default experiment are kept beside it."""
    shutil.copy(_new_store(), target)
    with contextlib.closing(sqlite3.connect(target)) as store, store:
        place = str(target.parent / "mlruns" / "0")
        store.execute("UPDATE experiments SET artifact_location = ?", (place,))


@functools.cache
def _new_store() -> Path:
    folder = shared_folder() / "new-mlflow-store"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            connect(f"sqlite:///{folder}/mlflow.db")
    return folder / "mlflow.db"
