"""The comparison of artifacts by their content, and of metrics by their values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from relay.commands.reproduce.file_comparison import alike
from relay.step.context import COUNTS_AS
from relay.tracking import ArtifactVersion

_METRICS = ("metrics", "cv")
"""The metadata keys of an artifact's metrics."""
_DIGEST = 12


@dataclass(frozen=True)
class Line:
    """A row of the comparison: an artifact or a metric."""

    name: str
    recorded: str
    again: str
    same: bool
    note: str = ""


def same_version(recorded: ArtifactVersion, again: ArtifactVersion) -> bool:
    """Return whether the contents, or the parts that count for later steps, are identical."""
    counts = [version.metadata.get(COUNTS_AS) for version in (recorded, again)]
    return recorded.digest == again.digest or (counts[0] is not None and counts[0] == counts[1])


def artifact_line(recorded: ArtifactVersion, again: ArtifactVersion, files: list[str]) -> Line:
    """Return the row for a recorded version and the version that was made again.

    `files` are those that differ in more than names, dates and rounding. Without such files, the
    two count as the same.
    """
    exactly = recorded.digest == again.digest
    note = "" if exactly or files else "the same but for names, dates and rounding"
    if files:
        note = f"differs: {', '.join(files[:3])}{', ...' if len(files) > 3 else ''}"
    if not files and not exactly and same_version(recorded, again):
        note = "the same in all that counts for later steps"
    return Line(
        str(recorded), recorded.digest[:_DIGEST], again.digest[:_DIGEST], same=not files, note=note
    )


def metric_lines(recorded: ArtifactVersion, again: ArtifactVersion) -> Iterator[Line]:
    """Yield the rows for the metrics in the metadata of two versions."""
    for key in _METRICS:
        then, now = (_numbers(version.metadata.get(key)) for version in (recorded, again))
        for name in dict.fromkeys([*then, *now]):
            a, b = then.get(name, math.nan), now.get(name, math.nan)
            same = alike(a, b)
            yield Line(name, f"{a:.6g}", f"{b:.6g}", same, "" if same else f"by {b - a:+.3g}")


def _numbers(value: Any) -> dict[str, float]:
    metrics = value if isinstance(value, Mapping) else {}
    return {str(name): float(number) for name, number in metrics.items()}
