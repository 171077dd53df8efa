"""The state of the checkout that a run is made from."""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from relay.util.redact import redact, redact_url

_TRACKED = "MLproject"
"""A file that a repository of the project must track."""
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_LINK = "120000"
"""The mode of a symbolic link."""
_SECONDS = 30.0


@dataclass(frozen=True)
class GitState:
    """The commit that is checked out, or the reason if none can be recorded."""

    commit: str | None
    dirty: bool | None
    """Whether there are uncommitted changes; None without a commit."""
    problem: str | None = None


class _GitError(Exception):
    """Git failed; the message is its own."""


class _NoCommit(Exception):
    """The repository has no commit for the project; the message is the reason."""


def git_state(root: Path) -> GitState:
    """Return the state of the Git repository of the project at `root`.

    The commit of a repository that contains `root`, but does not track its files, is not recorded.
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
    """Return the commit of the project at `root`.

    Raises _NoCommit if the repository has none for the project, and the errors of `_git`.
    """
    _git(root, "rev-parse", "--git-dir")
    if not _git(root, "ls-files", "--", _TRACKED):
        raise _NoCommit("the Git repository around the project does not track its files")
    try:
        commit = _git(root, "rev-parse", "--verify", "HEAD")
    except _GitError as error:
        raise _NoCommit("the Git repository has no commit yet") from error
    return GitState(commit, bool(_git(root, "status", "--porcelain", "--", ".")))


def file_at(root: Path, commit: str, path: str) -> str | None:
    """Return the text of the file `path` of the project at `root` in a `commit`, or None.

    A link is followed.
    """
    if not _COMMIT.fullmatch(commit):
        return None
    try:
        entry = _git(root, "ls-tree", commit, "--", path)
        text = _git(root, "show", f"{commit}:./{path}", strip=False)
    except (OSError, subprocess.TimeoutExpired, _GitError):
        return None
    if not entry.startswith(_LINK):
        return text
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), text))
    return None if target.startswith("..") else file_at(root, commit, target)


def git_remote(root: Path) -> str | None:
    """Return the URL of the remote `origin`, without user and password, or None."""
    try:
        return redact_url(_git(root, "remote", "get-url", "origin"))
    except (OSError, subprocess.TimeoutExpired, _GitError):
        return None


def _git(root: Path, *arguments: str, strip: bool = True) -> str:
    """Run Git in the repository around `root`, whatever GIT_DIR names, and return its output.

    Raises OSError if Git does not start, subprocess.TimeoutExpired if it takes too long, _GitError
    if it fails.
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
    return done.stdout.strip() if strip else done.stdout
