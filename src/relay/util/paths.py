"""Where the command was started: relative paths are read from there, and printed from there.

`mlflow run` starts the command in the project's folder, or in a temporary clone of a Git URL, and
keeps no note of where it was started itself.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from relay.util.errors import ConfigError

START = "RELAY_START"
HOME = "RELAY_HOME"

_CLONE = re.compile(r"tmp[a-z0-9_]{8}")
"""How Python names the temporary folders into which MLflow clones."""
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_SHELLS = ("bash", "sh", "dash", "zsh")


def start_folder(root: Path, environ: Mapping[str, str]) -> Path:
    """The folder in which whoever started the checkout at `root` is: this one, but for MLflow's."""
    if environ.get(START):
        return Path(environ[START])
    return (_folder_of_mlflow(root) if environ.get("MLFLOW_RUN_ID") else None) or Path.cwd()


def home_folder(root: Path, environ: Mapping[str, str]) -> Path:
    """Where what is made is kept: in RELAY_HOME, else in the checkout at `root`.

    A temporary clone is removed some day: what it makes is kept where the command was started.
    """
    start = start_folder(root, environ)
    if environ.get(HOME):
        return (start / Path(environ[HOME]).expanduser()).resolve()
    return start if is_temporary(root) else root


def scheme_of(text: str) -> str:
    """Return the scheme of a URL in lower case; empty for a path."""
    scheme = _SCHEME.match(text)
    return scheme[1].lower() if scheme else ""


def find_local_path(text: str, start: Path) -> Path | None:
    """Return the path that `text` names, as a path or a file:// URL; None for any other URL.

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
    return Path(url2pathname(parts.path))


def is_temporary(root: Path) -> bool:
    """True for a clone that MLflow has made of a Git URL, and for a folder in one."""
    place = Path(tempfile.gettempdir()).resolve()
    if not root.resolve().is_relative_to(place):
        return False
    parts = root.resolve().relative_to(place).parts
    return bool(parts) and _CLONE.fullmatch(parts[0]) is not None


def shown(path: Path) -> str:
    """`path` as a person at the command's start would write it: relative where that is shorter."""
    start = Path(os.environ.get(START) or Path.cwd())
    relative = os.path.relpath(path, start)
    return relative if len(relative) < len(str(path)) else str(path)


def _folder_of_mlflow(root: Path) -> Path | None:
    """The working folder of the process that has MLflow run us; None where it is not to be seen."""
    import psutil

    with contextlib.suppress(psutil.Error):
        for process in psutil.Process().parents():
            if process.name() not in _SHELLS:
                is_mlflow = any("mlflow" in word for word in process.cmdline())
                return Path(process.cwd()) if is_mlflow or is_temporary(root) else None
    return None
