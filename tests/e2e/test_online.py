"""The same commands on a W&B server, and from the local store to W&B."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Checkout, new_checkout
from tests.e2e.online import PROJECT, after, comparable, login, made, plain, runs_by_step, uploads
from tests.loading import SHIPPED
from tests.wandb_server import Fault, WandbServer, operation

STEPS = [*SHIPPED[:-1]]  # all but predict
COMMAND = ("model=linear", "train.folds=2", "tracking.registry=model", "tracking.tags=[nightly]")
CHOOSE = """
import json, pathlib
from relay.tracking import Draft, RunSpec, TrackingSettings, open_backend

backend = open_backend(TrackingSettings("wandb", "relay"), pathlib.Path.cwd())
path = pathlib.Path("another-model.txt")
path.write_text("another model")
run = backend.start_run(RunSpec("another", "train", "train"))
[version] = run.log_artifacts([Draft("diabetes_model", "model", path, "Another model.", {})])
run.finish("succeeded")
backend.set_alias(version, "champion")
print(json.dumps(str(version)))
"""
"""What another person's run does: it makes a model, which becomes the champion."""


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


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Another checkout, with the same run in its local store."""
    other = new_checkout(tmp_path_factory.mktemp("local") / "relay")
    done = other.main(*COMMAND)
    assert done.status == 0, done.output
    assert other.summary["backend"] == "local"
    return other


@pytest.fixture(scope="module")
def published(local: Checkout) -> Iterator[WandbServer]:
    """Yield a server of its own, to which that run was published."""
    with WandbServer() as server:
        done = local.command(sys.executable, "main.py", "publish", **login(server))
        assert done.status == 0, done.output
        assert f"{server.url}/{server.entity}/{PROJECT}" in done.output
        yield server


def test_what_is_published_is_what_a_run_online_leaves(state: Any, published: WandbServer) -> None:
    online, later = comparable(state), comparable(published.snapshot(PROJECT))
    assert later["runs"] == online["runs"]
    assert later["artifacts"] == online["artifacts"]
    assert later["links"] == online["links"]


def test_published_metrics_keep_their_times(local: Checkout, published: WandbServer) -> None:
    runs = runs_by_step(published.snapshot(PROJECT))
    times = {step: runs[step]["history"][0]["_timestamp"] for step in STEPS}
    assert times == pytest.approx(stored_times(local), abs=1e-3)
    for first, then in itertools.pairwise(("get_data", "clean", "split", "train", "evaluate")):
        assert times[first] <= times[then]


def stored_times(local: Checkout) -> dict[str, float]:
    """Return the time of each step's row in the local store."""
    code = """
import json
from relay.tracking.local.history import LocalHistory
runs = LocalHistory("relay").runs()
print(json.dumps({run.spec.step: run.rows[0].time for run in runs if run.rows}))
"""
    done = local.command(
        sys.executable, "-c", code, PYTHONPATH="src", TRACKIO_DIR=str(local.root / ".relay/trackio")
    )
    assert done.status == 0, done.output
    times = json.loads(done.output.splitlines()[-1])
    return {step: times[step] for step in STEPS}


def test_published_twice_is_published_once(local: Checkout, published: WandbServer) -> None:
    before, sent = published.snapshot(PROJECT), uploads(published)
    done = local.relay("publish", **login(published))
    assert done.status == 0, done.output
    assert "nothing to upload" in done.output
    assert published.snapshot(PROJECT) == before
    assert uploads(published) == sent


def test_a_dry_run_lists_and_sends_nothing(local: Checkout) -> None:
    with WandbServer() as server:
        done = local.relay("publish", "--dry-run", **login(server))
        assert done.status == 0, done.output
        assert all(f"{step} diabetes" in done.output for step in STEPS)
        assert "diabetes_model:v0" in done.output
        assert uploads(server) == 0
        assert server.snapshot(PROJECT)["runs"] == {}


def test_without_a_login_a_dry_run_lists_all_and_publish_gives_advice(local: Checkout) -> None:
    assert "diabetes_model:v0" in local.relay("publish", "--dry-run").output
    done = local.relay("publish")
    assert done.status == 2
    assert "wandb login" in done.output


def test_publish_that_was_stopped_goes_on_and_doubles_nothing(
    local: Checkout, published: WandbServer
) -> None:
    with WandbServer() as server:
        fault = server.faults.add(Fault(match=after(3, operation("CreateArtifact")), status=403))
        done = local.relay("publish", **login(server))
        assert done.status == 1
        assert "W&B did not take" in done.output
        assert fault.hits
        assert 0 < len(server.snapshot(PROJECT)["runs"]) < len(STEPS)
        server.faults.clear()
        done = local.relay("publish", **login(server))
        assert done.status == 0, done.output
        assert comparable(server.snapshot(PROJECT)) == comparable(published.snapshot(PROJECT))


def test_publish_leaves_a_champion_that_was_chosen_there_since(
    local: Checkout, published: WandbServer
) -> None:
    chosen = local.code(CHOOSE, **login(published))
    done = local.main(*COMMAND, "steps=get_data", "force=get_data", "tracking=local")
    assert done.status == 0, done.output
    done = local.relay("publish", **login(published))
    assert done.status == 0, done.output
    assert f"diabetes_model:champion stays {chosen}" in done.output
    aliases = published.snapshot(PROJECT)["artifacts"][chosen]["aliases"]
    assert "champion" in aliases


def test_publish_takes_its_own_settings_only(local: Checkout) -> None:
    for argument in ("tracking=local", "steps=train"):
        done = local.relay("publish", argument)
        assert done.status == 2
        assert f"(got '{argument}')" in done.output
