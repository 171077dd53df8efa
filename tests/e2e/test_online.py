"""The same commands on a W&B server. From the local store to W&B: test_publish.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Checkout
from tests.e2e.online import (
    COMMAND,
    PROJECT,
    STEPS,
    login,
    made,
    plain,
    runs_by_step,
)
from tests.wandb_server import WandbServer


@pytest.fixture(scope="module")
def server() -> Iterator[WandbServer]:
    with WandbServer() as server:
        yield server


@pytest.fixture(scope="module")
def ran(checkout: Checkout, server: WandbServer) -> Checkout:
    """Return a checkout that has run the default pipeline on `server`, set by variables alone."""
    done = checkout.main(*COMMAND, **login(server))
    assert done.status == 0, done.output
    assert server.url in done.output
    return checkout


@pytest.fixture(scope="module")
def state(ran: Checkout, server: WandbServer) -> Any:
    """Return the content of the server after that run."""
    return server.snapshot(PROJECT)


def test_the_server_has_a_finished_run_for_each_step_in_one_group(state: Any) -> None:
    runs = runs_by_step(state)
    assert sorted(runs) == sorted(STEPS)
    assert {run["state"] for run in runs.values()} == {"finished"}
    assert len({run["group"] for run in runs.values()}) == 1
    assert all(run["tags"] == ["nightly"] for run in runs.values())
    assert all(run["name"] == f"{step} {run['group']}" for step, run in runs.items())


def test_each_run_has_its_parameters_and_the_exact_inputs(state: Any, ran: Checkout) -> None:
    runs = runs_by_step(state)
    assert runs["split"]["config"]["test_size"] == 0.2
    assert runs["split"]["config"]["input_artifact"] == "diabetes_clean:v0"
    assert runs["train"]["config"]["model"]["name"] == "linear"
    children = {run.data.tags["relay.step"]: run for run in ran.mlflow_children()}
    for step, run in runs.items():
        assert run["config"]["mlflow_run_id"] == children[step].info.run_id


def test_each_run_has_its_metrics_and_pictures_and_the_last_the_whole_table(state: Any) -> None:
    runs = runs_by_step(state)
    assert runs["evaluate"]["summary"]["r2"] == pytest.approx(0.475, abs=0.01)
    assert runs["evaluate"]["summary"]["residuals"]["_type"] == "image-file"
    assert all(run["summary"]["seconds"] > 0 for run in runs.values())
    summary = runs["register"]["summary"]
    assert summary["pipeline"]["_type"] == "table-file"
    pages = ("run", "diabetes_report", "diabetes_registration")
    assert {summary[page]["_type"] for page in pages} == {"html-file"}


def test_inputs_made_with_other_settings_are_named(ran: Checkout, server: WandbServer) -> None:
    settings = ("steps=train", "split.test_size=0.3", "model=linear", "explain=true")
    done = ran.main(*settings, **login(server))
    assert "Inputs from the store: diabetes_train:v0, diabetes_report:v0" in done.output
    assert (
        "diabetes_train:v0 was made with split.test_size=0.2, the present settings have 0.3. "
        "To remake it: steps=split+"
    ) in done.output
    assert "diabetes_report" not in done.output.partition("WARNING")[2]


def test_the_lineage_is_unbroken_from_the_data_to_the_registration(state: Any) -> None:
    runs = runs_by_step(state)
    outputs = {step: made(run) for step, run in runs.items()}
    assert runs["get_data"]["inputs"] == []
    assert set(runs["clean"]["inputs"]) == outputs["get_data"]
    assert set(runs["check"]["inputs"]) == set(runs["split"]["inputs"]) == outputs["clean"]
    assert set(runs["train"]["inputs"]) == {"diabetes_report:v0", "diabetes_train:v0"}
    assert set(runs["evaluate"]["inputs"]) == {"diabetes_model:v0", "diabetes_test:v0"}
    assert set(runs["register"]["inputs"]) >= outputs["evaluate"] | outputs["train"]


def test_the_model_has_its_aliases_and_is_linked_into_the_registry(state: Any) -> None:
    model = state["artifacts"]["diabetes_model:v0"]
    assert model["type"] == "model"
    assert plain(model["aliases"]) == ["candidate", "champion", "latest"]
    link = state["links"]["wandb-registry-model/diabetes_model:v0"]
    assert link["source"] == "diabetes_model:v0"
    assert set(link["aliases"]) >= {"candidate", "champion"}


def test_mlflows_runs_have_the_pages_of_the_wandb_runs(state: Any, ran: Checkout) -> None:
    ids = {run["job_type"]: name for name, run in state["runs"].items()}
    for run in ran.mlflow_children():
        assert run.data.tags["wandb_url"].endswith(ids[run.data.tags["relay.step"]])


def test_nothing_is_stored_locally_but_mlflow_and_the_key_is_nowhere(
    state: Any, ran: Checkout, server: WandbServer
) -> None:
    assert not (ran.root / ".relay" / "trackio").exists()
    assert not server.bodies_contain(server.key)
    key = server.key.encode()
    files = [path for path in ran.root.rglob("*") if path.is_file() and not path.is_symlink()]
    assert [path for path in files if key in path.read_bytes()] == []


def test_selected_steps_run_on_the_servers_newest_artifacts(
    state: Any, ran: Checkout, server: WandbServer
) -> None:
    small = ("model=random_forest", "model.params.n_estimators=5", "train.folds=2")
    done = ran.main("steps=train,evaluate", *small, **login(server))
    assert done.status == 0, done.output
    assert ran.step("train")["inputs"]["train"] == "diabetes_train:v0"
    assert ran.step("evaluate")["inputs"]["model"] == "diabetes_model:v1"
    after = server.snapshot(PROJECT)
    assert plain(after["artifacts"]["diabetes_model:v1"]["aliases"]) == ["latest"]
    assert len(after["runs"]) == len(STEPS) + 2


def test_predict_reads_the_champion_from_the_registry(
    state: Any, ran: Checkout, server: WandbServer, tmp_path: Path
) -> None:
    done = ran.main(
        "steps=predict",
        "predict.model=wandb-registry-model/diabetes_model:champion",
        "predict.artifact=diabetes_test:latest",
        **login(server),
    )
    assert done.status == 0, done.output
    assert ran.step("predict")["inputs"]["model"] == "diabetes_model:v0"
