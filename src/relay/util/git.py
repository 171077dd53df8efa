"""The state of the checkout that a run is made from."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from relay.util.redact import redact, redact_url

_TRACKED = "MLproject"
"""The file by which a repository shows that the project is its own."""
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
_SECONDS = 30.0


@dataclass(frozen=True)
class GitState:
    """The commit that is checked out, or why there is none to record."""

    commit: str | None
    dirty: bool | None
    """Whether there are uncommitted changes; None without a commit."""
    problem: str | None = None


class _GitError(Exception):
    """What Git wrote when it refused."""


class _NoCommit(Exception):
    """Why a repository has no commit for the project."""


def git_state(root: Path) -> GitState:
    """Ask Git about the project at `root`.

    A repository that `root` merely lies in, and that does not track its files, has nothing to do
    with it: its commit is not recorded.
    """
    try:
        return _state(root)
    except FileNotFoundError:
        problem = "Git is not installed"
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = f"Git did not answer: {error}"
    except _NoCommit as error:
        problem = str(error)
    except _GitError as error:
        problem = f"Git refused: {error}"
        if "not a git repository" in problem:
            problem = "the project is not in a Git repository"
    return GitState(None, None, redact(problem))


def _state(root: Path) -> GitState:
    """Raises: _NoCommit where the repository has none for the project, and as `_git`."""
    _git(root, "rev-parse", "--git-dir")
    if not _git(root, "ls-files", "--", _TRACKED):
        raise _NoCommit("the Git repository around the project does not track its files")
    try:
        commit = _git(root, "rev-parse", "--verify", "HEAD")
    except _GitError as error:
        raise _NoCommit("the Git repository has no commit yet") from error
    return GitState(commit, bool(_git(root, "status", "--porcelain", "--", ".")))


def git_remote(root: Path) -> str | None:
    """Return the URL of the remote `origin`, without user and password; None without one."""
    try:
        return redact_url(_git(root, "remote", "get-url", "origin"))
    except (OSError, subprocess.TimeoutExpired, _GitError):
        return None


def _git(root: Path, *arguments: str) -> str:
    """Return what Git writes about the repository around `root`, whatever GIT_DIR names.

    Raises: OSError where it does not start, subprocess.TimeoutExpired, _GitError where it fails.
    """
    ours = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    done = subprocess.run(
        ["git", *arguments],
        cwd=root,
        env={**ours, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise _GitError(" ".join(done.stderr.split()) or f"exit status {done.returncode}")
    return done.stdout.strip()
