"""Environments are known again, until anything that decides which one it is changes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from relay.runtime.environments import Environment, EnvironmentIndex
from tests.loading import COMPONENTS

FOUND = Environment("/envs/mlflow-1", ("source /envs/mlflow-1/bin/activate",))


@pytest.fixture
def component(tmp_path: Path) -> Path:
    folder = tmp_path / "split"
    folder.mkdir()
    for name in ("conda.yml", "requirements.txt"):
        shutil.copy(COMPONENTS / "split" / name, folder)
    return folder


@pytest.fixture
def index(tmp_path: Path, component: Path) -> EnvironmentIndex:
    index = EnvironmentIndex(tmp_path / ".relay" / "environments.json")
    assert index.find("uv", component) is None
    index.remember("uv", component, FOUND)
    return index


def test_what_was_remembered_is_found(index: EnvironmentIndex, component: Path) -> None:
    assert index.find("uv", component) == FOUND
    assert index.find("virtualenv", component) is None


@pytest.mark.parametrize("name", ["conda.yml", "requirements.txt"])
def test_another_file_is_another_environment(
    index: EnvironmentIndex, component: Path, name: str
) -> None:
    (component / name).write_text("other")
    assert index.find("uv", component) is None


def test_another_place_is_another_environment(
    index: EnvironmentIndex, component: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ENV_ROOT", "/elsewhere")
    assert index.find("uv", component) is None


def test_another_conda_has_environments_of_its_own(
    index: EnvironmentIndex, component: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONDA_EXE", raising=False)
    for name in ("one", "two"):
        conda = tmp_path / name / "conda"
        conda.parent.mkdir()
        conda.touch(0o755)
        monkeypatch.setenv("PATH", str(conda.parent))
        assert index.find("conda", component) is None
        index.remember("conda", component, FOUND)
        assert index.find("conda", component) == FOUND


def test_a_broken_file_is_made_again(
    index: EnvironmentIndex, component: Path, tmp_path: Path
) -> None:
    (tmp_path / ".relay" / "environments.json").write_text("{half")
    assert index.find("uv", component) is None
    index.remember("uv", component, FOUND)
    assert index.find("uv", component) == FOUND


def test_whole_is_what_has_all_of_its_lock(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lines = (
        "one==1.0 \\",
        "    --hash=x",
        'Two_x==2.0 ; python_version >= "3" \\',
        "    --hash=y",
        'old==1 ; python_version < "3"',
        "",
    )
    lock.write_text("\n".join(lines))
    site = tmp_path / "env" / "lib" / "python3.11" / "site-packages"
    environment = Environment(str(tmp_path / "env"), ())
    assert not environment.is_complete(lock)
    for name in ("one-1.0", "two_x-2.0"):
        (site / f"{name}.dist-info").mkdir(parents=True)
        assert not environment.is_complete(lock)
        (site / f"{name}.dist-info" / "RECORD").touch()
    assert environment.is_complete(lock)
    assert not Environment(None, ()).is_complete(lock)


@pytest.mark.parametrize(("python", "is_complete"), [("3.11", True), ("3.13", False)])
def test_a_lock_is_read_for_the_python_of_the_environment(
    tmp_path: Path, python: str, is_complete: bool
) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("newer==1 ; python_full_version >= '3.12' \\\n    --hash=sha256:0\n")
    (tmp_path / "env" / "lib" / f"python{python}" / "site-packages").mkdir(parents=True)
    (tmp_path / "env" / "lib" / "python3.1").mkdir()
    assert Environment(str(tmp_path / "env"), ()).is_complete(lock) is is_complete
