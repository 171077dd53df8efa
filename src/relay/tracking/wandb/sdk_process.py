"""The process of the SDK that uploads in the background, and the time for its end."""

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
"""The time for the end of the service; after finished runs it has nothing left to do."""


def finish_within(seconds: float, action: Callable[[], None]) -> bool:
    """Call `action` in a thread; return whether it ended within `seconds`, even by an error."""
    ended = threading.Event()

    def act() -> None:
        with contextlib.suppress(Exception):
            action()
        ended.set()

    threading.Thread(target=act, name="finish", daemon=True).start()
    return ended.wait(seconds)


@cache
def bound_teardown() -> None:
    """Limit the time that the SDK's service delays the end of this process.

    At exit, the SDK waits until the service gives up on every unfinished run, which takes minutes
    after an outage. Does nothing if the service belongs to another process.
    """
    process = _service_process()
    if process is not None:
        atexit.register(_end_service, process, os.getpid())


def _end_service(process: subprocess.Popen[bytes], owner: int) -> None:
    if os.getpid() == owner and not finish_within(_TEARDOWN_SECONDS, wandb.teardown):
        process.kill()


def _service_process() -> subprocess.Popen[bytes] | None:
    """Return the service's process, or None if another process has started it."""
    # The SDK has no public name for it.
    connection = getattr(wandb.setup(), "_connection", None)
    process = getattr(getattr(connection, "_proc", None), "_process", None)
    return process if isinstance(process, subprocess.Popen) else None
