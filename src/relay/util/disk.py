"""A disk that is full, or that may not be written to, as an error with its place and what to do."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)
_WORDS_OF_FULL = ("No space left on device", "disk is full", "Disk quota exceeded")
"""How libraries put it that raise errors of their own: SQLite, Arrow, uv."""


def explain(error: BaseException, places: Sequence[Path]) -> str | None:
    """What to tell people of `error` where a disk is its cause; None of any other error.

    `places` are the folders that were written to: where the error names no path, as an error in
    the midst of writing does, the one with the least room is named.
    """
    for cause in _chain(error):
        number = cause.errno if isinstance(cause, OSError) else None
        if number in _FULL or is_full(str(cause)):
            named = _path_of(cause)
            return full_disk([named] if named else places)
        path = _path_of(cause)
        if number in _REFUSED and path:
            why = "the file system is read-only" if number == errno.EROFS else "permission denied"
            return f"{path}: it cannot be opened or written: {why}. Check who owns it."
    return None


def is_full(text: str) -> bool:
    """Whether an error's text is of a disk that is full."""
    return any(words in text for words in _WORDS_OF_FULL)


def full_disk(places: Sequence[Path]) -> str:
    """The message for a full disk: of `places`, the one whose file system has the least room."""
    path = min(places or [Path.cwd()], key=lambda one: shutil.disk_usage(_existing(one)).free)
    usage = shutil.disk_usage(_existing(path))
    mount = _mount_of(_existing(path))
    return (
        f"{path}: the disk is full: the file system {mount} has {_megabytes(usage.free)} of "
        f"{_megabytes(usage.total)} free, or your quota on it is used up. Make room there: old "
        "runs in outputs/ can be removed. Or move the checkout, or TMPDIR for temporary files, to "
        "another disk."
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _path_of(error: BaseException) -> Path | None:
    """The path that `error` names."""
    if isinstance(error, OSError) and isinstance(error.filename, str | bytes):
        return Path(os.fsdecode(error.filename))
    return None


def _existing(path: Path) -> Path:
    """`path`, or the nearest folder above it that is there."""
    path = path.absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _mount_of(path: Path) -> Path:
    """The folder that the file system of `path` is mounted at."""
    path = path.resolve()
    while not path.is_mount() and path != path.parent:
        path = path.parent
    return path


def _megabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
