"""Faults that a test asks for: what the network and a server in trouble do to a client."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

FaultKind = Literal["status", "drop", "delay", "lost_answer"]
PathKind = Literal["graphql", "file_stream", "upload", "download", "other"]


@dataclass
class Request:
    """A request that arrived; `status` is the answer's, 0 if there was none."""

    time: float
    method: str
    path: str
    kind: PathKind
    operation: str = ""
    body: bytes = b""
    status: int = 0
    seconds: float = 0.0


Match = Callable[[Request], bool]


def operation(name: str) -> Match:
    """Match a GraphQL operation by its name: `CreateArtifact`."""
    return lambda request: request.operation == name


def kind(name: PathKind) -> Match:
    """Match requests by what they are for: `file_stream`, `upload`."""
    return lambda request: request.kind == name


def anything(request: Request) -> bool:
    """Match every request."""
    return True


@dataclass
class Fault:
    """What happens to the next `times` requests that match (all of them if None).

    `status` answers with that status, `drop` closes the connection with nothing done, `delay`
    waits before the work, `lost_answer` does the work and closes the connection.
    """

    match: Match = anything
    kind: FaultKind = "status"
    status: int = 500
    message: str = "a fault was asked for"
    seconds: float = 1.0
    times: int | None = None
    hits: int = 0


@dataclass
class Faults:
    """The faults of a server. A request meets the first that matches."""

    _faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> Fault:
        """Add a fault; its `hits` counts what it met."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """End all faults."""
        with self._lock:
            self._faults.clear()

    def meet(self, request: Request) -> Fault | None:
        """Return the fault of this request, after its delay if it has one."""
        with self._lock:
            fault = next((f for f in self._faults if _is_live(f) and f.match(request)), None)
            if fault is None:
                return None
            fault.hits += 1
        if fault.kind == "delay":
            time.sleep(fault.seconds)
        return fault


def _is_live(fault: Fault) -> bool:
    return fault.times is None or fault.hits < fault.times
