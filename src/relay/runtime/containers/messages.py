"""What the agent in a container and its client send each other, besides a fork server's messages.

Process ids are those of the container: on the host, they may be a stranger's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from relay.runtime.fork_messages import Answer, Libraries, Step
from relay.runtime.fork_messages import decode as decode_fork_message
from relay.runtime.fork_messages import encode as encode_fork_message

SERVER = 0
"""In a `Signal`: the process group of the fork server."""


@dataclass(frozen=True)
class Variables:
    """The first request: environment variables, which no command line and no image has."""

    values: Mapping[str, str]


@dataclass(frozen=True)
class Spawn:
    """A request for a process that runs a command; `Started` and `Ended` have its `name`."""

    name: str
    command: Sequence[str]
    folder: str
    environ: Mapping[str, str]
    log: str


@dataclass(frozen=True)
class Signal:
    """A request to signal a process group."""

    group: int
    number: int


@dataclass(frozen=True)
class Processes:
    """An answer without a request: all processes of the container."""

    rows: Sequence[Sequence[int]]
    """The fields of `Row`."""
    server: int
    """The process group of the fork server; 0 if there is none."""
    out_of_memory: int
    """How many processes were killed since the start, as the container's memory was used up."""


@dataclass(frozen=True)
class ServerEnded:
    """An answer without a request: the fork server has ended."""


@dataclass(frozen=True)
class Row:
    """A process in `Processes`."""

    pid: int
    parent: int
    group: int
    ticks: int
    """Of CPU time, in hundredths of a second, without its children's."""
    child_ticks: int
    """Of children that have ended."""
    rss: int
    """Bytes."""


_TYPES: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Variables, Spawn, Signal, Processes, ServerEnded)
}


def encode(
    message: Variables | Spawn | Signal | Processes | ServerEnded | Libraries | Step | Answer,
) -> bytes:
    """Return `message` as a line of JSON."""
    name = type(message).__name__
    if name in _TYPES:
        return json.dumps([name, asdict(message)]).encode() + b"\n"
    return encode_fork_message(message)  # type: ignore[arg-type]


def decode(line: bytes) -> Any:
    """Return the message in a line made by `encode`."""
    kind, values = json.loads(line)
    return _TYPES[kind](**values) if kind in _TYPES else decode_fork_message(line)
