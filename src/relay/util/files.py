"""Files and folders that take their place in one move: a reader sees the whole or nothing."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def name_aside(path: Path) -> Path:
    """Return a new hidden name beside `path`, for content that takes its place when whole."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}")


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """Yield the path at which to write a file; it becomes `path` if no exception is raised.

    An OSError about the file names `path`, the name that people know.
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
        shutil.rmtree(folder, ignore_errors=True)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` (UTF-8), whole or not at all. Raises OSError with that path."""
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
