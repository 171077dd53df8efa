"""The id of a step's MLflow run, which the orchestrator may know only after the step has begun."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from relay.util.streams import is_held

RUN_ID = "MLFLOW_RUN_ID"
"""The variable in which MLflow expects the run that a process belongs to."""
_MODULE = "mlflow"
_POLL_SECONDS = 0.01


def provide_run_id(file: Path | None) -> None:
    """See to it that MLFLOW_RUN_ID is set when MLflow reads it in this process.

    `file` gets the id when it is known; None: nothing will come. MLflow's import waits for it. If
    MLflow is loaded, because this process was forked from one that has it, its first look at the
    variable waits.
    """
    if file is None or os.environ.get(RUN_ID):
        return
    if _MODULE not in sys.modules:
        sys.meta_path.insert(0, _Wait(file))
        return
    variable: Any = getattr(sys.modules.get(f"{_MODULE}.environment_variables"), RUN_ID, None)
    if not hasattr(variable, "get_raw"):  # a version of MLflow that reads it in another way
        read_run_id(file)
        return

    def read_once() -> str | None:
        del variable.get_raw  # MLflow unsets the variable later, to begin another run
        return read_run_id(file)

    variable.get_raw = read_once


def read_run_id(file: Path | None) -> str | None:
    """Return the id of this process's MLflow run, waiting for `file`, and set MLFLOW_RUN_ID.

    None if there is no such run, or the orchestrator ends before it is known.
    """
    if file is not None and not os.environ.get(RUN_ID):
        while not file.exists() and not _is_orphan():
            time.sleep(_POLL_SECONDS)
        if file.exists() and (run_id := file.read_text(encoding="utf-8")):
            os.environ[RUN_ID] = run_id
    return os.environ.get(RUN_ID) or None


def _is_orphan() -> bool:
    """Return whether the orchestrator, which holds our standard input open, has ended."""
    return is_held(0) and bool(select.select([0], [], [], 0)[0])


class _Wait(MetaPathFinder):
    """Finds no module, but makes the import of MLflow wait for the run's id."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return None, once the id is known if `fullname` is MLflow."""
        if fullname == _MODULE:
            sys.meta_path.remove(self)
            read_run_id(self._file)
        return None
