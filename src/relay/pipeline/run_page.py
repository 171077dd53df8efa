"""The page of a run, index.html in its folder: what ran, what changed, and where everything is."""

from __future__ import annotations

import base64
import contextlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from relay.pages.render import render
from relay.pipeline.artifact_pages import INDEX, Page, collect_pages, run_time
from relay.pipeline.display import Display
from relay.pipeline.graph_picture import Node, draw_graph
from relay.pipeline.plan import Plan
from relay.pipeline.run_comparison import (
    compare_settings,
    find_previous,
    read_metrics,
    read_settings,
)
from relay.pipeline.run_summary import SETTINGS, StepSummary, Summary, in_words
from relay.runtime.usage import Usage
from relay.step.context import METRICS_KEY
from relay.tracking import ArtifactVersion, Backend
from relay.util.errors import RelayError
from relay.util.files import read_tail, write_text
from relay.util.paths import shown
from relay.util.redact import redact

_PROMOTED = "champion"
"""The alias of the versions that are in use, which a run is compared with."""
_SECONDS = 1.0
"""The least time between two versions of the page while the run goes on."""
_LOG_LINES = 40
_CODE = "code: "
"""The beginning of a reason that names a file of the code."""
_NAMED_FILES = 2
_LARGEST_PICTURE = 1_000_000
_LARGEST_PICTURES = 4_000_000


def short_reason(why: str) -> str:
    """Return why a step ran, with the number of files of the code if more than two differ."""
    parts = why.split(", ")
    files = [part.removeprefix(_CODE) for part in parts if part.startswith(_CODE)]
    if len(files) <= _NAMED_FILES:
        return why
    others = [part for part in parts if not part.startswith(_CODE)]
    return ", ".join([f"{_CODE}{files[0]} and {len(files) - 1} more files", *others])


@dataclass
class RunPage:
    """The page of the run in `folder`, which is written again as the run goes on.

    A page that cannot be written does not end the run: the summary reports a full disk.
    """

    folder: Path
    title: str
    """What the run is about: its data and model."""
    plan: Plan
    summary: Summary
    overrides: Sequence[str]
    """The settings that differ from those in `config/`, as they were given."""
    running: set[str] = field(default_factory=set)
    is_over: bool = False
    is_current: bool = False
    """Whether nothing has happened since it was last written."""
    pages: Sequence[Page] = ()
    """The pages of the run's artifacts."""
    promoted: Mapping[str, ArtifactVersion] = field(default_factory=dict)
    """By step, the artifact in use, or one made from it, that its metrics are compared with."""
    _written: float = 0.0

    @cached_property
    def _before(self) -> Path | None:
        """Return the folder of the run before this one, on the same data."""
        return find_previous(self.folder)

    @cached_property
    def _changes(self) -> list[tuple[str, str, str]]:
        """Return each setting that the run before had otherwise: its key and both values."""
        if self._before is None:
            return []
        return compare_settings(read_settings(self._before), read_settings(self.folder))

    def refresh(self) -> None:
        """Write the page if something has happened, once a second."""
        if not self.is_current and time.monotonic() > self._written + _SECONDS:
            self.write()

    def write(self) -> Path | None:
        """Write the page, and return its path; None if that is not possible."""
        self._written, self.is_current = time.monotonic(), True
        template = Path(__file__).with_suffix(".html")
        with contextlib.suppress(OSError):
            write_text(self.folder / INDEX, redact(render(template, self._values())))
            return self.folder / INDEX
        return None

    def finish(self, backend: Backend) -> list[str]:
        """Collect the pages of the run's artifacts, and write this one for the last time.

        Return lines about the pages for the console.
        """
        collected = collect_pages(backend, self.summary.steps, self.folder)
        self.pages, self.is_over = collected.pages, True
        if not collected.problems:  # else the server takes too long
            self.promoted = find_promoted(backend, self.summary)
        written = self.write()
        return [*collected.lines, *([f"Run: {shown(written)}"] if written else [])]

    def _values(self) -> dict[str, Any]:
        before = self._before
        steps = [step for step in self.summary.steps if step.status != "not_selected"]
        return {
            "title": f"Run of {self.title or self.folder.name}",
            "summary": self.summary,
            "is_over": self.is_over,
            "when": run_time(self.folder),
            "badge": self._badge(),
            "graph": draw_graph(self._nodes()),
            "steps": [self._step(step) for step in steps],
            "slowest": max((step.seconds for step in steps), default=0) or 1,
            "largest": max((step.max_rss_mb for step in steps), default=0) or 1,
            "failed": [
                {"step": step, "log": self._log(step)} for step in steps if step.status == "failed"
            ],
            "overrides": [redact(text) for text in self.overrides],
            "before": before.name if before else None,
            "changed": self._changes,
            "metrics": list(self._metrics(steps, before)),
            "promoted": sorted({str(version) for version in self.promoted.values()}),
            "pages": self.pages,
            "pictures": list(self._pictures(steps)),
            "files": [name for name in ("summary.json", SETTINGS) if self._has(name)],
        }

    def _badge(self) -> tuple[str, str]:
        if not self.is_over:
            return "running", ""
        return self.summary.status, "good" if self.summary.status == "succeeded" else "bad"

    def _status(self, step: StepSummary) -> str:
        if step.name in self.running and step.status == "not_started":
            return "running"
        return "waiting" if step.status == "not_started" and not self.is_over else step.status

    def _nodes(self) -> list[Node]:
        nodes = []
        for step in self.plan.steps:
            done = self.summary[step.name]
            status = self._status(done)
            words = in_words(status)
            note = f"{words}, {done.seconds:.1f} s" if done.status == "ran" else words
            title = f"{step.name}: {note}" + (f"; {done.why}" if done.why else "")
            nodes.append(Node(step.name, step.needs, status, note, title))
        return nodes

    def _step(self, step: StepSummary) -> dict[str, Any]:
        log = None
        if step.log:
            log = f"logs/{Path(step.log).name}"
        reason = short_reason(step.why or "")
        return {"done": step, "status": self._status(step), "log": log, "reason": reason}

    def _log(self, step: StepSummary) -> str:
        if not step.log:
            return ""
        lines = read_tail(self.folder / "logs" / Path(step.log).name, _LOG_LINES)
        return "\n".join(lines)

    def _metrics(
        self, steps: Sequence[StepSummary], before: Path | None
    ) -> Iterator[dict[str, Any]]:
        """Yield each metric: its step, its name, and its value here, before and promoted."""
        earlier = {} if before is None else read_metrics(before)
        ordered = [step for step in reversed(steps) if step.metrics]
        # The last step registers what the one before it has measured, as in `relay runs`.
        ordered[:2] = reversed(ordered[:2])
        for step in ordered:
            other = self.promoted.get(step.name)
            promoted = dict(other.metadata.get(METRICS_KEY) or {}) if other else {}
            for name, value in step.metrics.items():
                yield {
                    "step": step.name,
                    "name": name,
                    "here": value,
                    "before": earlier.get(step.name, {}).get(name),
                    "promoted": promoted.get(name),
                }

    def _pictures(self, steps: Sequence[StepSummary]) -> Iterator[dict[str, str]]:
        """Yield the pictures of the steps that ran, as data, so that the page can be moved."""
        left = _LARGEST_PICTURES
        for step in steps:
            with contextlib.suppress(OSError, ValueError):
                path = self.folder / "results" / f"{step.name}.json"
                for name, place in json.loads(path.read_text(encoding="utf-8"))["images"].items():
                    content = Path(place).read_bytes()
                    left -= len(content)
                    if len(content) <= _LARGEST_PICTURE and left >= 0:
                        data = base64.b64encode(content).decode()
                        label = f"{step.name}: {name.replace('_', ' ')}"
                        yield {"label": label, "data": f"data:image/png;base64,{data}"}

    def _has(self, name: str) -> bool:
        return (self.folder / name).is_file()


def find_promoted(backend: Backend, summary: Summary) -> dict[str, ArtifactVersion]:
    """Return by step the version that its outputs are compared with, if there is one.

    That is the version of the same artifact with the alias `champion`, or the first one that was
    made from such a version. What a server refuses is left out.
    """
    outputs = {
        reference.partition(":")[0]: step.name
        for step in summary.steps
        for reference in step.outputs.values()
    }
    compared: dict[str, ArtifactVersion] = {}
    with contextlib.suppress(RelayError):
        for name in outputs:
            version = backend.find(f"{name}:{_PROMOTED}")
            if version is None:
                continue
            for other in (version, *backend.made_from(version)):
                if other.name in outputs and other.metadata.get(METRICS_KEY):
                    compared.setdefault(outputs[other.name], other)
    return compared


@dataclass
class PageDisplay:
    """A display that also writes the run's page at each event."""

    inner: Display
    page: RunPage

    def open(self, steps: Sequence[str], manager: str, folder: Path) -> None:
        self.inner.open(steps, manager, folder)
        self.page.write()

    def build_starts(self, line: str) -> None:
        self.inner.build_starts(line)

    def building(self, components: Sequence[str], usage: Usage, line: str) -> None:
        self.inner.building(components, usage, line)

    def built(self, components: Sequence[str], seconds: float) -> None:
        self.inner.built(components, seconds)

    def started(self, step: str) -> None:
        self.inner.started(step)
        self.page.running.add(step)
        self.page.is_current = False

    def running(self, step: str, usage: Usage, line: str) -> None:
        self.inner.running(step, usage, line)
        self.page.refresh()

    def ended(self, step: StepSummary) -> None:
        self.inner.ended(step)
        self.page.running.discard(step.name)
        self.page.is_current = False

    def close(self) -> None:
        self.inner.close()
