"""Shows how far a download is: a bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

log = logging.getLogger("relay")

SECONDS_BETWEEN_LINES = 5.0

Report = Callable[[int, int | None], None]
"""Called with the bytes that are there and, where it is known, the bytes in all."""


@contextmanager
def show_progress(name: str) -> Iterator[Report]:
    """Yield the function to call after each piece of the download of `name`."""
    if not sys.stdout.isatty():
        yield _Lines(name)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), transient=True) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class _Lines:
    def __init__(self, name: str) -> None:
        self._name = name
        self._last = time.monotonic()

    def __call__(self, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now - self._last < SECONDS_BETWEEN_LINES:
            return
        self._last = now
        of_all = f" of {total / 1e6:.1f} MB ({done / total:.0%})" if total else " MB"
        log.info("%s: %.1f%s", self._name, done / 1e6, of_all)
