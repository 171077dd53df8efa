"""What a process and its children have used so far."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """The resources that a process and its children have used so far."""

    seconds: float
    cpu_seconds: float
    max_rss_mb: float
    """The most memory that all of them held at once, as sampled ten times a second."""
