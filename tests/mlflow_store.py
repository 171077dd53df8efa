"""An MLflow store with nothing in it, to be copied: making its tables takes seconds."""

from __future__ import annotations

import atexit
import contextlib
import functools
import shutil
import sqlite3
import tempfile
from pathlib import Path

from relay.tracking.mlflow.connection import connect


def copy_store(target: Path) -> None:
    """Copy a new store to the file `target`; files of its default experiment are kept beside it."""
    shutil.copy(_new_store(), target)
    with contextlib.closing(sqlite3.connect(target)) as store, store:
        place = str(target.parent / "mlruns" / "0")
        store.execute("UPDATE experiments SET artifact_location = ?", (place,))


@functools.cache
def _new_store() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="relay-mlflow-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    connect(f"sqlite:///{folder}/mlflow.db")
    return folder / "mlflow.db"
