"""Connections to a fork server: requests to it, and its answers."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from relay.runtime.fork_messages import Libraries, Lines, Step, decode, encode
from relay.runtime.process_table import LocalProcesses, ProcessTable


class Connection(Protocol):
    """A connection to a fork server: on this machine, or in a container."""

    @property
    def table(self) -> ProcessTable:
        """Return the table that has the server's process, and those that it forks."""

    @property
    def group(self) -> int:
        """Return the process group of the servers."""

    @property
    def has_ended(self) -> bool:
        """Return whether the server has ended, and `read` has returned all of its answers."""

    def explain_loss(self) -> str:
        """Return the error of a step whose server has ended before it."""

    def send(self, request: Libraries | Step) -> None:
        """Send a request, if the server has not ended."""

    def read(self) -> list[Any]:
        """Return the answers that have arrived."""

    def close(self) -> None:
        """End the servers, and wait for that."""


def explain_lost_server(log: Path) -> str:
    """Return the error of a step whose server, with its output in `log`, has ended alone."""
    return (
        "the process that this step was forked from has ended, and the step with it. See "
        f"{log}, then run again: the steps that succeeded are cached"
    )


class LocalConnection:
    """A server in the environment that the shell commands `activate` switch to.

    Its output, such as why it does not start, is in `log`. Raises OSError if no process can be
    started.
    """

    def __init__(self, activate: Sequence[str], environ: Mapping[str, str], log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        read_end, write_end = os.pipe()
        command = [*activate, f"exec python -P -m relay.runtime.fork_server {write_end}"]
        self.table = LocalProcesses()
        self._log = log
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

    @property
    def group(self) -> int:
        return self._popen.pid

    @property
    def has_ended(self) -> bool:
        return self._answers.ended

    def explain_loss(self) -> str:
        return explain_lost_server(self._log)

    def send(self, request: Libraries | Step) -> None:
        stdin = cast(BinaryIO, self._popen.stdin)
        with contextlib.suppress(BrokenPipeError):  # it has ended, which `read_answers` notes
            stdin.write(encode(request))
            stdin.flush()

    def read(self) -> list[Any]:
        return [decode(line) for line in self._answers.read()]

    def close(self) -> None:
        self._popen.wait()
        with contextlib.suppress(BrokenPipeError):  # it may not have read all requests
            cast(BinaryIO, self._popen.stdin).close()
        os.close(self._answers.descriptor)
