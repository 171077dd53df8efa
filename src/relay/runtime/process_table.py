"""The processes of a machine or a container: what they use, and signals to them."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from typing import Protocol

import psutil

_LIST_SECONDS = 0.5
"""Between two readings of the list of all processes."""


@dataclass(frozen=True)
class Used:
    """What a process and its descendants have used."""

    cpu_seconds: float = 0.0
    """Also of children that have ended."""
    rss: int = 0
    """Bytes that they hold now."""


class ProcessTable(Protocol):
    """Where process ids of a step have their meaning."""

    def measure(self, pid: int) -> Used:
        """Return what process `pid` and its descendants have used."""

    def signal_group(self, group: int, number: int) -> None:
        """Send the signal `number` to a process group, if it exists."""

    def has_living(self, group: int) -> bool:
        """Return whether a process of the group still runs; zombies do not count."""

    def cpu_seconds(self, pid: int) -> float:
        """Return the CPU seconds of process `pid` alone, 0 if it has ended."""

    def group_cpu_seconds(self, group: int) -> float:
        """Return the CPU seconds of the living processes of a group."""

    def explain_kill(self) -> str | None:
        """Return why a process here has been killed, or None if that is not known."""


class LocalProcesses:
    """The processes of this machine."""

    def __init__(self) -> None:
        self._families: dict[int, tuple[float, list[psutil.Process]]] = {}
        """By process: when its descendants were listed, and all of them."""

    def measure(self, pid: int) -> Used:
        cpu, rss = 0.0, 0
        for process in self._list_family(pid):
            with contextlib.suppress(psutil.Error):
                rss += process.memory_info().rss
                times = process.cpu_times()
                cpu += times.user + times.system + times.children_user + times.children_system
        return Used(cpu, rss)

    def signal_group(self, group: int, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)

    def has_living(self, group: int) -> bool:
        for process in psutil.process_iter(["status"]):
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                is_alive = process.info["status"] != psutil.STATUS_ZOMBIE
                if is_alive and os.getpgid(process.pid) == group:
                    return True
        return False

    def cpu_seconds(self, pid: int) -> float:
        with contextlib.suppress(psutil.Error):
            used = psutil.Process(pid).cpu_times()
            return float(used.user + used.system)
        return 0.0

    def group_cpu_seconds(self, group: int) -> float:
        """Return the CPU seconds of the group's leader and of its descendants in the group."""
        seconds = self.cpu_seconds(group)
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(group).children(recursive=True):
                with contextlib.suppress(OSError):
                    if os.getpgid(child.pid) == group:
                        seconds += self.cpu_seconds(child.pid)
        return seconds

    def explain_kill(self) -> str | None:
        return None

    def _list_family(self, pid: int) -> list[psutil.Process]:
        """Return the process and its descendants, which takes a look at all processes."""
        now = time.monotonic()
        listed, family = self._families.get(pid, (0.0, []))
        if now >= listed + _LIST_SECONDS:
            with contextlib.suppress(psutil.Error):
                parent = psutil.Process(pid)
                family = [parent, *parent.children(recursive=True)]
            self._families[pid] = now, family
        return family
