"""Work in a child process, which ends in order even if its parent is killed."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from relay.util.signals import STOPPING, end_by


def run_in_child(work: Callable[[], int]) -> int:
    """Do `work` in a child process and return its exit status, in the child and in this process.

    Signals that ask to stop are passed on to the child. If this process is killed, the child gets
    SIGTERM: SIGKILL cannot be handled, but the child can still end what it has begun. If a signal
    ends the child, this process ends by it, too.

    Call it before other threads are started, as a fork copies none of them.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    watched, held = os.pipe()
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)  # until they are handled
    child = os.fork()
    if child == 0:
        os.close(held)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        threading.Thread(target=_stop_after, args=(watched,), daemon=True).start()
        return work()
    os.close(watched)

    def pass_on(number: int, frame: FrameType | None) -> None:
        os.kill(child, number)

    for number in STOPPING:
        signal.signal(number, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        end_by(os.WTERMSIG(status))
    return os.waitstatus_to_exitcode(status)


def _stop_after(watched: int) -> None:
    """Send SIGTERM to this process when the other end of the pipe `watched` is closed."""
    os.read(watched, 1)
    os.kill(os.getpid(), signal.SIGTERM)
