"""The connection between a sweep and a process that scores its trials: lines of JSON on a socket.

A trial goes to the process as `Trial`. The process answers with a `Progress` after each fold, waits
for the `Verdict` on it, and ends the trial with an `Outcome`.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

ADDRESS = "RELAY_TRIALS"
"""The variable with the path of the sweep's socket; it makes a component score trials."""

OutcomeStatus = Literal["complete", "stopped", "failed"]


@dataclass(frozen=True)
class Ready:
    """From a process: it has read its inputs, and takes trials. `worker` is its name."""

    worker: str


@dataclass(frozen=True)
class Trial:
    """To a process: score these parameters, as text."""

    number: int
    params: Mapping[str, str]


@dataclass(frozen=True)
class Progress:
    """From a process: the metrics of a trial after its fold number `fold`, from 1."""

    number: int
    fold: int
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Verdict:
    """To a process: whether the trial goes on to its next fold."""

    goes_on: bool


@dataclass(frozen=True)
class Outcome:
    """From a process: the end of a trial, and its error if it failed."""

    number: int
    status: OutcomeStatus
    error: str = ""


Message = Ready | Trial | Progress | Verdict | Outcome
_TYPES: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Ready, Trial, Progress, Verdict, Outcome)
}


class Link:
    """One end of the connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._rest = b""

    @classmethod
    def to(cls, address: Path) -> Link:
        """Connect to the sweep that listens at the path `address`."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(address))
        return cls(connection)

    def fileno(self) -> int:
        """Return the file descriptor, to wait for messages."""
        return self._socket.fileno()

    def send(self, message: Message) -> None:
        """Send `message`. Raises OSError if the other end is closed."""
        self._socket.sendall(json.dumps([type(message).__name__, asdict(message)]).encode() + b"\n")

    def receive(self) -> Any:
        """Wait for a message and return it; None at the end of the connection."""
        while b"\n" not in self._rest:
            try:
                chunk = self._socket.recv(65536)
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                return None
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        kind, values = json.loads(line)
        return _TYPES[kind](**values)

    def has_more(self) -> bool:
        """Return whether a message has arrived already, besides those received."""
        return b"\n" in self._rest

    def close(self) -> None:
        """Close this end."""
        self._socket.close()
