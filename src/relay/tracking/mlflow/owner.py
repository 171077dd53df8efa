"""The process that a run belongs to, so that others can see whether it still runs."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path

HOST, PROCESS = "relay.host", "relay.process"
_ENDED = "ended"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def owner_tags() -> dict[str, str]:
    """Return the tags that name this process: its host, and its identity there."""
    identity = {"pid": os.getpid(), "started": _started(os.getpid()), "boot": _boot()}
    return {HOST: host(), PROCESS: json.dumps(identity)}


def host() -> str:
    """Return the machine's name and pid space, as containers of one name may share a store."""
    space = ""
    with contextlib.suppress(OSError):
        space = str(Path("/proc/self/ns/pid").readlink())
    return f"{socket.gethostname()} {space}".strip()


def is_gone(tags: Mapping[str, str]) -> bool:
    """Return whether the process in `tags` ran on this host and has ended.

    False for processes of other hosts, and if that cannot be determined.
    """
    if tags.get(HOST) != host():
        return False
    try:
        owner = json.loads(tags.get(PROCESS, ""))
        pid, started, boot = int(owner["pid"]), owner["started"], owner["boot"]
    except (ValueError, KeyError, TypeError):
        return False
    if boot != _boot() or not _exists(pid):
        return True
    now = _started(pid)
    return now == _ENDED or (None not in (started, now) and started != now)


def _boot() -> str:
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # another user's
    return True


def _started(pid: int) -> str | None:
    """Return when process `pid` was started, which distinguishes it from a later one of that id.

    The time is in ticks since the machine's start, so that it does not depend on the clock. _ENDED
    for a zombie; None if it cannot be determined, as on other systems than Linux.
    """
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return _ENDED if state in "ZX" else fields[18]
    except (OSError, ValueError, IndexError):
        return None
