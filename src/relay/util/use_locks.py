"""Locks that show whether something is in use, whoever uses it.

The system releases a lock when its process ends, however it ends: none is left over.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class UseLock:
    """The lock of a file, held by all that use what it stands for, or by one process alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def share(self) -> None:
        """Hold the lock beside others until this process ends; wait for one that has it alone.

        Do nothing if the folder does not exist or is not writable: nothing can be changed there.
        """
        if self._file is None:
            with contextlib.suppress(OSError):
                self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        if self._file is not None:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(self._file, fcntl.LOCK_SH)

    def release(self) -> None:
        """Let the lock go."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Yield whether this process has the lock alone, for as long as the block takes.

        A share of this object becomes the lock alone, and a share again at the end. Raises OSError
        if the file cannot be opened.
        """
        own = self._file
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600) if own is None else own
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                # A failed change may have lost the share.
                if own is not None:
                    fcntl.flock(file, fcntl.LOCK_SH)
                yield False
                return
            yield True
            if own is not None:
                fcntl.flock(file, fcntl.LOCK_SH)
        finally:
            if own is None:
                os.close(file)


def is_in_use(path: Path) -> bool:
    """Return whether a process holds the lock of the file at `path`."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False
