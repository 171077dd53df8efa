"""Copies of the project's own files, for tests and measurements that run it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_FILES = ("MLproject", "main.py", "conda.yml", "requirements.txt", "uv.toml")
_OWN_SETTINGS = ("project", "local")
_FOLDERS = ("components", "config", "environments", "src")


def copy_project(root: Path, more: Sequence[str] = ()) -> None:
    """Copy the files that the project needs to run, and `more`, into the new folder `root`.

    Settings of a project and of a person (config/project, config/local) and outputs of runs are
    not copied.
    """
    root.mkdir(parents=True)
    for name in (*_FILES, *_FOLDERS, *more):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, symlinks=True, ignore=_ignored)
        else:
            shutil.copy(source, root / name)


def _ignored(folder: str, names: list[str]) -> list[str]:
    ignored = {"__pycache__"}
    if Path(folder).samefile(ROOT / "config"):
        ignored.update(_OWN_SETTINGS)
    return [name for name in names if name in ignored]
