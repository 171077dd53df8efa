"""The folders of runs in outputs/: which there are, which are active, and when each began."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from relay.pipeline.run_summary import SETTINGS, SUMMARY
from relay.util.use_locks import UseLock, is_in_use

_NAME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d)(-\d+)?")
_LEFT_OVER = re.compile(rf"\.{_NAME.pattern}\.[0-9a-f]{{32}}")
_ACTIVE = ".active"
"""The file in a run's folder whose lock the run holds until it ends, however it ends."""


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run."""

    folder: Path

    @property
    def began(self) -> datetime:
        """Return when the run began, by the folder's name."""
        match = _NAME.fullmatch(self.folder.name)
        day, _, time = (match[1] if match else "1970-01-01T00-00-00").partition("T")
        return datetime.fromisoformat(f"{day}T{time.replace('-', ':')}").astimezone(UTC)

    @cached_property
    def summary(self) -> dict[str, Any] | None:
        """Return the content of the run's summary, or None if there is none or it is damaged."""
        try:
            content = json.loads((self.folder / SUMMARY).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    @property
    def has_ended(self) -> bool:
        """Return whether the run has written its summary, which is not read."""
        return (self.folder / SUMMARY).is_file()

    @cached_property
    def command(self) -> str:
        """Return the command of the run, from its settings; empty if they were not written."""
        try:
            with (self.folder / SETTINGS).open(encoding="utf-8") as file:
                line = file.readline()
        except (OSError, UnicodeDecodeError):
            return ""
        return line.removeprefix("#").strip() if line.startswith("#") else ""

    @property
    def is_active(self) -> bool:
        """Return whether the run goes on."""
        return is_in_use(self.folder / _ACTIVE)

    @cached_property
    def size(self) -> int:
        """Return the bytes of its files."""
        files = [path for path in self.folder.rglob("*") if not path.is_symlink()]
        return sum(path.stat().st_size for path in files if path.is_file())


@contextmanager
def marked_active(folder: Path) -> Iterator[None]:
    """Let other processes see, within the block, that the run in `folder` goes on."""
    lock = UseLock(folder / _ACTIVE)
    lock.share()
    try:
        yield
    finally:
        lock.path.unlink(missing_ok=True)
        lock.release()


def is_run_name(name: str) -> bool:
    """Return whether `name` is that of a run's folder."""
    return _NAME.fullmatch(name) is not None


def name_of_group(group: str) -> str:
    """Return the name of the run's folder that ends `group`; `group` if another one was set."""
    last = group.rpartition(" ")[2]
    return last if is_run_name(last) else group


def list_runs(outputs: Path) -> list[RunFolder]:
    """Return the runs in `outputs`, oldest first."""
    if not outputs.is_dir():
        return []
    paths = [path for path in outputs.iterdir() if _NAME.fullmatch(path.name)]
    return [RunFolder(path) for path in sorted(paths) if not path.is_symlink() and path.is_dir()]


def remove_leftovers(outputs: Path) -> None:
    """Remove what a removal of runs left that was killed: hidden folders with a run's name."""
    for path in outputs.iterdir():
        if _LEFT_OVER.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)
