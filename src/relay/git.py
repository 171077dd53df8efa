"""The state of the checkout that a run is made from."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from relay.redact import redact_url


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


def git_remote(root: Path) -> str | None:
    """The URL of the checkout's remote `origin`, without user and password; None without one."""
    url = _git(root, "remote", "get-url", "origin")
    return redact_url(url) if url else None


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
