"""The client of `runtime.fork_server`: a server in an environment, and the processes it forks."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from relay.runtime.fork_connection import Connection
from relay.runtime.fork_messages import (
    Ended,
    Libraries,
    Loading,
    Lost,
    Refused,
    Started,
    Step,
    Unfit,
    claim,
)
from relay.runtime.process_table import ProcessTable
from relay.runtime.processes import End, Process

STUCK_SECONDS = 15.0
"""The time after which an import that uses no processor is taken as one that hangs."""


class ForkServer:
    """A server that forks the processes of steps."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._forked: dict[str, ForkedProcess] = {}
        self._is_usable = True
        self._loading: dict[int, _Import] = {}  # by the process that does it
        self.unfit: str | None = None
        """The module with which the server ended or hung, or after which it cannot fork."""

    @property
    def table(self) -> ProcessTable:
        """Return the table that has the processes that it forks."""
        return self._connection.table

    @property
    def is_loading(self) -> bool:
        """Return whether a library was being loaded when the answers were last read."""
        return any(loading.module for loading in self._loading.values())

    def load(self, libraries: Libraries) -> None:
        """Have `libraries` loaded while the server has nothing else to do."""
        self._connection.send(libraries)

    def fork(self, step: Step, spawn: Callable[[], Process]) -> ForkedProcess:
        """Return a process that runs `step`; it exists once the step's libraries are loaded.

        If the server cannot fork it, `spawn` starts it.
        """
        process = self._forked[step.name] = ForkedProcess(self, step, spawn)
        if self._is_usable:
            self._connection.send(step)
        else:
            process.fall_back()
        return process

    def read_answers(self) -> None:
        """Note what the server has reported since: starts and ends, and that it cannot go on."""
        for answer in self._connection.read():
            if isinstance(answer, Loading):
                self._loading[answer.pid] = _Import(answer.module)
            elif isinstance(answer, Unfit):
                self.unfit = answer.module
            elif isinstance(answer, Started):
                self._forked[answer.name].note_start(answer.pid, answer.level)
            elif isinstance(answer, Ended):
                end = End(answer.exit_code, answer.cpu_seconds)
                self._forked[answer.name].note_end(end)
            elif isinstance(answer, Refused):
                self._forked[answer.name].fall_back()
            elif isinstance(answer, Lost):
                self._note_unfit([answer.pid])
                self._note_loss(answer.level)
        if self._connection.has_ended:
            self._give_up()
            self._note_loss(0)

    def check_progress(self) -> None:
        """Fall back to spawning if a server hangs in an import, as a step may wait for it."""
        for pid, loading in self._loading.items():
            if loading.is_stuck(pid, self.table):
                self._note_unfit([pid])
                self._give_up()
                for process in self._forked.values():
                    process.fall_back()
                break

    def kill(self) -> None:
        """End the servers at once, whatever they are doing."""
        self.table.signal_group(self._connection.group, signal.SIGKILL)

    @property
    def cpu_seconds(self) -> float:
        """Return the CPU seconds that the servers have used to load libraries."""
        return self.table.group_cpu_seconds(self._connection.group)

    def close(self) -> float:
        """End the server, and return its `cpu_seconds`."""
        seconds = self.cpu_seconds
        self.kill()
        self._connection.close()
        return seconds

    def _give_up(self) -> None:
        """Fork no more; remember the module that is being loaded as the reason."""
        self._is_usable = False
        self._note_unfit(list(self._loading))

    def _note_unfit(self, servers: Sequence[int]) -> None:
        """Remember the module that one of `servers` was loading, unless another one is known."""
        modules = (self._loading[pid].module for pid in servers if pid in self._loading)
        self.unfit = self.unfit or next(filter(None, modules), None)

    def _note_loss(self, level: int) -> None:
        """Note that the server of `level` and the deeper ones have ended."""
        for process in self._forked.values():
            process.note_loss(level, self._connection.explain_loss)


@dataclass
class _Import:
    """An import in a server: its module, and the CPU seconds that the server had used lately."""

    module: str
    used: float = -1.0
    used_at: float = field(default_factory=time.monotonic)
    """When `used` last changed."""

    def is_stuck(self, pid: int, table: ProcessTable) -> bool:
        """Return whether the server `pid` has long not used the processor, but not finished."""
        if not self.module:
            return False
        used = table.cpu_seconds(pid)
        if used != self.used:
            self.used, self.used_at = used, time.monotonic()
        return time.monotonic() > self.used_at + STUCK_SECONDS


class ForkedProcess(Process):
    """A process that a server forks, or that is spawned if the server cannot."""

    def __init__(self, server: ForkServer, step: Step, spawn: Callable[[], Process]) -> None:
        super().__init__(Path(step.log), server.table)
        self._server = server
        self._claim = Path(step.claim)
        self._spawn = spawn
        self._spawned: Process | None = None
        self._pid: int | None = None
        self._level = 0
        self._end: End | None = None

    @property
    def pid(self) -> int | None:
        return self._pid if self._spawned is None else self._spawned.pid

    def note_start(self, pid: int, level: int) -> None:
        """Note that the server of `level` has forked it."""
        if self._spawned is None:
            self._pid, self._level = pid, level

    def note_end(self, end: End) -> None:
        """Note how it ended."""
        if self._spawned is None:
            self._end = end

    def fall_back(self) -> None:
        """Spawn it, unless it exists or the server has just begun to run it."""
        if self.was_asked_to_stop or self._pid is not None or self._spawned is not None:
            return
        if claim(self._claim):
            self._spawned = self._spawn()

    def note_loss(self, level: int, explain: Callable[[], str]) -> None:
        """Note that the servers from `level` on have ended, and with them the answers about it."""
        self.fall_back()
        if self._end is None and self._spawned is None and self._level >= level:
            self._end = End(1, 0.0)
            self.explanation = explain()
            with self.log.open("a", encoding="utf-8") as log:
                print(f"Error: {self.explanation}.", file=log)

    def _find_end(self) -> End | None:
        if self._spawned is not None:
            end = self._spawned._find_end()
            self.explanation = self._spawned.explanation
            return end
        if self._end is None:
            self._server.read_answers()
            if self.pid is None:
                self._server.check_progress()
        return self._end

    def _abandon(self) -> None:
        # The server may hang in a library: it forks nothing more.
        self._server.kill()
