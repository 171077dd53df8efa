"""Standard input, output and error that work however a process was started."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast


def open_missing() -> None:
    """Open the null device as each standard stream that this process was started without.

    Python has None instead, and the next file to be opened would get the stream's number.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is not None:
            continue
        null = os.open(os.devnull, os.O_RDWR)
        if null != number and not _is_open(number):
            os.dup2(null, number)
            os.close(null)
            null = number
        os.set_inheritable(null, null == number)
        setattr(sys, name, os.fdopen(null, "r" if number == 0 else "w", encoding="utf-8"))


def is_held(descriptor: int) -> bool:
    """Return whether `descriptor` is a pipe or a socket, whose other end a process may hold open.

    It is not for a terminal, a file, or the null device of cron, systemd and containers.
    """
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


_PLAIN_SIGNS = str.maketrans({"✔": "+", "✘": "x", "…": "..."})
"""The replacements for Relay's signs on a console whose encoding does not have them."""
_SIGNS = "✔✘…"


def can_write(text: str, stream: TextIO) -> bool:
    """Return whether the encoding of `stream` has all characters of `text`."""
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def replace_unwritable(stream: TextIO) -> None:
    """Make `stream` write `?` for a character that its encoding does not have, not raise an error.

    An old console, or PYTHONIOENCODING=ascii, must not end a run.
    """
    if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
        stream.reconfigure(errors="replace")


class Output(io.TextIOBase):
    """A stream that never fails: after the first error, it discards all that is written.

    `error` is the reason, such as a reader that has gone or a full disk.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_plain = not can_write(_SIGNS, stream)
        self.error: OSError | None = None
        replace_unwritable(stream)

    def write(self, text: str) -> int:
        try:
            self._stream.write(text.translate(_PLAIN_SIGNS) if self._is_plain else text)
        except OSError as error:
            self._give_up(error)
        return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._give_up(error)

    @property
    def lost(self) -> str | None:
        """Return why output was lost, or None if it was not, or its reader has closed the pipe."""
        if self.error is None or isinstance(self.error, BrokenPipeError):
            return None
        return self.error.strerror or str(self.error)

    def _give_up(self, error: OSError) -> None:
        """Put the null device in the stream's place, which takes the rest of the buffer too."""
        self.error = self.error or error
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self._stream.fileno())
        os.close(null)

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def lasting_output() -> Iterator[Output]:
    """Replace standard output and error by streams that never fail; yield standard output."""
    before = sys.stdout, sys.stderr
    output, errors = Output(sys.stdout), Output(sys.stderr)
    sys.stdout, sys.stderr = cast(TextIO, output), cast(TextIO, errors)
    try:
        yield output
    finally:
        output.flush()
        errors.flush()
        sys.stdout, sys.stderr = before


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
