"""The state of the checkout that a run is made from."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class GitState:
    """`commit` is None outside a Git checkout; `dirty` is true with uncommitted changes."""

    commit: str | None
    dirty: bool


def git_state(root: Path) -> GitState:
    """Ask Git about the checkout at `root`."""
    commit = _git(root, "rev-parse", "HEAD")
    changes = _git(root, "status", "--porcelain")
    return GitState(commit or None, bool(changes))


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
