"""MLflow's store: made whole or not at all, and what runs leave in it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import Mock

import pytest

from relay.errors import RelayError
from relay.mlflow_connection import connect
from relay.mlflow_runs import MlflowRuns
from relay.step_result import StepResult
from tests.loading import ROOT


@pytest.fixture
def runs(tmp_path: Path) -> MlflowRuns:
    return connect(f"sqlite:///{tmp_path}/mlflow.db")


def test_a_new_store_leaves_one_file(runs: MlflowRuns, tmp_path: Path) -> None:
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]


def test_killed_while_the_store_is_made_the_next_start_makes_it(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    code = f"from relay.mlflow_connection import connect; connect({uri!r})"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT / "src")
    while not list(tmp_path.iterdir()):
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert connect(uri).experiment("relay", str(tmp_path))


def test_an_experiment_that_another_made_meanwhile_is_taken(
    runs: MlflowRuns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = runs.experiment("relay", str(tmp_path))
    found = Mock(side_effect=[None, runs._client.get_experiment(made)])
    monkeypatch.setattr(runs._client, "get_experiment_by_name", found)
    assert runs.experiment("relay", str(tmp_path)) == made


def test_a_run_keeps_what_its_step_reports(runs: MlflowRuns, tmp_path: Path) -> None:
    experiment = runs.experiment("relay", str(tmp_path / "files"))
    parent = runs.start(experiment, "pipeline")
    child = runs.start(experiment, "train", parent=parent, params={"url": "https://u:p@h/a"})
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"png")
    result = StepResult(
        status="succeeded",
        inputs={"train": "t:v1"},
        outputs={"model": "m:v2"},
        metrics={"r2": 0.5},
        images={"picture": str(picture)},
    )
    runs.record(child, result)
    runs.end(child, "killed")
    tags = runs.tags(child)
    assert tags["mlflow.parentRunId"] == parent
    assert tags["relay.input.train"] == "t:v1"
    assert tags["relay.output.model"] == "m:v2"
    assert list((tmp_path / "files").rglob("images/picture.png"))


def test_no_secret_reaches_the_parameters(runs: MlflowRuns, tmp_path: Path) -> None:
    experiment = runs.experiment("relay", str(tmp_path / "files"))
    run = runs.start(experiment, "get", params={"url": "https://user:secret@host/a.csv"})
    assert runs.params(run) == {"url": "https://host/a.csv"}


def test_a_store_that_does_not_open_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("this is no database, whatever its name says")
    with pytest.raises(RelayError, match="did not open"):
        connect(f"sqlite:///{tmp_path}/mlflow.db")
