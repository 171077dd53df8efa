"""Copies of the HTML pages in a run's artifacts, in the run's folder."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from urllib.parse import quote

from relay.pipeline.run_summary import SETTINGS, SUMMARY, StepSummary
from relay.pipeline.tracking_setup import require_answer
from relay.step.context import PAGE
from relay.tracking import Backend
from relay.util.errors import RelayError
from relay.util.files import write_text
from relay.util.paths import shown
from relay.util.redact import redact

INDEX = "index.html"
"""The page of a run itself, in its folder."""
_PLACE = "<!-- run -->"
"""The mark in a page (`relay.pages`) that a line about the run replaces."""
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_SECONDS = 20.0
"""After this time, the first page that cannot be fetched is the last one that is tried."""


@dataclass(frozen=True)
class Page:
    """The copy of a page: the step and the artifact that it is from."""

    step: str
    reference: str
    path: Path
    title: str
    """Of the page, such as `Data report of sales_clean:v3`."""

    @property
    def label(self) -> str:
        """Return what kind of page it is: `Data report`."""
        return self.title.partition(" of ")[0]


@dataclass(frozen=True)
class CollectedPages:
    """The copies in a run's folder, and the problems with others."""

    pages: list[Page]
    problems: list[str]

    @property
    def lines(self) -> list[str]:
        """Return a line about each page, and the problems."""
        return [f"{page.label}: {shown(page.path)}" for page in self.pages] + self.problems


def collect_pages(backend: Backend, steps: Sequence[StepSummary], folder: Path) -> CollectedPages:
    """Copy each page into `folder`, as <artifact>.html.

    Pages of cached steps are copied too. Each copy has the run's time and links to the others.
    A page that cannot be fetched is reported, and does not fail the run. As a request can take a
    minute, a server with errors is not asked for all pages.
    """
    problems = []
    pages = []
    outputs = [(step, reference) for step in steps for reference in step.outputs.values()]
    deadline = time.monotonic() + _SECONDS
    try:
        if outputs:
            require_answer(backend)
        for step, reference in outputs:
            try:
                page = _fetch(backend, reference, folder)
            except (RelayError, OSError) as error:
                problems.append(
                    f"{step.name}: the page of {reference} could not be fetched: {error}"
                )
                if time.monotonic() > deadline:
                    raise RelayError("the server takes too long") from error
            else:
                if page is not None:
                    pages.append(Page(step.name, reference, page, _title(page) or step.name))
    except RelayError as error:
        problems.append(f"Not all pages of this run were fetched: {error}")
    for copy in pages:
        _link(copy.path, pages, folder)
    return CollectedPages(pages, [redact(line) for line in problems])


def run_time(folder: Path) -> str:
    """Return the time in the name of a run's folder, as `2026-01-31 12:30:00`."""
    date, _, moment = folder.name.partition("T")
    return f"{date} {moment.replace('-', ':', 2)}".strip()


def _link(page: Path, pages: Sequence[Page], folder: Path) -> None:
    """Write the run's time and links to its other files into `page`, if it has the mark for them.

    The stored artifact stays as it is, as the same content is the same version in every run.
    """
    text = page.read_text(encoding="utf-8", errors="replace")
    if _PLACE not in text:
        return
    files = [
        ("Run", folder / INDEX),
        *((copy.label, copy.path) for copy in pages),
        ("Summary", folder / SUMMARY),
        ("Settings", folder / SETTINGS),
    ]
    items = [
        f"<strong>{escape(label)}</strong>"
        if path == page
        else f'<a href="{quote(path.name)}">{escape(label)}</a>'
        for label, path in files
    ]
    when = escape(f"Run of {run_time(folder)}")
    inside = " ".join([f"<span>{when}</span>", *items])
    bar = f'<nav class="run small" aria-label="Run">{inside}</nav>'
    write_text(page, text.replace(_PLACE, bar, 1))


def _title(page: Path) -> str:
    """Return the title of an HTML page; empty if it has none."""
    title = _TITLE.search(page.read_text(encoding="utf-8", errors="replace"))
    return unescape(title[1]).strip() if title else ""


def _fetch(backend: Backend, reference: str, folder: Path) -> Path | None:
    """Copy the page of artifact `reference` into `folder`; return its path, or None without one.

    Raises RelayError if the page is not in the artifact.
    """
    version = backend.find(reference)
    page = None if version is None else version.metadata.get(PAGE)
    if version is None or not page:
        return None
    with tempfile.TemporaryDirectory(prefix="relay-page-") as place:
        backend.download(version, Path(place))
        source = Path(place, str(page)).resolve()
        if not source.is_relative_to(Path(place).resolve()):
            raise RelayError(
                f"{version}: the path of its page leaves the artifact's folder (got {page}). Check "
                "where the artifact comes from."
            )
        return Path(shutil.copyfile(source, folder / f"{version.name}{source.suffix}"))
