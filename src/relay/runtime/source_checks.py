"""What the files of a component do that decides how its process is started."""

from __future__ import annotations

import re
from pathlib import Path

from relay.runtime.component import Component
from relay.runtime.step_command import runs_script

_SETS_VARIABLE = re.compile(
    rb"environ\s*\[[^]]*\]\s*=[^=]|environ\.(update|setdefault|pop|clear)\b|\b(un)?putenv\b|load_dotenv"
)

_STARTS_PROCESSES = re.compile(
    rb"subprocess|multiprocessing|joblib|ProcessPool|\bos\.(system|popen|fork|exec|spawn|posix_spawn)"
)


def sets_variables(folder: Path) -> bool:
    """Return whether a Python file in `folder` sets environment variables."""
    return any(_SETS_VARIABLE.search(path.read_bytes()) for path in folder.glob("**/*.py"))


def may_read_mlflow_run(component: Component) -> bool:
    """Return whether something else than MLflow in its process may read MLFLOW_RUN_ID.

    That is so if the variable is named, or if processes with MLflow may be started.
    """
    if not runs_script(component) and b"mlflow" in component.command.encode().lower():
        return True
    for path in component.folder.rglob("*"):
        if path.suffix not in (".py", ".sh"):
            continue
        text = path.read_bytes()
        if b"MLFLOW_RUN_ID" in text:
            return True
        if b"mlflow" in text.lower() and (path.suffix == ".sh" or _STARTS_PROCESSES.search(text)):
            return True
    return False
