"""The folder in which the command was started: relative paths are read and shown from there.

`mlflow run` starts the command in the project's folder, or in a temporary clone of a Git URL, and
does not pass on the folder in which it was started itself.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from relay.util.errors import ConfigError
from relay.util.names import nearest

START = "RELAY_START"
HOME = "RELAY_HOME"

_CLONE = re.compile(r"tmp[a-z0-9_]{8}")
"""The names of the temporary folders into which MLflow clones, which Python makes."""
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_SHELLS = ("bash", "sh", "dash", "zsh")


def start_folder(root: Path, environ: Mapping[str, str]) -> Path:
    """Return the folder in which the command was started, or `mlflow run` if that started it."""
    if environ.get(START):
        return Path(environ[START])
    return (_folder_of_mlflow(root) if environ.get("MLFLOW_RUN_ID") else None) or Path.cwd()


def home_folder(root: Path, environ: Mapping[str, str]) -> Path:
    """Return the folder for outputs and stores: RELAY_HOME, else the checkout at `root`.

    For a temporary clone, which is removed some day, it is where the command was started.
    """
    start = start_folder(root, environ)
    if environ.get(HOME):
        return (start / Path(environ[HOME]).expanduser()).resolve()
    return start if is_temporary(root) else root


def scheme_of(text: str) -> str:
    """Return the scheme of a URL in lower case; empty for a path."""
    scheme = _SCHEME.match(text)
    return scheme[1].lower() if scheme else ""


def environments_root() -> Path:
    """Return the folder in which MLflow keeps this user's environments."""
    return Path(os.environ.get("MLFLOW_ENV_ROOT") or "~/.mlflow/envs").expanduser()


def find_local_path(text: str, start: Path) -> Path | None:
    """Return the path in `text`, a path or a file:// URL, or None for any other URL.

    `~` is the home folder, and a relative path is taken from `start`.
    Raises ConfigError if the URL names another machine, or is not one.
    """
    scheme = scheme_of(text)
    if not scheme:
        return start / Path(text).expanduser()
    if scheme != "file":
        return None
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise ConfigError(
            f"{text}: not a URL: {error}. For a file write file:///folder/data.csv, or its path."
        ) from error
    if parts.netloc not in ("", "localhost"):
        raise ConfigError(
            f"{text}: the URL names a file on the host '{parts.netloc}'. For a file on this "
            "machine write three slashes: file:///folder/data.csv."
        )
    return Path(unquote(parts.path))


def is_temporary(root: Path) -> bool:
    """Return whether `root` is, or is in, a clone that MLflow made of a Git URL."""
    place = Path(tempfile.gettempdir()).resolve()
    if not root.resolve().is_relative_to(place):
        return False
    parts = root.resolve().relative_to(place).parts
    return bool(parts) and _CLONE.fullmatch(parts[0]) is not None


def describe_missing_file(path: Path) -> str:
    """Return `there is no file x. Did you mean 'y'?`, to append to a setting's key."""
    if not path.parent.is_dir():
        hint = f"There is no folder {shown(path.parent)} either."
    else:
        near = nearest(path.name, [file.name for file in path.parent.iterdir() if file.is_file()])
        hint = f"Did you mean '{near}'?" if near else "Check the path."
    return f"there is no file {shown(path)}. {hint}"


def shown(path: Path) -> str:
    """Return `path` as a user would write it: relative to the start folder if that is shorter."""
    start = Path(os.environ.get(START) or Path.cwd())
    relative = os.path.relpath(path, start)
    return relative if len(relative) < len(str(path)) else str(path)


def _folder_of_mlflow(root: Path) -> Path | None:
    """Return the working folder of the `mlflow run` above this process, or None if none is seen."""
    import psutil

    with contextlib.suppress(psutil.Error):
        for process in psutil.Process().parents():
            if process.name() not in _SHELLS:
                is_mlflow = any("mlflow" in word for word in process.cmdline())
                return Path(process.cwd()) if is_mlflow or is_temporary(root) else None
    return None
