"""Signals that ask a process to stop."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from relay.util.errors import Interrupted

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""The signals that ask a process to stop."""


class StopSignals:
    """Turns the first signal into Interrupted and ignores later ones.

    With `at_once`, the exception is raised in whatever the main thread does, as a long fit needs.
    Otherwise only `check` raises it, as code that is interrupted anywhere may swallow it. (A signal
    mask would not do: it is for one thread, and Python handles signals of all in the main thread.)
    """

    def __init__(self, *, at_once: bool) -> None:
        self._at_once = at_once
        self._received: int | None = None
        self._ignored = False

    def install(self) -> None:
        """Handle SIGTERM, SIGINT and SIGHUP from now on."""
        for number in STOPPING:
            signal.signal(number, self._receive)

    def check(self) -> None:
        """Raise Interrupted if a signal has arrived."""
        if self._received is not None and not self._ignored:
            raise Interrupted(self._received)

    def ignore(self) -> None:
        """Ignore signals from now on, for work that must not be interrupted."""
        self._ignored = True

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._received is None and not self._ignored:
            self._received = number
            if self._at_once:
                raise Interrupted(number)


def end_by(number: int) -> None:
    """End this process by the signal `number`, as if nothing had handled it.

    A program that started it sees that it was stopped, and did not fail.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
