"""The progress of a process: what it has used so far, and the display of a build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Usage:
    """The resources that a process and its children have used so far."""

    seconds: float
    cpu_seconds: float
    max_rss_mb: float
    """The most memory that all of them held at once, as sampled ten times a second."""


class BuildDisplay(Protocol):
    """A display of the progress of builds."""

    def build_starts(self, line: str) -> None:
        """Show the line about a build that starts: its components, and what it takes."""

    def building(self, components: Sequence[str], usage: Usage, line: str) -> None:
        """Show that the environment that `components` share is being built."""

    def built(self, components: Sequence[str], seconds: float) -> None:
        """Show that the environment is ready, after `seconds`."""
