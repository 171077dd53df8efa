"""Signals that ask a process to stop, until there is nothing left to stop."""

from __future__ import annotations

import signal
from types import FrameType

from relay.util.errors import Interrupted

_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class StopSignals:
    """Turns the first signal into Interrupted; later ones change nothing.

    `at_once` raises in the midst of whatever the main thread does, which a long fit needs.
    Otherwise `check` raises, where it is called: an exception out of nowhere can be swallowed.
    Not the process's signal mask: it holds for one thread, and Python runs handlers in the main
    thread for a signal that any thread took.
    """

    def __init__(self, *, at_once: bool) -> None:
        self._at_once = at_once
        self._received: int | None = None
        self._ignored = False

    def install(self) -> None:
        """Take over SIGTERM, SIGINT and SIGHUP."""
        for number in _STOPPING:
            signal.signal(number, self._receive)

    def check(self) -> None:
        """Raise Interrupted where a signal has come."""
        if self._received is not None and not self._ignored:
            raise Interrupted(self._received)

    def ignore(self) -> None:
        """From here on nothing is interrupted: what is left must not be cut in two."""
        self._ignored = True

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._received is None and not self._ignored:
            self._received = number
            if self._at_once:
                raise Interrupted(number)
