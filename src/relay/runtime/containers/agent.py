"""Runs in a container: starts the processes of steps, signals them, and reports on them.

    python -P -m relay.runtime.containers.agent

Requests come as JSON lines on standard input, answers go as JSON lines to standard output. It runs
a fork server and passes messages between the server and the client; it also spawns commands. The
client cannot see or signal the container's processes, so the agent does. It answers also while the
server loads a library.

When standard input ends, so do the steps: theirs is closed, and what is left after
`GRACE_SECONDS` is killed. The container ends with the agent.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from relay.runtime.containers.messages import (
    SERVER,
    Processes,
    ServerEnded,
    Signal,
    Spawn,
    Variables,
    decode,
    encode,
)
from relay.runtime.fork_messages import Ended, Lines, Started

GRACE_SECONDS = 10.0
_REPORT_SECONDS = 0.1
_REAP_SECONDS = 0.02
_PR_SET_CHILD_SUBREAPER = 36
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_OUT_OF_MEMORY = (
    Path("/sys/fs/cgroup/memory.events"),
    Path("/sys/fs/cgroup/memory/memory.oom_control"),
)
"""Files of the two versions of control groups, with a line `oom_kill N`."""


@dataclass
class _Server:
    """The fork server: its process, and its answers."""

    process: subprocess.Popen[bytes]
    answers: Lines


@dataclass
class Agent:
    """Answers requests until they end; `answers` is the file descriptor for the answers."""

    requests: Lines
    answers: int
    server: _Server | None = None
    has_lost_server: bool = False
    spawned: dict[int, tuple[str, IO[bytes]]] = field(default_factory=dict)
    """By process id: the name, and this end of its standard input."""
    reported: Processes | None = None
    reported_at: float = 0.0

    def serve(self) -> None:
        """Answer requests until they end, then end all processes."""
        while not self.requests.ended:
            self._wait()
            while lines := self.requests.read():
                for line in lines:
                    self._answer(line)
            self._pass_answers()
            self._reap()
            if time.monotonic() >= self.reported_at + _REPORT_SECONDS:
                self._report()
        self._end_all()

    def _wait(self) -> None:
        descriptors = [self.requests.descriptor]
        if self.server is not None:
            descriptors.append(self.server.answers.descriptor)
        select.select(descriptors, [], [], _REAP_SECONDS if self.spawned else _REPORT_SECONDS)

    def _answer(self, line: bytes) -> None:
        request = decode(line)
        if isinstance(request, Variables):
            os.environ.update(request.values)
        elif isinstance(request, Signal):
            self._signal(request)
        elif isinstance(request, Spawn):
            self._spawn(request)
        elif not self.has_lost_server:
            self.server = self.server or _start_server()
            stdin = cast(IO[bytes], self.server.process.stdin)
            with contextlib.suppress(BrokenPipeError):  # the end of its answers is noticed
                stdin.write(line + b"\n")
                stdin.flush()

    def _signal(self, request: Signal) -> None:
        group = request.group
        if group == SERVER:
            group = self.server.process.pid if self.server is not None else 0
        if group:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, request.number)

    def _spawn(self, request: Spawn) -> None:
        with Path(request.log).open("ab") as log:
            try:
                process = subprocess.Popen(
                    list(request.command),
                    cwd=request.folder,
                    env={**os.environ, **request.environ},
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                log.write(f"Error: {error}\n".encode())
                self._send(Ended(request.name, 127, 0.0))
                return
        self.spawned[process.pid] = (request.name, cast(IO[bytes], process.stdin))
        self._send(Started(request.name, process.pid, 0))

    def _pass_answers(self) -> None:
        if self.server is None:
            return
        while lines := self.server.answers.read():
            self._report()  # before the end of a process, so that its last state is known
            for line in lines:
                _write(self.answers, line + b"\n")
        if self.server.answers.ended:
            self.server.process.wait()
            self.server, self.has_lost_server = None, True
            self._send(ServerEnded())

    def _reap(self) -> None:
        for pid, (name, stdin) in list(self.spawned.items()):
            ended, status, used = os.wait4(pid, os.WNOHANG)
            if ended:
                del self.spawned[pid]
                stdin.close()
                self._report()
                code = os.waitstatus_to_exitcode(status)
                self._send(Ended(name, code, used.ru_utime + used.ru_stime))

    def _report(self) -> None:
        """Send the list of all processes, if it has changed."""
        self.reported_at = time.monotonic()
        server = self.server.process.pid if self.server is not None else 0
        processes = Processes(_list_processes(), server, _count_out_of_memory())
        if processes != self.reported:
            self.reported = processes
            self._send(processes)

    def _end_all(self) -> None:
        """End the server and the steps: first by the end of their input, then by force."""
        if self.server is not None:
            cast(IO[bytes], self.server.process.stdin).close()
        for _, stdin in self.spawned.values():
            stdin.close()
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and _has_others():
            _reap_any()
            time.sleep(_REAP_SECONDS)
        for pid, *_ in _list_processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _send(self, answer: Any) -> None:
        _write(self.answers, encode(answer))


def _write(descriptor: int, content: bytes) -> None:
    with contextlib.suppress(BrokenPipeError):  # the client has ended; so will the input
        while content:
            content = content[os.write(descriptor, content) :]


def _start_server() -> _Server:
    read_end, write_end = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "relay.runtime.fork_server", str(write_end)],
        stdin=subprocess.PIPE,
        pass_fds=[write_end],
        start_new_session=True,
    )
    os.close(write_end)
    return _Server(process, Lines(read_end))


def _list_processes() -> list[list[int]]:
    """Return the fields of `Row` for each living descendant of this process."""
    rows: dict[int, list[int]] = {}
    zombies: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            pid, parent = int(folder.name), int(fields[1])
            if fields[0] in "ZX":
                zombies[pid] = parent
                continue
            used, by_children = (
                sum(map(int, fields[start : start + 2])) * 100 // _TICKS for start in (11, 13)
            )
            rows[pid] = [pid, parent, int(fields[2]), used, by_children, int(fields[21]) * _PAGE]
    parents = {**zombies, **{pid: row[1] for pid, row in rows.items()}}
    family = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return [row for pid, row in sorted(rows.items()) if pid in family and pid != os.getpid()]


def _has_others() -> bool:
    return bool(_list_processes())


def _reap_any() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _count_out_of_memory() -> int:
    for path in _OUT_OF_MEMORY:
        with contextlib.suppress(OSError, ValueError):
            for line in path.read_text().splitlines():
                if line.startswith("oom_kill "):
                    return int(line.split()[1])
    return 0


def main() -> int:
    """Serve requests from standard input; all other output goes to standard error."""
    # What a step leaves behind becomes a child of this process, and is ended with it.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    answers = os.dup(1)
    os.dup2(2, 1)
    Agent(Lines(0), answers).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
