"""The progress of long work: a bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

log = logging.getLogger("relay")

SECONDS_BETWEEN_LINES = 5.0

Report = Callable[[int, int | None], None]
"""Called with the amount that is done, and the total if it can be determined."""

Unit = Literal["bytes", "rows", "shuffles"]


@contextmanager
def show_progress(name: str, unit: Unit = "bytes") -> Iterator[Report]:
    """Yield the function to call after each piece of the work `name`, counted in `unit`."""
    if not sys.stdout.isatty():
        yield _Lines(name, unit)
        return
    columns: dict[Unit, list[ProgressColumn]] = {
        "bytes": [DownloadColumn(), TransferSpeedColumn()],
        "rows": [TextColumn("{task.completed:,} rows"), TimeRemainingColumn()],
        "shuffles": [TextColumn("{task.completed:,} shuffles"), TimeRemainingColumn()],
    }
    text = TextColumn("{task.description}", markup=False)
    with Progress(text, BarColumn(), *columns[unit], transient=True) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class _Lines:
    def __init__(self, name: str, unit: Unit) -> None:
        self._name, self._unit = name, unit
        self._last = time.monotonic()

    def __call__(self, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now - self._last < SECONDS_BETWEEN_LINES:
            return
        self._last = now
        share = f" ({done / total:.0%})" if total else ""
        if self._unit != "bytes":
            of_all = f" of {total:,} {self._unit}" if total else f" {self._unit}"
            log.info("%s: %s%s%s", self._name, f"{done:,}", of_all, share)
            return
        of_all = f" of {total / 1e6:.1f} MB" if total else " MB"
        log.info("%s: %.1f%s%s", self._name, done / 1e6, of_all, share)
