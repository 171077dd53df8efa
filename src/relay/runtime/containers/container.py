"""One running container: its processes, the fork server in it, and processes that it spawns."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, cast

from relay.runtime.containers.container_cli import ContainerCli, NewContainer
from relay.runtime.containers.messages import (
    SERVER,
    Processes,
    Row,
    ServerEnded,
    Signal,
    Spawn,
    Variables,
    decode,
    encode,
)
from relay.runtime.fork_connection import explain_lost_server
from relay.runtime.fork_messages import Ended, Libraries, Lines, Started, Step
from relay.runtime.process_table import Used
from relay.runtime.processes import End, Process
from relay.util.files import read_tail

AGENT = ["python", "-P", "-m", "relay.runtime.containers.agent"]
_SPAWNED = "spawned "
"""Before the names of spawned processes, as one that the server forks may have the same."""
_CLOSE_SECONDS = 15.0
_MESSAGE_LINES = 20


class ContainerProcesses:
    """The processes of a container, as its agent has listed them last."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self.rows: dict[int, Row] = {}
        self.out_of_memory = 0

    def update(self, processes: Processes) -> None:
        """Take over a new list."""
        self.rows = {row.pid: row for row in (Row(*fields) for fields in processes.rows)}
        self.out_of_memory = processes.out_of_memory

    def measure(self, pid: int) -> Used:
        family = {pid}
        while more := {row.pid for row in self.rows.values() if row.parent in family} - family:
            family |= more
        rows = [self.rows[member] for member in family if member in self.rows]
        ticks = sum(row.ticks + row.child_ticks for row in rows)
        return Used(ticks / 100, sum(row.rss for row in rows))

    def signal_group(self, group: int, number: int) -> None:
        self._container.send(Signal(group, number))

    def has_living(self, group: int) -> bool:
        self._container.read_answers()
        return any(row.group == group for row in self.rows.values())

    def cpu_seconds(self, pid: int) -> float:
        return self.rows[pid].ticks / 100 if pid in self.rows else 0.0

    def group_cpu_seconds(self, group: int) -> float:
        wanted = self._container.server if group == SERVER else group
        return sum(row.ticks for row in self.rows.values() if row.group == wanted) / 100

    def explain_kill(self) -> str | None:
        if not self.out_of_memory:
            return None
        limit = self._container.new.limits.memory_gb
        if limit is None:
            return "it was killed for lack of memory. Free some, or run one step at a time: jobs=1"
        return (
            f"it was killed, as it needed more memory than it may use (resources.memory_gb="
            f"{limit:g}). Raise that, or work on fewer rows"
        )


class Container:
    """A container with an agent, that ends when it is closed or this process ends.

    It is a connection to the fork server in it. What the engine prints is in `log`.
    Raises OSError if the engine's command cannot be started.
    """

    group = SERVER

    def __init__(
        self, cli: ContainerCli, new: NewContainer, variables: Mapping[str, str], log: Path
    ) -> None:
        self.new = new
        self.log = log
        self.table = ContainerProcesses(self)
        self.server = 0
        """The process group of the fork server, in the container."""
        self.has_started = False
        self._cli = cli
        self._has_lost_server = False
        self._messages: list[Any] = []
        """Of the fork server, not read yet."""
        self._spawned: dict[str, SpawnedInContainer] = {}
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                cli.run_command(new, AGENT),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,
            )
        self._answers = Lines(cast(IO[bytes], self._popen.stdout).fileno())
        self.send(Variables(variables))

    @property
    def has_ended(self) -> bool:
        """Return whether the fork server has ended, with the container or alone."""
        return (self._has_lost_server or self._answers.ended) and not self._messages

    @property
    def is_running(self) -> bool:
        """Return whether the container had not ended when its answers were last read."""
        return not self._answers.ended

    def explain_loss(self) -> str:
        """Return the error of a step that has ended with the container, or with the fork server."""
        if self.is_running:
            return explain_lost_server(self.log)
        return self._explain_end(self._popen.wait())

    def send(self, request: Libraries | Step | Signal | Spawn | Variables) -> None:
        """Send a request, if the container has not ended."""
        stdin = cast(IO[bytes], self._popen.stdin)
        with contextlib.suppress(BrokenPipeError, ValueError):  # it has ended, or is closed
            stdin.write(encode(request))
            stdin.flush()

    def read(self) -> list[Any]:
        """Return the answers of the fork server that have arrived."""
        self.read_answers()
        messages, self._messages = self._messages, []
        return messages

    def read_answers(self) -> None:
        """Take in what has arrived: lists of processes, ends of spawned ones, and other answers."""
        was_running = self.is_running
        while lines := self._answers.read():
            for line in lines:
                self._note(decode(line))
        if was_running and not self.is_running:
            self.table.rows = {}
            reason = self.explain_loss()
            for process in self._spawned.values():
                process.note_loss(reason)

    def spawn(self, request: Spawn, process: SpawnedInContainer) -> None:
        """Have a command run; `process` gets its start and its end."""
        self._spawned[_SPAWNED + request.name] = process
        self.send(replace(request, name=_SPAWNED + request.name))

    def begin_close(self) -> None:
        """Have the container end, without waiting for that."""
        with contextlib.suppress(BrokenPipeError):
            cast(IO[bytes], self._popen.stdin).close()

    def close(self) -> None:
        """End the container, and wait until it is removed."""
        self.begin_close()
        deadline = time.monotonic() + _CLOSE_SECONDS
        while not self._answers.ended and time.monotonic() < deadline:
            self.read_answers()
            time.sleep(0.01)
        try:
            self._popen.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.remove()
        if not self.has_started or self._popen.returncode != 0:
            self.remove()  # its client may have ended alone
        cast(IO[bytes], self._popen.stdout).close()

    def remove(self) -> None:
        """End the container by its name, whatever it is doing."""
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self._cli.remove([self.new.name])
        self._popen.kill()
        self._popen.wait()

    def _note(self, message: Any) -> None:
        self.has_started = True
        if isinstance(message, Processes):
            self.server = message.server
            self.table.update(message)
        elif isinstance(message, ServerEnded):
            self._has_lost_server = True
        elif isinstance(message, Started | Ended) and message.name in self._spawned:
            process = self._spawned[message.name]
            if isinstance(message, Started):
                process.note_start(message.pid)
            else:
                process.note_end(End(message.exit_code, message.cpu_seconds))
        else:
            self._messages.append(message)

    def _explain_end(self, status: int) -> str:
        command = self._cli.command
        lines = read_tail(self.log, _MESSAGE_LINES)
        if self.has_started:
            return (
                f"its container has ended (exit status {status}), and the step with it: it was "
                f"stopped from outside, or {command} was. See {self.log}, then run again"
            )
        hint = "'docker run --help'", "Run '", "See '"
        said = [line for line in lines if not any(word in line for word in hint)]
        message = said[-1] if said else f"exit status {status}"
        message = message.removeprefix(f"{command}: ").rstrip(".")
        return f"its container could not be started: {message}"


class SpawnedInContainer(Process):
    """A process that runs a command in a container."""

    def __init__(self, container: Container, request: Spawn) -> None:
        super().__init__(Path(request.log), container.table)
        self._container = container
        self._pid: int | None = None
        self._end: End | None = None
        container.spawn(request, self)

    @property
    def pid(self) -> int | None:
        return self._pid

    def note_start(self, pid: int) -> None:
        """Note that it has been started."""
        self._pid = pid

    def note_end(self, end: End) -> None:
        """Note how it ended."""
        self._end = self._end or end

    def note_loss(self, reason: str) -> None:
        """Note that the container has ended, and the process with it if it still ran."""
        if self._end is None:
            self._end = End(1, 0.0)
            self.explanation = reason

    def _find_end(self) -> End | None:
        if self._end is None:
            self._container.read_answers()
            if self._end is None and not self._container.is_running:
                self.note_loss("its container has ended. Run again")
        return self._end

    def _abandon(self) -> None:
        self._container.remove()
