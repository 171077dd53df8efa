"""Fork servers from the process of `tests.preloaded`, in place of new ones."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

STAY, REQUEST = b"s", b"r"
"""What a connection asks for by its first byte."""
_SERVER = re.compile(r"exec python -P -m relay\.runtime\.fork_server \d+")
"""The command for a server in the present Python."""


def ask_to_stay(address: Path) -> socket.socket | None:
    """Return a connection that keeps the process at `address`, or None if there is none."""
    connection = socket.socket(socket.AF_UNIX)
    with contextlib.suppress(OSError):
        connection.connect(str(address))
        connection.sendall(STAY)
        if connection.recv(1) == STAY:
            return connection
    connection.close()
    return None


class _PreloadedServer:
    """In place of the `Popen` of a server: one that has its libraries already."""

    def __init__(
        self, address: Path, environ: Mapping[str, str], output: IO[bytes], answers: int
    ) -> None:
        read_end, write_end = os.pipe()
        self.stdin = os.fdopen(write_end, "wb")
        request = {"environ": dict(environ), "folder": str(Path.cwd())}
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(address))
            socket.send_fds(connection, [REQUEST], [read_end, output.fileno(), answers])
            connection.sendall(json.dumps(request).encode())
            connection.shutdown(socket.SHUT_WR)
            self.pid = int(connection.recv(20))
        os.close(read_end)

    def wait(self) -> None:
        """Wait until it has ended; as it is not a child, its exit status is not known."""
        while Path(f"/proc/{self.pid}").exists():
            time.sleep(0.002)


@contextlib.contextmanager
def fork_servers(address: Path) -> Iterator[None]:
    """Have the servers that this process starts forked by the process at `address`."""

    class Popen(subprocess.Popen):  # type: ignore[type-arg]
        def __new__(cls, *arguments: Any, **options: Any) -> Any:
            command = arguments[0] if arguments else options["args"]
            if not _SERVER.fullmatch(str(command[-1])):
                return super().__new__(cls)
            return _PreloadedServer(
                address, options["env"], options["stdout"], *options["pass_fds"]
            )

    original, subprocess.Popen = subprocess.Popen, Popen  # type: ignore[misc]
    try:
        yield
    finally:
        subprocess.Popen = original  # type: ignore[misc]
