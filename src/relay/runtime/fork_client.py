"""The client of `runtime.fork_server`: a server in an environment, and the processes it forks."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, cast

import psutil

from relay.runtime.fork_server import Libraries, Lines, Started, Step, decode, encode
from relay.runtime.processes import End, Process

_LOST = (
    "the process that this step was forked from has ended, and the step with it. See {log}, then "
    "run again: the steps that succeeded are cached."
)


class ForkServer:
    """A server in the environment that the shell commands `activate` switch to.

    Its output, such as the reason if it does not start, is in `log`. Raises OSError if no process
    can be started.
    """

    def __init__(self, activate: Sequence[str], environ: Mapping[str, str], log: Path) -> None:
        self._log = log
        self._forked: dict[str, ForkedProcess] = {}
        log.parent.mkdir(parents=True, exist_ok=True)
        read_end, write_end = os.pipe()
        command = [*activate, f"exec python -P -m relay.runtime.fork_server {write_end}"]
        self._answers = Lines(read_end)
        try:
            with log.open("ab") as output:
                self._popen = subprocess.Popen(
                    ["bash", "-c", " && ".join(command)],
                    env=dict(environ),
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=[write_end],
                    start_new_session=True,
                )
        except OSError:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)

    def load(self, libraries: Libraries) -> None:
        """Ask the server to load `libraries` while it has nothing else to do."""
        self._send(libraries)

    def fork(self, step: Step) -> ForkedProcess:
        """Return the process of `step`, which begins once the step's libraries are loaded."""
        process = self._forked[step.name] = ForkedProcess(self, Path(step.log))
        self._send(step)
        return process

    def read_answers(self) -> None:
        """Read what the server has reported since: processes that have started or ended."""
        for line in self._answers.read():
            answer = decode(line)
            process = self._forked[answer.name]
            if isinstance(answer, Started):
                process.note_start(answer.pid)
            else:
                process.note_end(End(answer.exit_code, answer.cpu_seconds))
        if self._answers.ended:
            for process in self._forked.values():
                process.note_loss(self._log)

    def kill(self) -> None:
        """Kill the server, whatever it is doing."""
        self._popen.kill()

    def close(self) -> float:
        """End the server and return the CPU seconds that it used to load libraries."""
        seconds = 0.0
        with contextlib.suppress(psutil.Error):
            used = psutil.Process(self._popen.pid).cpu_times()
            seconds = used.user + used.system
        self.kill()
        self._popen.wait()
        with contextlib.suppress(BrokenPipeError):  # it may not have read every request
            cast(BinaryIO, self._popen.stdin).close()
        os.close(self._answers.descriptor)
        return seconds

    def _send(self, request: Libraries | Step) -> None:
        stdin = cast(BinaryIO, self._popen.stdin)
        with contextlib.suppress(BrokenPipeError):  # it has ended, which `read_answers` notes
            stdin.write(encode(request))
            stdin.flush()


class ForkedProcess(Process):
    """A process that a server forks."""

    def __init__(self, server: ForkServer, log: Path) -> None:
        super().__init__(log)
        self._server = server
        self._pid: int | None = None
        self._end: End | None = None

    @property
    def pid(self) -> int | None:
        return self._pid

    def note_start(self, pid: int) -> None:
        """Record that the server has forked the process."""
        self._pid = pid

    def note_end(self, end: End) -> None:
        """Record how the process ended."""
        self._end = end

    def note_loss(self, server_log: Path) -> None:
        """Record that the server has ended, and with it the process's standard input."""
        if self._end is None:
            self._end = End(1, 0.0)
            with self.log.open("a", encoding="utf-8") as log:
                print(f"Error: {_LOST.format(log=server_log)}", file=log)

    def _find_end(self) -> End | None:
        if self._end is None:
            self._server.read_answers()
        return self._end

    def _abandon(self) -> None:
        # The server may hang in a library: it forks nothing more.
        self._server.kill()
