"""Messages for a disk that is full or may not be written to."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)
_SMALL = 65_536
_WORDS_OF_FULL = ("No space left on device", "disk is full", "Disk quota exceeded")
"""The words of libraries that raise their own errors: SQLite, Arrow, uv."""


def explain(error: BaseException, places: Sequence[Path]) -> str | None:
    """Return the message for an error that a disk caused, or None for any other error.

    `places` are the folders that were written to. If the error has no path, as one in the midst of
    writing, the message names the place with the least room.
    """
    for cause in _chain(error):
        number = cause.errno if isinstance(cause, OSError) else None
        if number in _FULL or is_full(str(cause)):
            named = _path_of(cause)
            return full_disk([named] if named else places)
        path = _path_of(cause)
        if number in _REFUSED and path:
            why = "the file system is read-only" if number == errno.EROFS else "permission denied"
            return f"{path}: cannot be opened or written ({why}). Check its owner and its rights."
    return None


def is_full(text: str) -> bool:
    """Return whether the text of an error means that a disk is full."""
    return any(words in text for words in _WORDS_OF_FULL)


def has_room(place: Path) -> bool:
    """Return whether the disk of `place` has room for a small file, as SQLite needs to read."""
    return shutil.disk_usage(existing(place)).free > _SMALL


def full_disk(places: Sequence[Path]) -> str:
    """Return the message for a full disk, that of the place with the least room."""
    path = min(places or [Path.cwd()], key=lambda place: shutil.disk_usage(existing(place)).free)
    usage = shutil.disk_usage(existing(path))
    mount = _mount_of(existing(path))
    return (
        f"{path}: the disk is full: the file system {mount} has {megabytes(usage.free)} of "
        f"{megabytes(usage.total)} free, or your quota on it is used up. Make room there: old "
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
    """Return the path in `error`, if it has one."""
    if isinstance(error, OSError) and isinstance(error.filename, str | bytes):
        return Path(os.fsdecode(error.filename))
    return None


def existing(path: Path) -> Path:
    """Return `path`, or the nearest folder above it that exists."""
    path = path.absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _mount_of(path: Path) -> Path:
    """Return the folder at which the file system of `path` is mounted."""
    path = path.resolve()
    while not path.is_mount() and path != path.parent:
        path = path.parent
    return path


def megabytes(size: int) -> str:
    """Return a number of bytes as people read it: `1.6 GB`, `12.5 MB`."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
