"""MLflow's store: made whole or not at all, and what runs leave in it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import Mock

import pytest

from relay.tracking.mlflow.connection import connect
from relay.tracking.mlflow.owner import HOST, PROCESS
from relay.tracking.mlflow.runs import MlflowRuns
from relay.util.errors import RelayError
from tests.loading import ROOT


@pytest.fixture
def runs(tmp_path: Path) -> MlflowRuns:
    return connect(f"sqlite:///{tmp_path}/mlflow.db")


def test_a_new_store_leaves_one_file(runs: MlflowRuns, tmp_path: Path) -> None:
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]


def test_killed_while_the_store_is_made_the_next_start_makes_it(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    code = f"from relay.tracking.mlflow.connection import connect; connect({uri!r})"
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
    find_experiment = Mock(side_effect=[None, runs._client.get_experiment(made)])
    monkeypatch.setattr(runs._client, "get_experiment_by_name", find_experiment)
    assert runs.experiment("relay", str(tmp_path)) == made


def test_a_run_keeps_what_its_step_reports(runs: MlflowRuns, tmp_path: Path) -> None:
    experiment = runs.experiment("relay", str(tmp_path / "files"))
    parent = runs.start(experiment, "pipeline")
    child = runs.start(experiment, "train", parent=parent, params={"url": "https://u:p@h/a"})
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"png")
    runs.record(
        child,
        inputs={"train": "t:v1"},
        outputs={"model": "m:v2"},
        metrics={"r2": 0.5},
        images={"picture": str(picture)},
        url=None,
    )
    runs.end(child, "killed")
    tags = runs.tags(child)
    assert tags["mlflow.parentRunId"] == parent
    assert tags["relay.input.train"] == "t:v1"
    assert tags["relay.output.model"] == "m:v2"
    assert list((tmp_path / "files").rglob("images/picture.png"))


def test_the_experiment_is_relays_or_the_one_that_the_environment_names(
    runs: MlflowRuns, tmp_path: Path
) -> None:
    files = str(tmp_path / "files")
    ours = runs.chosen_experiment({}, files)
    assert ours == runs.experiment("relay", files)
    mine = runs.chosen_experiment({"MLFLOW_EXPERIMENT_NAME": "mine"}, files)
    assert mine not in ("0", ours)
    by_id = {"MLFLOW_EXPERIMENT_ID": mine, "MLFLOW_EXPERIMENT_NAME": "other"}
    assert runs.chosen_experiment(by_id, files) == mine
    with pytest.raises(RelayError, match=r"MLFLOW_EXPERIMENT_ID: .*\(got '987'\)"):
        runs.chosen_experiment({"MLFLOW_EXPERIMENT_ID": "987"}, files)


def test_no_secret_reaches_the_parameters(runs: MlflowRuns, tmp_path: Path) -> None:
    experiment = runs.experiment("relay", str(tmp_path / "files"))
    run = runs.start(experiment, "get", params={"url": "https://user:secret@host/a.csv"})
    assert runs.params(run) == {"url": "https://host/a.csv"}


def test_a_store_that_does_not_open_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("this is no database, whatever its name says")
    with pytest.raises(RelayError, match="did not open"):
        connect(f"sqlite:///{tmp_path}/mlflow.db")


def test_runs_whose_process_was_killed_are_ended_and_no_others(
    runs: MlflowRuns, tmp_path: Path
) -> None:
    experiment = runs.experiment("relay", str(tmp_path))
    gone = json.dumps({"pid": 2**22 + 1, "started": "1", "boot": ""})
    orphan = runs.start(experiment, "orphan", tags={PROCESS: gone})
    child = runs.start(experiment, "child", parent=orphan, tags={PROCESS: gone})
    living = runs.start(experiment, "living")
    elsewhere = runs.start(experiment, "elsewhere", tags={HOST: "another", PROCESS: gone})
    foreign = runs._client.create_run(experiment, run_name="foreign").info.run_id
    assert sorted(runs.end_orphans()) == ["child", "orphan"]
    status = {run: runs._client.get_run(run).info.status for run in (orphan, child)}
    assert set(status.values()) == {"KILLED"}
    for run in (living, elsewhere, foreign):
        assert runs._client.get_run(run).info.status == "RUNNING"
    assert runs.end_orphans() == []


def test_a_run_that_mlflow_started_gets_a_name_unless_it_was_given_one(
    runs: MlflowRuns, tmp_path: Path
) -> None:
    experiment = runs.experiment("relay", str(tmp_path))
    unnamed = runs._client.create_run(experiment).info.run_id
    named = runs._client.create_run(experiment, run_name="mine").info.run_id
    for run in (unnamed, named):
        runs.take_over(run, "sales / linear")
    names = [runs._client.get_run(run).info.run_name for run in (unnamed, named)]
    assert names == ["sales / linear", "mine"]
    assert runs.tags(unnamed)["mlflow.runName"] == "sales / linear"


def test_parameters_that_are_there_stay_and_more_than_a_batch_is_taken(
    runs: MlflowRuns, tmp_path: Path
) -> None:
    run = runs.start(runs.experiment("relay", str(tmp_path)), "one", params={"a": "1"})
    runs.log_params(run, {"a": "2", **{f"b{number}": number for number in range(150)}})
    params = runs.params(run)
    assert (params["a"], params["b149"], len(params)) == ("1", "149", 151)
