"""A child process in a process group of its own: its log, its time and memory, its end."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from relay.runtime.process_table import LocalProcesses, ProcessTable
from relay.runtime.usage import Usage
from relay.util.errors import Interrupted
from relay.util.files import read_tail
from relay.util.signals import StopSignals

_MB = 1024 * 1024
_POLL_SECONDS = 0.1
_SAMPLE_SECONDS = 0.1
GRACE_SECONDS = 10.0
"""The time that a process group has to end by itself before it is killed."""


@dataclass(frozen=True)
class End:
    """The end of a process."""

    exit_code: int
    """Negative if a signal ended it."""
    cpu_seconds: float
    """Of the process, and of the children that it waited for."""


class Process(ABC):
    """A child that leads a process group, and whose output goes to the file `log`.

    Its standard input is held open by this process and ends with it, in whatever way: that is the
    child's signal to stop. Its process id is one of `table`: of this machine, or of a container.
    """

    is_elsewhere = False
    """Whether the step runs on another machine, so that it reports itself what it used."""
    explanation: str | None = None
    """Why it ended before it could report, if that is known."""

    def __init__(self, log: Path, table: ProcessTable | None = None) -> None:
        self.log = log
        self._table = table or LocalProcesses()
        self.was_asked_to_stop = False
        self._started = time.monotonic()
        self._sampled = 0.0
        self._ended: float | None = None
        self._signalled: float | None = None
        self._cpu_seconds = 0.0
        self._max_rss = 0

    @property
    @abstractmethod
    def pid(self) -> int | None:
        """Return the process id, or None until the process exists."""

    @abstractmethod
    def _find_end(self) -> End | None:
        """Return the end of the process, or None while it runs."""

    @abstractmethod
    def _abandon(self) -> None:
        """Make sure that a process that does not exist yet never begins."""

    def poll(self) -> int | None:
        """Sample the process; return its exit status (128 + n for signal n) once it has ended."""
        if self._ended is None:
            self._sample()
        end = self._find_end()
        if end is None:
            if self.was_asked_to_stop:
                self.ask_to_stop()
                if (
                    self._signalled is not None
                    and time.monotonic() > self._signalled + GRACE_SECONDS
                ):
                    self._kill()
            return None
        if self._ended is None:
            self._ended = time.monotonic()
            if not self.was_asked_to_stop:
                # It may have been killed alone: its children must not go on unseen.
                self._signal_group(signal.SIGKILL)
            self._cpu_seconds = max(self._cpu_seconds, end.cpu_seconds)
            if end.exit_code == -signal.SIGKILL and not self.was_asked_to_stop:
                self.explanation = self.explanation or self._table.explain_kill()
        return end.exit_code if end.exit_code >= 0 else 128 - end.exit_code

    @property
    def usage(self) -> Usage:
        seconds = (self._ended or time.monotonic()) - self._started
        return Usage(seconds, self._cpu_seconds, self._max_rss / _MB)

    def tail(self, lines: int) -> list[str]:
        """Return the last `lines` lines of the log that are not empty."""
        return read_tail(self.log, lines)

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the whole process group, once; `stop` waits for the end.

        A process that does not exist yet gets the signal as soon as `poll` finds it. `poll` kills
        one that still runs after `GRACE_SECONDS`.
        """
        self.was_asked_to_stop = True
        if self._signalled is None and self.pid is not None:
            self._signalled = time.monotonic()
            self._ask()

    def stop(self) -> None:
        """End the whole process group: ask, wait for `GRACE_SECONDS`, then kill."""
        self.ask_to_stop()
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and (self.poll() is None or self._has_living_group()):
            time.sleep(0.05)
        self._kill()
        while self.poll() is None:
            if self.pid is None:
                self._abandon()
            self._kill()
            time.sleep(0.05)

    def _ask(self) -> None:
        self._signal_group(signal.SIGTERM)

    def _kill(self) -> None:
        self._signal_group(signal.SIGKILL)

    def _sample(self) -> None:
        now = time.monotonic()
        if now < self._sampled + _SAMPLE_SECONDS:
            return
        self._sampled = now
        if self.pid is not None:
            used = self._table.measure(self.pid)
            self._max_rss = max(self._max_rss, used.rss)
            self._cpu_seconds = max(self._cpu_seconds, used.cpu_seconds)

    def _signal_group(self, signal_number: int) -> None:
        if self.pid is not None:
            self._table.signal_group(self.pid, signal_number)

    def _has_living_group(self) -> bool:
        return self.pid is not None and self._table.has_living(self.pid)


class SpawnedProcess(Process):
    """A process that runs a command.

    Raises OSError if it cannot be started.
    """

    def __init__(
        self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path
    ) -> None:
        super().__init__(log)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                list(command),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._end: End | None = None

    @property
    def pid(self) -> int:
        return self._popen.pid

    def _find_end(self) -> End | None:
        if self._end is None:
            pid, status, used = os.wait4(self._popen.pid, os.WNOHANG)
            if pid:
                code = self._popen.returncode = os.waitstatus_to_exitcode(status)
                self._end = End(code, used.ru_utime + used.ru_stime)
                cast(BinaryIO, self._popen.stdin).close()
        return self._end

    def _abandon(self) -> None:
        """Do nothing, as the process exists from the start."""


Progress = Callable[[Usage, str], None]
"""Called with the resources that a process has used so far, and the last line of its log."""


def wait(process: Process, progress: Progress, signals: StopSignals) -> int:
    """Wait for `process`, report its progress, and return its exit status.

    Raises Interrupted if this process gets a signal, after it has ended the other.
    """
    try:
        while (code := process.poll()) is None:
            signals.check()
            progress(process.usage, "".join(process.tail(1)))
            time.sleep(_POLL_SECONDS)
    except Interrupted:
        process.stop()
        raise
    return code
