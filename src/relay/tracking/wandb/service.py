"""The SDK's service process, which uploads in the background: its end, within bounds."""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import threading
from collections.abc import Callable
from functools import cache

import wandb

_TEARDOWN_SECONDS = 5.0
"""How long the service may take to end; runs that were finished leave it nothing to do."""


def finish_within(seconds: float, action: Callable[[], None]) -> bool:
    """Do `action` in a thread; return whether it ended within `seconds`, with an error or not."""
    ended = threading.Event()

    def act() -> None:
        with contextlib.suppress(Exception):
            action()
        ended.set()

    threading.Thread(target=act, name="finish", daemon=True).start()
    return ended.wait(seconds)


@cache
def bound_teardown() -> None:
    """Let the SDK's service delay the end of this process only briefly, if it belongs to it.

    The SDK would wait at exit until the service has given up on every run that was not finished,
    which takes minutes after an outage.
    """
    process = _service_process()
    if process is not None:
        atexit.register(_end_service, process, os.getpid())


def _end_service(process: subprocess.Popen[bytes], owner: int) -> None:
    if os.getpid() == owner and not finish_within(_TEARDOWN_SECONDS, wandb.teardown):
        process.kill()


def _service_process() -> subprocess.Popen[bytes] | None:
    """Return the service's process; None where it belongs to another process."""
    # The SDK gives no other way to it.
    connection = getattr(wandb.setup(), "_connection", None)
    process = getattr(getattr(connection, "_proc", None), "_process", None)
    return process if isinstance(process, subprocess.Popen) else None
