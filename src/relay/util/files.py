"""Files and folders that are written aside and moved into place: readers see all or nothing."""

from __future__ import annotations

import ctypes
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TAIL_BYTES = 16_384
_WORKING_FOLDER, _EXCHANGE = -100, 2
"""AT_FDCWD and RENAME_EXCHANGE of Linux."""


def name_aside(path: Path) -> Path:
    """Return a new hidden path beside `path`, for content that is moved there when complete."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}")


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """Yield the path at which to write a file; it becomes `path` if no exception is raised.

    An OSError about the file names `path`, not the file aside.
    """
    aside = name_aside(path)
    try:
        yield aside
        aside.replace(path)
    except OSError as error:
        if error.filename == str(aside):
            error.filename = str(path)
        raise
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def replace_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder; it becomes `folder`, in place of an older one, if nothing is raised."""
    aside = name_aside(folder)
    aside.mkdir(parents=True)
    try:
        yield aside
        _put(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def remove_folder(folder: Path) -> None:
    """Remove `folder`: no part of it is left under its name, even if the process is killed."""
    aside = name_aside(folder)
    folder.rename(aside)
    shutil.rmtree(aside)


def _put(new: Path, folder: Path) -> None:
    """Move the folder `new` to `folder`; an older one is at `new` then, or removed."""
    try:
        new.rename(folder)
    except OSError:
        if _swap(new, folder):
            return
        # In two moves: a process that is killed between them leaves both folders beside the place.
        old = name_aside(folder)
        folder.rename(old)
        try:
            new.rename(folder)
        except OSError:
            old.rename(folder)
            raise
        shutil.rmtree(old, ignore_errors=True)


def _swap(first: Path, second: Path) -> bool:
    """Let two paths change places in one move; return False if the system or the disk cannot."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)  # Linux only
    paths = (_WORKING_FOLDER, os.fsencode(first), _WORKING_FOLDER, os.fsencode(second))
    return rename is not None and rename(*paths, _EXCHANGE) == 0


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` (UTF-8), whole or not at all.

    Raises OSError, with `path`, if that fails.
    """
    try:
        with replace_file(path) as aside:
            aside.write_text(text, encoding="utf-8")
    except OSError as error:
        error.filename = str(path)  # a disk that is full names no file
        raise


def point_link(link: Path, target: str) -> None:
    """Make the symbolic link `link` point at `target`, in one move."""
    with replace_file(link) as aside:
        aside.symlink_to(target)


def read_tail(path: Path, lines: int) -> list[str]:
    """Return the last lines of a text file that are not empty; none if it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()][-lines:]
