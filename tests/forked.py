"""Runs a script in a fork of a process that has loaded libraries, as `tests.forks` asks.

    forked.py REQUEST SCRIPT [ARGUMENT ...]

REQUEST is a JSON file: `environ`, all variables, `reloaded`, the packages to load again, and
`servers`, the address of `tests.preloaded` or null.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import runpy
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

_SERVER = re.compile(r"exec python -P -m relay\.runtime\.fork_server \d+")
"""The command for a server in the present Python."""


class _PreloadedServer:
    """In place of the `Popen` of a server: one that has its libraries already."""

    def __init__(
        self, address: str, environ: Mapping[str, str], output: IO[bytes], answers: int
    ) -> None:
        read_end, write_end = os.pipe()
        self.stdin = os.fdopen(write_end, "wb")
        request = {"environ": dict(environ), "folder": str(Path.cwd())}
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(address)
            socket.send_fds(connection, [b" "], [read_end, output.fileno(), answers])
            connection.sendall(json.dumps(request).encode())
            connection.shutdown(socket.SHUT_WR)
            self.pid = int(connection.recv(20))
        os.close(read_end)

    def wait(self) -> None:
        """Wait until it has ended; as it is not a child, its exit status is not known."""
        while Path(f"/proc/{self.pid}").exists():
            time.sleep(0.002)


def _fork_servers(address: str) -> None:
    """Have the servers that this process starts forked by the process at `address`."""

    class Popen(subprocess.Popen):  # type: ignore[type-arg]
        def __new__(cls, *arguments: Any, **options: Any) -> Any:
            command = arguments[0] if arguments else options["args"]
            if not _SERVER.fullmatch(str(command[-1])):
                return super().__new__(cls)
            return _PreloadedServer(
                address, options["env"], options["stdout"], *options["pass_fds"]
            )

    subprocess.Popen = Popen  # type: ignore[misc]


_path, *sys.argv = sys.argv[1:]
_request = json.loads(Path(_path).read_text(encoding="utf-8"))
for _name in [name for name in sys.modules if name.partition(".")[0] in _request["reloaded"]]:
    del sys.modules[_name]
_source = os.environ["PYTHONPATH"].split(os.pathsep)
sys.path[:] = [folder for folder in sys.path if folder not in _source]
os.environ.clear()
os.environ.update(_request["environ"])
sys.path[1:1] = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]
if _request["servers"]:
    _fork_servers(_request["servers"])
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as _end:
    if not isinstance(_end.code, int):
        raise
    # As Python ends, but for taking apart all that is loaded: that is a quarter of a second each.
    for _thread in threading.enumerate():
        if _thread is not threading.main_thread() and not _thread.daemon:
            _thread.join()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(_end.code)
