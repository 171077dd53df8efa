"""An MLflow store with nothing in it, to be copied: making its tables takes seconds."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from relay.tracking.mlflow.connection import connect


def copy_store(target: Path) -> None:
    """Copy a new store to the file `target`."""
    shutil.copy(_new_store(), target)


@functools.cache
def _new_store() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="relay-mlflow-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    connect(f"sqlite:///{folder}/mlflow.db")
    return folder / "mlflow.db"
