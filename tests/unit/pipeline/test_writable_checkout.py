"""A checkout that cannot hold what a run writes is an error before anything runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from relay.pipeline import writable_checkout
from relay.pipeline.writable_checkout import require_writable
from relay.util.errors import RelayError
from relay.util.project import Project


def test_a_new_checkout_and_one_with_runs_are_fine(tmp_path: Path) -> None:
    require_writable(Project(tmp_path))
    (tmp_path / "outputs" / "2026").mkdir(parents=True)
    (tmp_path / "outputs" / "latest").symlink_to("2026")
    (tmp_path / "mlflow.db").touch()
    require_writable(Project(tmp_path))


@pytest.mark.parametrize("name", ["outputs", ".relay", "mlruns"])
def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(RelayError, match=rf"{name}: a file, .* Move the file away"):
        require_writable(Project(tmp_path))


def test_a_folder_in_the_place_of_the_link_to_the_newest_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "outputs" / "latest").mkdir(parents=True)
    with pytest.raises(RelayError, match=r"latest: a folder.*Move the folder away"):
        require_writable(Project(tmp_path))


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "outputs").symlink_to("/not/there")
    with pytest.raises(RelayError, match="outputs: a link to /not/there, which does not exist"):
        require_writable(Project(tmp_path))


@pytest.mark.parametrize("name", ["", "outputs", ".relay", "mlflow.db"])
def test_another_users_checkout_is_named_with_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for folder in ("outputs", ".relay", "mlruns") if name else ():
        (tmp_path / folder).mkdir()
    (tmp_path / "mlflow.db").touch()
    theirs = tmp_path / name if name else tmp_path

    def access(path: Any, wanted: int) -> bool:
        return Path(path) != theirs

    monkeypatch.setattr(os, "access", access)
    owner = writable_checkout._user(os.geteuid())
    with pytest.raises(RelayError) as raised:
        require_writable(Project(tmp_path))
    assert f"{theirs}: no permission to write there: it belongs to {owner}" in str(raised.value)
    assert "Clone the project" in str(raised.value)


def test_a_file_system_that_is_read_only_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, wanted: False)
    monkeypatch.setattr(writable_checkout, "_is_read_only", lambda path: True)
    with pytest.raises(RelayError, match="mounted read-only"):
        require_writable(Project(tmp_path))
