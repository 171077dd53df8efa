"""The processes that score the trials of a sweep: each takes one trial after another."""

from __future__ import annotations

import contextlib
import selectors
import shutil
import socket
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from relay.runtime.processes import Process
from relay.step.trial_link import ADDRESS, Link, Outcome, Progress, Ready, Trial, Verdict

_LONGEST_ADDRESS = 100
"""The most characters in the path of a socket, with some to spare."""

Start = Callable[[str, Mapping[str, str]], Process]
"""Starts a process by name, with more variables for its environment."""

Event = Progress | Outcome


@dataclass
class Worker:
    """One process, and the trial that it scores."""

    name: str
    process: Process
    link: Link | None = None
    """None while it reads its inputs."""
    trial: int | None = None

    @property
    def is_idle(self) -> bool:
        """Return whether it can take a trial."""
        return self.link is not None and self.trial is None


@dataclass
class Lost:
    """A process that has ended by itself, with its exit status, and the trial that it scored."""

    worker: Worker
    code: int
    trial: int | None


def new_socket_folder() -> Path:
    """Make a folder for the socket of a sweep, whose path is short enough for one; return it."""
    folder = Path(tempfile.mkdtemp(prefix="relay-sweep-"))
    if len(str(folder)) <= _LONGEST_ADDRESS:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="relay-sweep-", dir="/tmp"))


@dataclass
class Workers:
    """The processes of a sweep, each started by `start` under a name of its own.

    `folder` is for the socket to which they connect, and is removed in the end.
    """

    start: Start
    folder: Path
    _running: dict[str, Worker] = field(default_factory=dict)
    _started: int = 0

    def __post_init__(self) -> None:
        self._address = self.folder / "s"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._address))
        self._listener.listen()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, None)

    @property
    def all(self) -> list[Worker]:
        """Return the processes that run."""
        return list(self._running.values())

    def add(self) -> None:
        """Start another process. Raises RelayError if that is not possible."""
        self._started += 1
        name = f"trials-{self._started}"
        process = self.start(name, {ADDRESS: str(self._address)})
        self._running[name] = Worker(name, process)

    def score(self, worker: Worker, number: int, params: Mapping[str, str]) -> None:
        """Have an idle `worker` score trial `number`."""
        worker.trial = number
        self._send(worker, Trial(number, params))

    def answer(self, worker: Worker, goes_on: bool) -> None:
        """Let the trial of `worker` go on to its next fold, or not."""
        self._send(worker, Verdict(goes_on))

    def wait(self, seconds: float) -> list[tuple[Worker, Event]]:
        """Wait for answers, at most for some `seconds`, and return them."""
        events: list[tuple[Worker, Event]] = []
        for key, _ in self._selector.select(seconds):
            if key.data is None:
                self._greet()
                continue
            worker: Worker = key.data
            link = worker.link
            while link is not None:
                message = link.receive()
                if message is None:  # its end is found by `lost`
                    self._selector.unregister(link)
                    link.close()
                    break
                if isinstance(message, Outcome):
                    worker.trial = None
                events.append((worker, message))
                if not link.has_more():
                    break
        return events

    def lost(self) -> list[Lost]:
        """Return the processes that have ended by themselves, which are forgotten then."""
        lost = []
        for worker in self.all:
            code = worker.process.poll()
            if code is not None:
                self._forget(worker)
                del self._running[worker.name]
                lost.append(Lost(worker, code, worker.trial))
        return lost

    def close(self) -> None:
        """End all processes: each when its trial is at its next fold, or after some seconds."""
        for worker in self.all:
            self._forget(worker)
            worker.process.ask_to_stop()
        for worker in self.all:
            worker.process.stop()
        self._running.clear()
        self._selector.close()
        self._listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _greet(self) -> None:
        """Take the connection of a process that has read its inputs."""
        connection, _ = self._listener.accept()
        link = Link(connection)
        ready = link.receive()
        worker = self._running.get(ready.worker) if isinstance(ready, Ready) else None
        if worker is None:
            link.close()
            return
        worker.link = link
        self._selector.register(link, selectors.EVENT_READ, worker)

    def _send(self, worker: Worker, message: Trial | Verdict) -> None:
        if worker.link is not None:
            with contextlib.suppress(OSError):  # it has ended, which `lost` finds
                worker.link.send(message)

    def _forget(self, worker: Worker) -> None:
        if worker.link is not None:
            with contextlib.suppress(KeyError, ValueError):  # its end was seen before
                self._selector.unregister(worker.link)
            worker.link.close()
            worker.link = None
