"""What may hold people's data is for its owner alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from relay.util.private_folders import make_private
from relay.util.project import Project


def mode(path: Path) -> str:
    return f"{path.stat().st_mode & 0o7777:o}"


@pytest.fixture(autouse=True)
def usual_umask() -> object:
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_store_and_outputs_are_made_private(tmp_path: Path) -> None:
    make_private(Project(tmp_path), {})
    assert {path.name: mode(path) for path in tmp_path.iterdir()} == {
        ".relay": "700",
        "outputs": "700",
        "mlruns": "700",
    }


def test_those_that_are_there_lose_what_others_may_do(tmp_path: Path) -> None:
    (tmp_path / "outputs").mkdir(mode=0o755)
    (tmp_path / "mlflow.db").write_text("content")
    make_private(Project(tmp_path), {})
    assert (mode(tmp_path / "outputs"), mode(tmp_path / "mlflow.db")) == ("700", "600")
    assert (tmp_path / "mlflow.db").read_text() == "content"


def test_a_folder_that_is_shared_with_a_group_on_purpose_stays_so(tmp_path: Path) -> None:
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs").chmod(0o2775)
    make_private(Project(tmp_path), {})
    assert mode(tmp_path / "outputs") == "2770"


@pytest.mark.parametrize("uri", ["http://127.0.0.1:5000", "sqlite:////elsewhere/mlflow.db"])
def test_a_store_elsewhere_is_left_alone(tmp_path: Path, uri: str) -> None:
    make_private(Project(tmp_path), {"MLFLOW_TRACKING_URI": uri})
    assert not (tmp_path / "mlflow.db").exists()


def test_where_nothing_can_be_made_nothing_happens(tmp_path: Path) -> None:
    (tmp_path / "outputs").write_text("a file")
    make_private(Project(tmp_path), {})
    assert (tmp_path / "outputs").read_text() == "a file"
