"""A new store is made by MLflow once, and is a copy of empty tables from then on."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from relay.tracking.mlflow import new_store
from relay.tracking.mlflow.connection import connect
from relay.tracking.mlflow.new_store import make_store


@pytest.fixture(autouse=True)
def environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLFLOW_ENV_ROOT", str(tmp_path / "envs"))
    return tmp_path / "envs"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Make a first store, and return the file with its empty tables."""
    make_store(tmp_path / "first.db")
    return new_store._tables_file()


def default_place(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return where the store at `path`, opened from its folder, keeps files of experiment 0."""
    monkeypatch.chdir(path.parent)
    runs = connect(f"sqlite:///{path}")
    return str(runs._client.get_experiment("0").artifact_location)


def test_the_second_store_is_not_made_by_migrations(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(store: Path, tables: Path) -> None:
        raise AssertionError("made by MLflow")

    monkeypatch.setattr(new_store, "_keep_tables", fail)
    (tmp_path / "other").mkdir()
    runs = connect(f"sqlite:///{tmp_path}/other/mlflow.db")
    experiment = runs.experiment("relay", str(tmp_path / "other" / "mlruns"))
    assert runs.start(experiment, "a run")
    assert not list(tmp_path.glob("other/.*"))


def test_each_has_the_default_experiment_in_its_own_folder(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        make_store(tmp_path / name / "mlflow.db")
        places.append(default_place(tmp_path / name / "mlflow.db", monkeypatch))
    assert [Path(place).parts[-3:] for place in places] == [
        ("one", "mlruns", "0"),
        ("two", "mlruns", "0"),
    ]


def test_damaged_tables_are_made_again(kept: Path, tmp_path: Path) -> None:
    kept.write_text("not a database")
    connect(f"sqlite:///{tmp_path}/mlflow.db")
    assert len(kept.read_bytes()) > 100_000


def test_tables_that_cannot_be_kept_are_not_needed(environments: Path, tmp_path: Path) -> None:
    environments.write_text("not a folder")
    assert connect(f"sqlite:///{tmp_path}/mlflow.db")


def test_a_store_that_another_process_made_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    path.write_text("of another process")
    make_store(path)
    assert path.read_text() == "of another process"


def test_an_empty_file_counts_as_no_store(kept: Path, tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    path.touch()
    runs = connect(f"sqlite:///{path}")
    assert runs.start(runs.experiment("relay", str(tmp_path)), "a run")


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("home", "folder", "rights"),
    [("checkout", 0o755, 0o600), ("checkout", 0o2770, 0o644), ("elsewhere", 0o755, 0o644)],
)
def test_in_the_folder_for_results_only_the_owner_can_read_it_unless_that_is_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str, folder: int, rights: int
) -> None:
    monkeypatch.setenv("RELAY_HOME", str(tmp_path / home))
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout").chmod(folder)
    before = os.umask(0o022)
    try:
        make_store(tmp_path / "checkout" / "mlflow.db")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "checkout" / "mlflow.db").stat().st_mode) == rights
