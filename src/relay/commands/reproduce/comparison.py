"""What is the same again and what is not: artifacts by their content, metrics by their values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from relay.commands.reproduce.content import alike
from relay.step.context import COUNTS_AS
from relay.tracking import ArtifactVersion

_METRICS = ("metrics", "cv")
"""Where artifacts' metadata keep what was measured."""
_DIGEST = 12


@dataclass(frozen=True)
class Line:
    """One thing that was compared."""

    what: str
    recorded: str
    again: str
    same: bool
    note: str = ""


def same_version(recorded: ArtifactVersion, again: ArtifactVersion) -> bool:
    """Return whether content, or what counts of it, is the same to the last byte."""
    counts = [version.metadata.get(COUNTS_AS) for version in (recorded, again)]
    return recorded.digest == again.digest or (counts[0] is not None and counts[0] == counts[1])


def artifact_line(recorded: ArtifactVersion, again: ArtifactVersion, files: list[str]) -> Line:
    """Return a version and what came out now.

    `files` are those that differ, and in more than names, dates and rounding. Two versions that are
    not one but have no such file hold the same.
    """
    exactly = recorded.digest == again.digest
    note = "" if exactly or files else "the same but for names, dates and rounding"
    if files:
        note = f"differs: {', '.join(files[:3])}{', ...' if len(files) > 3 else ''}"
    if not files and not exactly and same_version(recorded, again):
        note = "the same in what counts for later steps"
    return Line(
        str(recorded), recorded.digest[:_DIGEST], again.digest[:_DIGEST], same=not files, note=note
    )


def metric_lines(recorded: ArtifactVersion, again: ArtifactVersion) -> Iterator[Line]:
    """Return the metrics that two versions say of themselves."""
    for key in _METRICS:
        then, now = (_numbers(version.metadata.get(key)) for version in (recorded, again))
        for name in dict.fromkeys([*then, *now]):
            a, b = then.get(name, math.nan), now.get(name, math.nan)
            same = alike(a, b)
            yield Line(name, f"{a:.6g}", f"{b:.6g}", same, "" if same else f"by {b - a:+.3g}")


def _numbers(value: Any) -> dict[str, float]:
    found = value if isinstance(value, Mapping) else {}
    return {str(name): float(one) for name, one in found.items()}
