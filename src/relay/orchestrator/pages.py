"""The pages that a run's artifacts hold for people, put where they are easy to open."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from relay.errors import RelayError
from relay.orchestrator.summary import StepSummary
from relay.redact import redact
from relay.settings import PAGE
from relay.start import shown
from relay.tracking import ArtifactVersion, Backend


def collect_pages(backend: Backend, steps: Sequence[StepSummary], folder: Path) -> list[str]:
    """Copy each page into `folder`, as <artifact>.html, and return a line on each.

    Also those of steps that the cache spared. A page that cannot be fetched is told of: the run
    went as it went.
    """
    lines = []
    for step in steps:
        for reference in step.outputs.values():
            try:
                version = backend.find(reference)
                page = None if version is None else version.metadata.get(PAGE)
                if version is not None and page:
                    copied = _copy(backend, version, str(page), folder)
                    lines.append(f"{step.name}: {shown(copied)}")
            except (RelayError, OSError) as error:
                lines.append(f"{step.name}: the page of {reference} is not here: {error}")
    return [redact(line) for line in lines]


def _copy(backend: Backend, version: ArtifactVersion, page: str, folder: Path) -> Path:
    with tempfile.TemporaryDirectory(prefix="relay-page-") as place:
        backend.download(version, Path(place))
        source = Path(place, page).resolve()
        if not source.is_relative_to(Path(place).resolve()):
            raise RelayError(f"{version} names {page}, which is not in it.")
        return Path(shutil.copyfile(source, folder / f"{version.name}{source.suffix}"))
