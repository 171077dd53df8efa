"""Loads the libraries of steps once, and forks a process for each step.

    python -P -m relay.runtime.fork_server FD        in an environment of components

Most of the time of a small step goes to loading libraries; a forked process has them from the
start. All else is as in `python run.py`, the project's own modules included: they are imported in
the forked process, so that what runs is what the files contain at that time.

Requests come as JSON lines on standard input, answers go as JSON lines to file descriptor `FD`.
When standard input ends, so does the server, and with it the standard input of each step. With
`-P`, libraries are not looked for in the folder that the server was started in.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import runpy
import select
import signal
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NoReturn

_CHUNK = 65536


@dataclass(frozen=True)
class Libraries:
    """A request to load libraries while there is nothing else to do."""

    modules: Sequence[tuple[str, Sequence[str]]]
    """`("a.b", ["c", "d"])` is `from a.b import c, d`; no names: `import a.b`."""


@dataclass(frozen=True)
class Step:
    """A request for a process that runs a script, once `libraries` are loaded."""

    name: str
    folder: str
    script: str
    """Its full path, as processes that it spawns have it."""
    arguments: Sequence[str]
    environ: Mapping[str, str]
    """Variables of its environment besides the server's."""
    log: str
    libraries: Libraries


@dataclass(frozen=True)
class Started:
    """The answer to a `Step`: its process exists, and leads a process group of its own."""

    name: str
    pid: int


@dataclass(frozen=True)
class Ended:
    """The answer when a process has ended, with the values of `wait4`."""

    name: str
    exit_code: int
    """Negative if a signal ended it."""
    cpu_seconds: float


_TYPES: dict[str, type[Any]] = {kind.__name__: kind for kind in (Libraries, Step, Started, Ended)}


def encode(message: Libraries | Step | Started | Ended) -> bytes:
    """Return `message` as a line of JSON."""
    return json.dumps([type(message).__name__, asdict(message)]).encode() + b"\n"


def decode(line: bytes) -> Any:
    """Return the message in a line made by `encode`."""
    kind, values = json.loads(line)
    if kind == "Step":
        values["libraries"] = Libraries(**values["libraries"])
    return _TYPES[kind](**values)


class Lines:
    """Whole lines from a file descriptor, without waiting for more."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.ended = False
        self._rest = b""

    def read(self) -> list[bytes]:
        """Return the lines that have arrived, if any; set `ended` at the end of the input."""
        while not self.ended and select.select([self.descriptor], [], [], 0)[0]:
            chunk = os.read(self.descriptor, _CHUNK)
            self.ended = not chunk
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            if lines:
                return lines
        return []


@dataclass
class Server:
    """Answers requests until its standard input ends."""

    requests: Lines
    answers: int
    waiting: deque[tuple[str, Sequence[str]]] = field(default_factory=deque)
    """Modules to load when there is time."""
    running: dict[int, tuple[str, int]] = field(default_factory=dict)
    """By process id: the step's name, and this end of its standard input."""
    wake_pipe: tuple[int, ...] = ()
    """Both ends of the pipe that wakes the server when a process has ended."""

    def serve(self) -> None:
        """Answer requests until standard input ends.

        Raises SystemExit in each forked process, when its step is done.
        """
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
            if self.waiting:
                _load(*self.waiting.popleft())

    def _answer(self, request: Any) -> None:
        if isinstance(request, Libraries):
            self.waiting.extend(request.modules)
        elif isinstance(request, Step):
            for module in request.libraries.modules:
                _load(*module)
            self._fork(request)

    def _fork(self, step: Step) -> None:
        """Fork a process that runs `step` and then ends."""
        child_end, parent_end = os.pipe()
        gc.freeze()  # a collection would touch, and so copy, the memory that is shared
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            others = (descriptor for _, descriptor in self.running.values())
            for descriptor in (*self.wake_pipe, self.answers, parent_end, *others):
                os.close(descriptor)
            _run_step(step, child_end)  # does not return
        with contextlib.suppress(OSError):  # the process has done it itself, or has ended
            os.setpgid(pid, pid)
        os.close(child_end)
        self.running[pid] = (step.name, parent_end)
        self._send(Started(step.name, pid))

    def _reap(self) -> None:
        for pid, (name, parent_end) in list(self.running.items()):
            # Each by its id: a library may have children too, and waits for them itself.
            ended, status, used = os.wait4(pid, os.WNOHANG)
            if ended:
                del self.running[pid]
                os.close(parent_end)
                code = os.waitstatus_to_exitcode(status)
                self._send(Ended(name, code, used.ru_utime + used.ru_stime))

    def _send(self, answer: Started | Ended) -> None:
        with contextlib.suppress(BrokenPipeError):  # the client has ended; so will the input
            os.write(self.answers, encode(answer))


def _load(module: str, names: Sequence[str]) -> None:
    # An import that fails is reported by the step that needs it.
    with contextlib.suppress(Exception):
        __import__(module, fromlist=list(names))


def _run_step(step: Step, stdin: int) -> NoReturn:
    """Run `step` as `python run.py` would in its folder. Raises SystemExit when it is done."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setpgid(0, 0)
    output = os.open(step.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(stdin, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(stdin)
    os.close(output)
    gc.enable()
    if "numpy" in sys.modules:  # or each process would draw the same numbers
        sys.modules["numpy"].random.seed()
    os.chdir(step.folder)
    os.environ.update(step.environ)
    sys.path.insert(0, step.folder)
    sys.argv = [step.script, *step.arguments]
    runpy.run_path(step.script, run_name="__main__")
    sys.exit(0)


def main(argv: Sequence[str]) -> int:
    """Serve requests from standard input; answer on the file descriptor in `argv`."""
    gc.disable()  # loading libraries leaves no garbage
    Server(Lines(0), int(argv[0])).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
