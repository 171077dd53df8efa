"""Loads the libraries of steps once, and forks a process for each step.

    python -P -m relay.runtime.fork_server FD        in an environment of components

Most of the time of a small step goes to loading libraries; a forked process has them from the
start. All else is as in `python run.py`, the project's own modules included: they are imported in
the forked process, so that what runs is what the files contain at that time.

A server loads the libraries of one component, and hands those of the others to a server that it
forks: the next level. A step is forked by the first level that has its libraries, and does not wait
for what deeper levels are loading. A library that ends, hangs or spoils a level leaves the levels
above as they are.

Requests come as JSON lines on standard input, answers go as JSON lines to file descriptor `FD`.
When standard input ends, so do the servers, and with them the standard input of each step. With
`-P`, libraries are not looked for in the folder that the server was started in.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from relay.runtime.fork_messages import (
    Answer,
    Ended,
    Libraries,
    Lines,
    Loading,
    Lost,
    Refused,
    Started,
    Step,
    Unfit,
    claim,
    decode,
    encode,
)
from relay.runtime.forked_step import run_step

_CHUNK = 65536
_MEMORY_SHARE = 0.25
"""The share of the machine's memory up to which libraries are loaded ahead."""

Module = tuple[str, Sequence[str]]


@dataclass(frozen=True)
class _NextLevel:
    """A server that this one has forked: its process, and this end of its requests."""

    pid: int
    requests: BinaryIO

    def send(self, request: Libraries | Step) -> bool:
        """Send a request; return False if the server has ended."""
        try:
            self.requests.write(encode(request))
            self.requests.flush()
        except BrokenPipeError:
            return False
        return True

    def close(self) -> None:
        """Close this end, whatever has not been sent."""
        with contextlib.suppress(BrokenPipeError):
            self.requests.close()


@dataclass
class Server:
    """Answers requests until they end."""

    requests: Lines
    answers: int
    level: int = 0
    waiting: deque[deque[Module]] = field(default_factory=deque)
    """What to load when there is time, by component: the first here, others in deeper levels."""
    failed: set[str] = field(default_factory=set)
    """Modules that did not load, or lack a name that is imported from them."""
    running: dict[int, tuple[str, int]] = field(default_factory=dict)
    """By process id: the step's name, and this end of its standard input."""
    deeper: _NextLevel | None = None
    is_loaded: bool = False
    """Whether the libraries of a component are loaded here."""
    is_fit: bool = True
    """Whether a process can be forked from this one."""
    has_lost: bool = False
    """Whether the next level has ended before its time: what it loaded is not loaded again."""
    wake_pipe: tuple[int, ...] = ()
    """Both ends of the pipe that wakes the server when a process has ended."""

    def serve(self) -> None:
        """Answer requests until they end."""
        self.wake_pipe = wake_read, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        os.set_blocking(wake_read, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only a signal with a handler wakes select
        signal.set_wakeup_fd(wake_write)
        while not self.requests.ended:
            timeout = 0 if self.waiting else None
            select.select([self.requests.descriptor, wake_read], [], [], timeout)
            with contextlib.suppress(BlockingIOError):
                os.read(wake_read, _CHUNK)
            self._reap()
            for line in self.requests.read():
                self._answer(decode(line))
            self._load_ahead()

    def _answer(self, request: Any) -> None:
        if isinstance(request, Step):
            self._start(request)
        elif self.deeper is not None:
            self.deeper.send(request)
        elif not self.has_lost:
            self.waiting.append(deque(request.modules))

    def _load_ahead(self) -> None:
        """Load a module, or begin the next level when this one has what it is to have."""
        if not self.is_loaded and self.waiting:
            if self.waiting[0]:
                self._load(self.waiting[0].popleft())
            if not self.waiting[0]:
                self.waiting.popleft()
                self.is_loaded = True
        else:
            self._begin_next_level()

    def _start(self, step: Step) -> None:
        """Fork a process for `step`, here or in a deeper level, or refuse it."""
        modules = step.libraries.modules
        while self._list_missing(modules) and self.waiting and not self.is_loaded:
            self._load_ahead()
        missing = self._list_missing(modules)
        if missing:
            self._begin_next_level()
        if missing and self.deeper is not None:
            if self.deeper.send(step):
                return
            self._note_loss(self.deeper)
        if missing and self.has_lost:
            self._send(Refused(step.name))
            return
        for module in missing:
            self._load(module)
        self.is_loaded = True
        if self.is_fit:
            self._fork(step)
        else:
            self._send(Refused(step.name))

    def _list_missing(self, modules: Iterable[Module]) -> list[Module]:
        """Return those of `modules` that are neither loaded nor failed to load."""
        return [
            (module, names)
            for module, names in modules
            if module not in self.failed and not _is_loaded(module, names)
        ]

    def _load(self, module: Module) -> None:
        """Import a module, unless that takes too much memory or no process can be forked anyway."""
        name, names = module
        if not self.is_fit or not self._list_missing([module]) or not _has_memory():
            return
        self._send(Loading(name, os.getpid()))
        # An import that fails is reported by the step that needs it.
        with contextlib.suppress(BaseException):
            __import__(name, fromlist=list(names))
        self._send(Loading("", os.getpid()))
        if not _is_loaded(name, names):
            self.failed.add(name)
        if not _can_fork():
            self.is_fit = False
            self._send(Unfit(name))

    def _begin_next_level(self) -> None:
        """Fork a server that loads what waits, if anything does and there is memory for it."""
        while self.waiting and not self._list_missing(self.waiting[0]):
            self.waiting.popleft()
        if not self.waiting or self.deeper is not None:
            return
        if not self.is_fit or not _has_memory():
            self.waiting.clear()
            return
        read_end, write_end = os.pipe()
        gc.freeze()  # a collection would touch, and so copy, the memory that is shared
        pid = os.fork()
        if pid == 0:
            self._close_in_child(write_end)
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            os.close(null)
            next_level = Server(
                Lines(read_end), self.answers, self.level + 1, self.waiting, self.failed
            )
            next_level.serve()
            os._exit(0)
        os.close(read_end)
        self.waiting.clear()
        self.deeper = _NextLevel(pid, os.fdopen(write_end, "wb"))

    def _fork(self, step: Step) -> None:
        """Fork a process that runs `step` and then ends."""
        child_end, parent_end = os.pipe()
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            if not claim(Path(step.claim)):  # the client did not wait, and runs it otherwise
                os._exit(0)
            os.close(self.answers)
            self._close_in_child(parent_end)
            run_step(step, child_end)
        with contextlib.suppress(OSError):  # the process has done it itself, or has ended
            os.setpgid(pid, pid)
        os.close(child_end)
        self.running[pid] = (step.name, parent_end)
        self._send(Started(step.name, pid, self.level))

    def _close_in_child(self, parent_end: int) -> None:
        """Close the ends of pipes that are this server's, in a process that it has forked."""
        signal.set_wakeup_fd(-1)
        others = [descriptor for _, descriptor in self.running.values()]
        if self.deeper is not None:
            others.append(self.deeper.requests.fileno())
        if self.requests.descriptor != 0:  # standard input is replaced
            others.append(self.requests.descriptor)
        for descriptor in (*self.wake_pipe, parent_end, *others):
            os.close(descriptor)

    def _reap(self) -> None:
        # Each by its id: a library may have children too, and waits for them itself.
        for pid, (name, parent_end) in list(self.running.items()):
            ended, status, used = os.wait4(pid, os.WNOHANG)
            if ended:
                del self.running[pid]
                os.close(parent_end)
                code = os.waitstatus_to_exitcode(status)
                self._send(Ended(name, code, used.ru_utime + used.ru_stime))
        if self.deeper is not None and _has_ended(self.deeper.pid):
            self._note_loss(self.deeper)

    def _note_loss(self, deeper: _NextLevel) -> None:
        deeper.close()
        self._send(Lost(self.level + 1, deeper.pid))
        self.deeper, self.has_lost = None, True

    def _send(self, answer: Answer) -> None:
        with contextlib.suppress(BrokenPipeError):  # the client has ended; so will the input
            os.write(self.answers, encode(answer))


def _is_loaded(module: str, names: Sequence[str]) -> bool:
    """Return whether a module and what is imported from it are loaded, without loading anything."""
    loaded = sys.modules.get(module)
    return loaded is not None and all(name in vars(loaded) for name in names)


def _has_ended(pid: int) -> bool:
    """Return whether a child has ended, and forget it then."""
    return os.waitpid(pid, os.WNOHANG)[0] != 0


def _can_fork() -> bool:
    """Return whether this process has one thread of Python's and no connection."""
    if threading.active_count() > 1:
        return False
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the folder's own, closed by now
            if str(descriptor.readlink()).startswith("socket:"):
                return False
    return True


def _has_memory() -> bool:
    """Return whether this process is below its share of the memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages < os.sysconf("SC_PHYS_PAGES") * _MEMORY_SHARE


def main(argv: Sequence[str]) -> int:
    """Serve requests from standard input; answer on the file descriptor in `argv`."""
    gc.disable()  # loading libraries leaves no garbage
    Server(Lines(0), int(argv[0])).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
