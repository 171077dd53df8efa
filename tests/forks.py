"""Python scripts run in forks of a process that has their libraries loaded.

Most of what a command costs here is loading libraries. Relay itself forks the processes of steps
(`relay.runtime.fork_server`); a script in a fork has arguments, variables, folder, output and exit
status of its own.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from filelock import FileLock

from relay.runtime.fork_client import ForkServer
from relay.runtime.fork_connection import LocalConnection
from relay.runtime.fork_messages import Libraries, Step
from relay.runtime.libraries import Library, guess_libraries, list_late_libraries, list_libraries
from relay.util.project import Project
from tests.loading import COMPONENTS, ROOT
from tests.preloading import ask_to_stay, fork_servers
from tests.workers import shared_folder
from tools.shipped import COMPONENTS as COMPONENTS_OF_RELAY

BIN = Path(sys.executable).parent
FORKED = Path(__file__).with_name("forked.py")
RELOADED = ("relay", "trackio")
"""Packages that read variables as they are loaded, or are of the checkout."""


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    status: int
    output: str
    cpu_seconds: float = 0.0


class Forks:
    """Runs scripts with the libraries `loaded` and the code in `source`.

    Packages named in `reloaded` are loaded by each script itself. Files of its own are in `folder`.
    If there is a process of `tests.preloaded` at `servers`, it forks the server that is behind
    this, and those of scripts.
    """

    def __init__(
        self,
        folder: Path,
        environ: Mapping[str, str],
        loaded: Sequence[Library],
        source: Path,
        reloaded: Sequence[str] = (),
        servers: Path | None = None,
    ) -> None:
        self._folder = folder
        self._values = {"reloaded": list(reloaded), "servers": servers and str(servers)}
        self._numbers = itertools.count()
        path = f"{BIN}{os.pathsep}{environ['PATH']}"
        variables = {**environ, "PATH": path, "PYTHONPATH": f"{source}{os.pathsep}{ROOT}"}
        log = folder / "libraries.log"
        with fork_servers(servers) if servers else contextlib.nullcontext():
            self._server = ForkServer(LocalConnection([], variables, log))
        # Each script asks for all of it, or it would be forked before it is loaded.
        self._libraries = Libraries([*loaded, *list_late_libraries(loaded)])
        self._server.load(self._libraries)

    def run(
        self,
        script: Path,
        arguments: Sequence[str],
        environ: Mapping[str, str],
        cwd: Path,
        seconds: float = 300,
    ) -> Done:
        """Run `script` in `cwd` to its end, which is to come in `seconds`.

        Its variables are `environ` and no others.
        """
        name = str(next(self._numbers))
        log, request = self._folder / f"{name}.log", self._folder / f"{name}.json"
        values = {**self._values, "environ": dict(environ)}
        request.write_text(json.dumps(values), encoding="utf-8")
        words = [str(request), str(script), *arguments]
        begun, loaded = self._folder / f"{name}.begun", self._folder / f"{name}.loaded"
        files = {"log": str(log), "claim": str(begun), "loaded": str(loaded)}
        step = Step(name, str(cwd), str(FORKED), words, {}, libraries=self._libraries, **files)
        child = self._server.fork(step, _refuse)
        deadline = time.monotonic() + seconds
        while (status := child.poll()) is None:
            if time.monotonic() > deadline:
                self._server.kill()
                raise TimeoutError(f"{script} has not ended:\n{log.read_text(errors='replace')}")
            time.sleep(0.005)
        output = log.read_text(encoding="utf-8", errors="replace")
        for path in (log, request, begun, loaded):
            path.unlink(missing_ok=True)
        return Done(status, output, child.usage.cpu_seconds)

    def close(self) -> None:
        """End the process that forks."""
        self._server.close()


@functools.cache
def share_preloaded() -> Path:
    """Return the address of the process of `tests.preloaded`, which stays while this one does.

    It is shared by the processes that run tests side by side.
    """
    address = shared_folder() / "preloaded"
    with FileLock(f"{address}.lock"):
        connection = ask_to_stay(address)
        if connection is None:
            _start_preloaded(address)
            connection = ask_to_stay(address)
    assert connection is not None, "the process with the libraries has ended"
    atexit.register(connection.close)
    return address


def _start_preloaded(address: Path) -> None:
    """Start the process of `tests.preloaded`, and wait until it has what most steps load."""
    scripts = [COMPONENTS / name / "run.py" for name in COMPONENTS_OF_RELAY]
    backend = ROOT / "src" / "relay" / "tracking" / "local" / "run.py"
    libraries = list_libraries([*scripts, backend], ROOT)
    for script in scripts:
        libraries += guess_libraries(script, ROOT)
    loaded = [*libraries, *list_late_libraries(libraries)]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.preloaded", str(address), *RELOADED],
        cwd=ROOT,
        env={**os.environ, **Project(address.parent).variables({})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None and process.stdout is not None
    with process.stdin as requests, process.stdout as replies:
        requests.write(json.dumps(loaded).encode() + b"\n")
        requests.flush()
        assert replies.readline() == b"ready\n"


def _refuse() -> NoReturn:
    raise RuntimeError("the process that forks has ended, or a library is not fit for it")
