"""The store that a command reads is that of a run, found without composing the settings again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from relay.commands.tracking_settings import read_tracking
from relay.config import compose
from relay.util.errors import ConfigError
from relay.util.project import Project
from tests.loading import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Project:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    project = Project(tmp_path)
    project.state.mkdir()
    return project


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """One item for each time that the settings are composed."""
    calls: list[object] = []
    load = compose.load

    def counting(*arguments: object) -> object:
        calls.append(arguments)
        return load(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(compose, "load", counting)
    return calls


def use_project(project: Project, name: str) -> None:
    folder = project.config / "local"
    folder.mkdir(exist_ok=True)
    (folder / "default.yaml").write_text(f"tracking:\n  project: {name}\n")


def test_the_same_files_are_composed_once(project: Project, composed: list[object]) -> None:
    use_project(project, "mine")
    spec = read_tracking(project, [])
    assert spec.project == "mine"
    assert read_tracking(project, []) == spec
    assert len(composed) == 1


def test_a_changed_file_is_seen(project: Project, composed: list[object]) -> None:
    read_tracking(project, [])
    use_project(project, "mine")
    assert read_tracking(project, []).project == "mine"
    use_project(project, "ours")
    assert read_tracking(project, []).project == "ours"


def test_settings_of_the_command_are_seen(project: Project) -> None:
    before = read_tracking(project, []).project
    assert read_tracking(project, ["tracking.project=other"]).project == "other"
    assert read_tracking(project, []).project == before


def test_what_depends_on_a_variable_is_composed_each_time(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_project(project, "${oc.env:TEAM}")
    for team in ("red", "blue"):
        monkeypatch.setenv("TEAM", team)
        assert read_tracking(project, []).project == team


def test_what_is_outside_of_the_folder_is_composed_each_time(
    project: Project, composed: list[object], tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (project.config / "local").symlink_to(tmp_path / "elsewhere")
    for name in ("red", "blue"):
        (tmp_path / "elsewhere" / "default.yaml").write_text(f"tracking:\n  project: {name}\n")
        assert read_tracking(project, []).project == name


def test_an_error_is_reported_each_time(project: Project) -> None:
    use_project(project, "'not a name'")
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"tracking\.project"):
            read_tracking(project, [])


def test_a_damaged_file_is_composed_again(project: Project, composed: list[object]) -> None:
    spec = read_tracking(project, [])
    for text in ("", "{}", '{"digest": 1, "tracking": 2}'):
        (project.state / "tracking.json").write_text(text)
        assert read_tracking(project, []) == spec
    assert len(composed) == 4
