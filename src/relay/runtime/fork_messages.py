"""What the fork servers and their client send each other: lines of JSON."""

from __future__ import annotations

import json
import os
import select
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_CHUNK = 65536


@dataclass(frozen=True)
class Libraries:
    """A request to load the libraries of one component while there is nothing else to do."""

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
    level: int
    """That of the server that forked it."""


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
    """An answer without a request: the server `pid` loads `module`; empty: it is loaded."""

    module: str
    pid: int


@dataclass(frozen=True)
class Unfit:
    """An answer without a request: `module` began a thread or a connection.

    A forked process would not have the thread, and would share the connection.
    """

    module: str


@dataclass(frozen=True)
class Lost:
    """An answer without a request: the server of `level` has ended, and deeper ones with it."""

    level: int
    pid: int
    """Its process id."""


Answer = Started | Ended | Refused | Loading | Unfit | Lost
_TYPES: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Libraries, Step, Started, Ended, Refused, Loading, Unfit, Lost)
}


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


def claim(file: Path) -> bool:
    """Create `file`; return False if it exists: somebody else runs the step."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return False
    return True
