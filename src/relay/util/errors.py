"""The errors that people read, each with its exit status."""

from __future__ import annotations

import signal


class RelayError(Exception):
    """Something outside the code is wrong: a file, a table, an environment. Exit status 1.

    The message has the place, the problem and what to do; it is shown without a traceback.
    """

    exit_code = 1


class ConfigError(RelayError):
    """The configuration or the command is wrong. Exit status 2."""

    exit_code = 2


class GateFailed(RelayError):
    """A check or a threshold failed. The step's outputs are stored even so."""


class Interrupted(BaseException):
    """A signal asked the process to stop. Not an Exception, so that no handler swallows it."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number

    def __str__(self) -> str:
        return f"stopped by {signal.Signals(self.signal_number).name}"

    @property
    def exit_code(self) -> int:
        """Return 128 + the signal's number, as shells do."""
        return 128 + self.signal_number


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, or its type if there is no message."""
    return (str(error) or type(error).__name__).splitlines()[0]
