"""The commit of a run: the project's own or none, and then why."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from relay.util.git import GitState, file_at, git_state


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project in a repository of its own, with one commit."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "MLproject").write_text("name: relay\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def test_a_checkout(project: Path) -> None:
    commit = git(project, "rev-parse", "HEAD")
    assert git_state(project) == GitState(commit, dirty=False)
    (project / "MLproject").write_text("name: other\n")
    assert git_state(project) == GitState(commit, dirty=True)


def test_a_folder_of_a_repository_that_tracks_it(project: Path) -> None:
    inner = project / "ml"
    inner.mkdir()
    (inner / "MLproject").write_text("name: relay\n")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "second")
    (project / "MLproject").write_text("changed, but not in ml\n")
    assert git_state(inner) == GitState(git(project, "rev-parse", "HEAD"), dirty=False)


def test_the_commit_of_a_repository_that_the_project_only_lies_in_is_not_its_own(
    project: Path,
) -> None:
    unpacked = project / "relay-1.0"
    unpacked.mkdir()
    (unpacked / "MLproject").write_text("name: relay\n")
    state = git_state(unpacked)
    assert (state.commit, state.dirty) == (None, None)
    assert state.problem == "the Git repository around the project does not track its files"


def test_no_repository(tmp_path: Path) -> None:
    problem = "the project is not in a Git repository"
    assert git_state(tmp_path) == GitState(None, None, problem)


def test_no_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "MLproject").write_text("")
    git(tmp_path, "add", ".")
    assert git_state(tmp_path).problem == "the Git repository has no commit yet"


def test_git_that_refuses(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    state = git_state(project)
    assert (state.commit, state.dirty) == (None, None)
    assert state.problem is not None
    assert "dubious ownership" in state.problem
    assert "safe.directory" in state.problem


def test_git_that_is_not_there(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project))
    assert git_state(project).problem == "Git is not installed"


def test_variables_that_name_another_repository(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    commit = git(project, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", os.fspath(other / ".git"))
    assert git_state(project).commit == commit


def test_a_file_of_an_earlier_commit_is_read_also_through_a_link(project: Path) -> None:
    (project / "deep").mkdir()
    (project / "deep" / "link").symlink_to("../MLproject")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "second")
    commit = git(project, "rev-parse", "HEAD")
    (project / "MLproject").write_text("name: other\n")
    for path in ("MLproject", "deep/link"):
        assert file_at(project, commit, path) == "name: relay\n"
    for unknown in ("--output=x", "0" * 40, "main"):
        assert file_at(project, unknown, "MLproject") is None
    assert file_at(project, commit, "nothing") is None
