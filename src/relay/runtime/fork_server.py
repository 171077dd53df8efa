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
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NoReturn

_CHUNK = 65536
_MEMORY_SHARE = 0.25
"""The share of the machine's memory up to which libraries are loaded ahead."""


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
    claim: str
    """A file that whoever runs the step has to create: the client does if it cannot wait."""
    loaded: str
    """The file for the names of the modules that the process has loaded besides, as JSON."""


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


@dataclass(frozen=True)
class Refused:
    """The answer to a `Step` that is not forked, because of a library that was loaded."""

    name: str


@dataclass(frozen=True)
class Loading:
    """An answer without a request: `module` is being loaded; empty: the last one is loaded."""

    module: str


@dataclass(frozen=True)
class Unfit:
    """An answer without a request: `module` began a thread or a connection.

    A forked process would not have the thread, and would share the connection.
    """

    module: str


Answer = Started | Ended | Refused | Loading | Unfit
_TYPES: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Libraries, Step, Started, Ended, Refused, Loading, Unfit)
}


def claim(file: Path) -> bool:
    """Create `file`; return False if it exists: somebody else runs the step."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return False
    return True


def encode(message: Libraries | Step | Answer) -> bytes:
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
    is_fit: bool = True
    """Whether a process can be forked from this one."""
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
                self._load(*self.waiting.popleft())

    def _answer(self, request: Any) -> None:
        if isinstance(request, Libraries):
            self.waiting.extend(request.modules)
        elif isinstance(request, Step):
            for module in request.libraries.modules:
                self._load(*module)
            if self.is_fit:
                self._fork(request)
            else:
                self._send(Refused(request.name))

    def _load(self, module: str, names: Sequence[str]) -> None:
        """Import a module, unless that takes too much memory or no process can be forked anyway."""
        if not self.is_fit or (module in sys.modules and not names) or not _has_memory():
            return
        self._send(Loading(module))
        # An import that fails is reported by the step that needs it.
        with contextlib.suppress(BaseException):
            __import__(module, fromlist=list(names))
        self._send(Loading(""))
        if not _can_fork():
            self.is_fit = False
            self._send(Unfit(module))

    def _fork(self, step: Step) -> None:
        """Fork a process that runs `step` and then ends."""
        child_end, parent_end = os.pipe()
        gc.freeze()  # a collection would touch, and so copy, the memory that is shared
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            if not claim(Path(step.claim)):  # the client did not wait, and runs it otherwise
                os._exit(0)
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

    def _send(self, answer: Answer) -> None:
        with contextlib.suppress(BrokenPipeError):  # the client has ended; so will the input
            os.write(self.answers, encode(answer))


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
    before = set(sys.modules)
    try:
        runpy.run_path(step.script, run_name="__main__")
    finally:
        with contextlib.suppress(OSError):
            Path(step.loaded).write_text(json.dumps(list(_list_loaded(before))))
    sys.exit(0)


def _list_loaded(before: Set[str]) -> Iterator[str]:
    """Yield the modules of libraries that were loaded since, in their order.

    Private ones are left out: the others load them.
    """
    for name, module in list(sys.modules.items()):
        is_library = "-packages" in str(getattr(module, "__file__", ""))  # site- or dist-packages
        if is_library and name not in before and "._" not in f".{name}":
            yield name


def main(argv: Sequence[str]) -> int:
    """Serve requests from standard input; answer on the file descriptor in `argv`."""
    gc.disable()  # loading libraries leaves no garbage
    Server(Lines(0), int(argv[0])).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
