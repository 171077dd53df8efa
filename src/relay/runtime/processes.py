"""A child process in a process group of its own: its log, its time and memory, its end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import psutil

from relay.util.errors import Interrupted
from relay.util.signals import StopSignals

_MB = 1024 * 1024
_POLL_SECONDS = 0.1
_SAMPLE_SECONDS = 0.1
_LOOK_SECONDS = 0.5  # after this, look again which processes there are
_TAIL_BYTES = 16_384
GRACE_SECONDS = 10.0
"""How long a process group may take to end by itself before it is killed."""


@dataclass(frozen=True)
class Usage:
    """What a process and its children have used so far."""

    seconds: float
    cpu_seconds: float
    max_rss_mb: float
    """The most memory that all of them held at once, as sampled ten times a second."""


@dataclass(frozen=True)
class End:
    """How a process ended."""

    exit_code: int
    """Negative where a signal ended it."""
    cpu_seconds: float
    """Its own, and its children's as far as it waited for them."""


class Child(Protocol):
    """A process that leads a group of its own, and whose standard input we hold open.

    It ends when we do, however we end, and that tells the process to stop.
    """

    @property
    def pid(self) -> int | None:
        """None until it is there."""

    def poll(self) -> End | None:
        """Its end, as soon as it has ended."""

    def give_up(self) -> None:
        """Be done with it where it is not there yet, whatever that takes."""


class Spawned:
    """A command, as a child; OSError where it cannot be started."""

    def __init__(
        self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path
    ) -> None:
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

    def poll(self) -> End | None:
        if self._end is None:
            pid, status, used = os.wait4(self._popen.pid, os.WNOHANG)
            if pid:
                code = self._popen.returncode = os.waitstatus_to_exitcode(status)
                self._end = End(code, used.ru_utime + used.ru_stime)
                cast(BinaryIO, self._popen.stdin).close()
        return self._end

    def give_up(self) -> None:
        """It has been there from the beginning."""


class Process:
    """A running child whose output goes to a log file: what it uses, and how it is ended."""

    def __init__(self, child: Child, log: Path) -> None:
        self.log = log
        self._child = child
        self._started = time.monotonic()
        self._sampled = 0.0
        self._looked = 0.0
        self._group: list[psutil.Process] = []
        self._ended: float | None = None
        self.was_asked_to_stop = False
        self._signalled = False
        self._cpu_seconds = 0.0
        self._max_rss = 0

    def poll(self) -> int | None:
        """Sample the process; its exit status (128 + n for signal n) once it has ended."""
        if self._ended is None:
            self._sample()
        end = self._child.poll()
        if end is None:
            if self.was_asked_to_stop:
                self.ask_to_stop()
            return None
        if self._ended is None:
            self._ended = time.monotonic()
            if not self.was_asked_to_stop:
                # It may have been killed alone: what it started must not go on unseen.
                self._signal_group(signal.SIGKILL)
            self._cpu_seconds = max(self._cpu_seconds, end.cpu_seconds)
        return end.exit_code if end.exit_code >= 0 else 128 - end.exit_code

    @property
    def usage(self) -> Usage:
        seconds = (self._ended or time.monotonic()) - self._started
        return Usage(seconds, self._cpu_seconds, self._max_rss / _MB)

    def tail(self, lines: int) -> list[str]:
        """The last lines of the log."""
        return tail(self.log, lines)

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the whole process group, once; `stop` waits for what comes of it.

        A child that is not there yet is sent it as soon as `poll` finds it.
        """
        self.was_asked_to_stop = True
        if not self._signalled and self._child.pid is not None:
            self._signalled = True
            self._signal_group(signal.SIGTERM)

    def stop(self) -> None:
        """End the whole process group: ask, wait for `GRACE_SECONDS`, then kill."""
        self.ask_to_stop()
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and (self.poll() is None or self._group_lives()):
            time.sleep(0.05)
        self._signal_group(signal.SIGKILL)
        while self.poll() is None:
            if self._child.pid is None:
                self._child.give_up()
            self._signal_group(signal.SIGKILL)
            time.sleep(0.05)

    def _sample(self) -> None:
        now = time.monotonic()
        if now < self._sampled + _SAMPLE_SECONDS:
            return
        self._sampled = now
        memory, cpu = 0, 0.0
        for process in self._processes(now):
            with contextlib.suppress(psutil.Error):
                memory += process.memory_info().rss
                times = process.cpu_times()
                cpu += times.user + times.system + times.children_user + times.children_system
        self._max_rss = max(self._max_rss, memory)
        self._cpu_seconds = max(self._cpu_seconds, cpu)

    def _processes(self, now: float) -> list[psutil.Process]:
        """The process and all below it; to find them, every process there is has to be read."""
        if self._child.pid is not None and now >= self._looked + _LOOK_SECONDS:
            self._looked = now
            with contextlib.suppress(psutil.Error):
                parent = psutil.Process(self._child.pid)
                self._group = [parent, *parent.children(recursive=True)]
        return self._group

    def _signal_group(self, signal_number: int) -> None:
        if self._child.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, signal_number)

    def _group_lives(self) -> bool:
        """True where a process of the group still runs; zombies do not count."""
        for process in psutil.process_iter(["status"]):
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                alive = process.info["status"] != psutil.STATUS_ZOMBIE
                if alive and os.getpgid(process.pid) == self._child.pid:
                    return True
        return False


def tail(path: Path, lines: int) -> list[str]:
    """The last lines of a text file that are not empty."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()][-lines:]


Progress = Callable[[Usage, str], None]
"""Told what a process has used so far, and the last line of its log."""


def wait(process: Process, progress: Progress, signals: StopSignals) -> int:
    """Wait for `process` and return its exit status; a signal to us ends it first."""
    try:
        while (code := process.poll()) is None:
            signals.check()
            progress(process.usage, "".join(process.tail(1)))
            time.sleep(_POLL_SECONDS)
    except Interrupted:
        process.stop()
        raise
    return code
