"""What a container has of the machine: folders, files and variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.runtime.containers.container_cli import Mount
from relay.runtime.containers.step_containers import list_mounts, merge_mounts, step_variables
from relay.util.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "relay"
    for name in ("src", "outputs", ".relay", "mlruns"):
        (root / name).mkdir(parents=True)
    for name in ("main.py", "mlflow.db", "mlflow.db-journal"):
        (root / name).touch()
    return Project(root)


def modes(project: Project, mounts: list[Mount]) -> dict[str, bool]:
    """Return whether the project's mounts can be written to, by relative path."""
    return {str(mount.path.relative_to(project.root)): mount.is_writable for mount in mounts}


def test_the_code_is_read_only_and_the_stores_are_not(project: Project) -> None:
    assert modes(project, merge_mounts(list_mounts(project, {}))) == {
        ".": False,
        ".relay": True,
        "mlruns": True,
        "outputs": True,
    }


def test_beside_mlflows_database_files_can_be_made_but_not_changed(project: Project) -> None:
    variables = {"MLFLOW_TRACKING_URI": f"sqlite:///{project.root}/mlflow.db"}
    assert modes(project, merge_mounts(list_mounts(project, variables))) == {
        ".": True,
        "src": False,
        "main.py": False,
    }


def test_with_stores_elsewhere_the_whole_checkout_is_read_only(
    project: Project, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    (home / "outputs").mkdir(parents=True)
    variables = {"MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db"}
    mounts = merge_mounts(list_mounts(Project(project.root, home), variables))
    assert [(mount.path, mount.is_writable) for mount in mounts] == [
        (home, True),
        (project.root, False),
    ]


def test_a_folder_that_is_linked_into_the_checkout_is_there(
    project: Project, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (project.root / "data").symlink_to(tmp_path / "data")
    assert Mount(tmp_path / "data") in list_mounts(project, {})


def test_a_mount_within_another_of_the_same_kind_is_needless() -> None:
    outer, inner, own = Path("/a"), Path("/a/b"), Path("/a/b/c")
    mounts = [Mount(own, is_writable=True), Mount(inner), Mount(outer), Mount(outer)]
    assert merge_mounts(mounts) == [Mount(outer), Mount(own, is_writable=True)]


def test_variables_that_describe_the_machine_stay_there() -> None:
    environ = {
        "PATH": "/bin", "PYTHONPATH": "/x", "VIRTUAL_ENV": "/x", "DOCKER_HOST": "unix:///x",
        "PYTHONUNBUFFERED": "1", "MY_DATABASE": "x", "OMP_NUM_THREADS": "2", "PIPELINE": "x",
    }  # fmt: skip
    assert step_variables(environ) == {
        "USER": "relay",
        "PYTHONUNBUFFERED": "1",
        "MY_DATABASE": "x",
        "OMP_NUM_THREADS": "2",
        "PIPELINE": "x",
    }
