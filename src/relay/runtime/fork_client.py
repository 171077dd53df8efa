"""The client of `runtime.fork_server`: a server in an environment, and what it forks."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, cast

import psutil

from relay.runtime.fork_server import Libraries, Lines, Started, Step, decode, encode
from relay.runtime.processes import End


class ForkServer:
    """A server in the environment that the shell commands `activate` switch to.

    What it has to say, such as why it does not start, is in `log`. OSError where there is no
    process for it.
    """

    def __init__(self, activate: Sequence[str], environ: Mapping[str, str], log: Path) -> None:
        self._log = log
        self._children: dict[str, Forked] = {}
        log.parent.mkdir(parents=True, exist_ok=True)
        answers, theirs = os.pipe()
        command = [*activate, f"exec python -P -m relay.runtime.fork_server {theirs}"]
        self._answers = Lines(answers)
        try:
            with log.open("ab") as output:
                self._popen = subprocess.Popen(
                    ["bash", "-c", " && ".join(command)],
                    env=dict(environ),
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=[theirs],
                    start_new_session=True,
                )
        except OSError:
            os.close(answers)
            raise
        finally:
            os.close(theirs)

    def load(self, libraries: Libraries) -> None:
        """Have `libraries` loaded while there is nothing else to do."""
        self._send(libraries)

    def fork(self, step: Step) -> Forked:
        """Have a process forked that runs `step`; it is there when its libraries are loaded."""
        child = self._children[step.name] = Forked(self, Path(step.log))
        self._send(step)
        return child

    def listen(self) -> None:
        """Learn what has become of the processes."""
        for line in self._answers.read():
            answer = decode(line)
            child = self._children[answer.name]
            if isinstance(answer, Started):
                child.pid = answer.pid
            else:
                child.end = End(answer.exit_code, answer.cpu_seconds)
        if self._answers.ended:
            for child in self._children.values():
                child.lose(self._log)

    def kill(self) -> None:
        """End it at once, whatever it is at."""
        self._popen.kill()

    def close(self) -> float:
        """End it, and return the CPU seconds that loading took it."""
        seconds = 0.0
        with contextlib.suppress(psutil.Error):
            used = psutil.Process(self._popen.pid).cpu_times()
            seconds = used.user + used.system
        self.kill()
        self._popen.wait()
        with contextlib.suppress(BrokenPipeError):  # there may be what it never read
            cast(BinaryIO, self._popen.stdin).close()
        os.close(self._answers.descriptor)
        return seconds

    def _send(self, request: Libraries | Step) -> None:
        stdin = cast(BinaryIO, self._popen.stdin)
        with contextlib.suppress(BrokenPipeError):  # it has ended: `listen` will know
            stdin.write(encode(request))
            stdin.flush()


class Forked:
    """A process that a server has forked, or will, as a child of ours."""

    def __init__(self, server: ForkServer, log: Path) -> None:
        self._server = server
        self._log = log
        self.pid: int | None = None
        self.end: End | None = None

    def poll(self) -> End | None:
        if self.end is None:
            self._server.listen()
        return self.end

    def give_up(self) -> None:
        """Its server hangs in a library, it may be: no process will come of that."""
        self._server.kill()

    def lose(self, server_log: Path) -> None:
        """Its server has ended, and with it its standard input and the news of it."""
        if self.end is None:
            self.end = End(1, 0.0)
            with self._log.open("a", encoding="utf-8") as log:
                print(f"The process that it was forked from has ended; see {server_log}.", file=log)
