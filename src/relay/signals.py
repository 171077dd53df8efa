"""Signals that ask a process to stop, as an exception, until there is nothing left to stop."""

from __future__ import annotations

import signal
from types import FrameType

from relay.errors import Interrupted

_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class StopSignals:
    """Raises Interrupted in the main thread for the first signal; later ones change nothing.

    A flag rather than the process's signal mask: the mask holds for one thread, and Python runs
    handlers in the main thread for a signal that any thread took.
    """

    def __init__(self) -> None:
        self._ignored = False

    def install(self) -> None:
        """Take over SIGTERM, SIGINT and SIGHUP."""
        for number in _STOPPING:
            signal.signal(number, self._receive)

    def ignore(self) -> None:
        """From here on nothing is interrupted: what is left must not be cut in two."""
        self._ignored = True

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if not self._ignored:
            self._ignored = True
            raise Interrupted(number)
