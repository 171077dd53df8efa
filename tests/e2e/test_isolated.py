"""The whole pipeline, each component in an environment of its own, as a newcomer runs it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.conftest import GIT_URL, Checkout, new_checkout, publish_tag
from tests.e2e.online import PROJECT, login
from tests.forks import Done
from tests.wandb_server import WandbServer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Return a checkout that has run the pipeline once, with nothing in it before."""
    checkout = new_checkout(tmp_path_factory.mktemp("checkout") / "relay", store=False)
    done = checkout.main(env_manager="uv")
    assert done.status == 0, done.output
    return checkout


def test_every_step_yields_an_artifact_and_the_model_is_registered(ran: Checkout) -> None:
    summary = ran.summary
    assert summary["status"] == "succeeded"
    assert summary["backend"] == "local"
    steps = {step["name"]: step for step in summary["steps"]}
    assert steps.pop("predict")["status"] == "not_selected"
    for name, step in steps.items():
        assert step["status"] == "ran", name
        assert step["outputs"], name
        assert step["seconds"] > 0
        assert step["cpu_seconds"] > 0
        assert step["max_rss_mb"] > 20
        assert (ran.root / step["log"]).is_file()
    assert steps["split"]["outputs"] == {"train": "diabetes_train:v0", "test": "diabetes_test:v0"}
    assert steps["train"]["inputs"] == {
        "train": "diabetes_train:v0",
        "report": "diabetes_report:v0",
    }
    champion = ran.mlflow.get_model_version_by_alias("diabetes_model", "champion")
    assert champion.tags["relay.artifact"] == "diabetes_model:v0"


def test_mlflow_has_a_run_per_step_under_the_pipelines_own(ran: Checkout) -> None:
    children = {run.info.run_name: run for run in ran.mlflow_children()}
    assert list(children) == [s["name"] for s in ran.summary["steps"] if s["status"] == "ran"]
    assert all(run.info.status == "FINISHED" for run in children.values())
    assert children["train"].data.tags["relay.input.train"] == "diabetes_train:v0"
    assert children["train"].data.tags["relay.output.model"] == "diabetes_model:v0"
    assert children["evaluate"].data.metrics["r2"] == ran.step("evaluate")["metrics"]["r2"]
    assert ran.mlflow.get_run(ran.summary["mlflow_run_id"]).info.status == "FINISHED"


def test_a_component_runs_alone_on_the_same_store(ran: Checkout) -> None:
    before = ran.versions()
    done = ran.command(
        *("mlflow", "run", "components/split", "--env-manager", "uv"),
        *("-P", "input_artifact=diabetes_clean:latest", "-P", "target=target"),
        *("-P", "train_artifact=diabetes_train", "-P", "test_artifact=diabetes_test"),
        *("-P", "test_size=0.3"),
    )
    assert done.status == 0, done.output
    assert ran.versions()["diabetes_train"] == before["diabetes_train"] + 1


def test_predict_uses_the_champion(ran: Checkout) -> None:
    done = ran.main(
        "steps=predict",
        "predict.artifact=diabetes_test:v0",
        "predict.output=predictions.csv",
        env_manager="uv",
    )
    assert done.status == 0, done.output
    assert ran.step("predict")["inputs"]["model"] == "diabetes_model:v0"
    rows = (ran.root / "predictions.csv").read_text().splitlines()
    assert "prediction" in rows[0]
    assert len(rows) == 1 + 89


def test_a_git_tag_is_built_once_and_run_twice_with_nothing_checked_out(
    ran: Checkout, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    variables, started = publish_tag(ran, tmp_path / "there"), replace(ran, root=home)

    def run(url: str, *params: str) -> Done:
        words = [word for param in params for word in ("-P", param)]
        command = ("mlflow", "run", url, "-v", "v1", "--env-manager", "uv", *words)
        done = started.command(*command, **variables)
        assert done.status == 0, done.output
        return done

    steps = ["get_data", "clean", "check", "split"]
    selected = f"steps={','.join(steps)}"
    run(GIT_URL, selected)
    assert [started.step(name)["status"] for name in steps] == ["ran"] * 4
    done = run(GIT_URL, selected)
    assert "Creating a new environment" not in done.output  # MLflow's, for Relay itself
    assert "Built the environment" not in done.output
    assert [started.step(name)["status"] for name in steps] == ["cached"] * 4
    model = '{"name": "linear", "_target_": "sklearn.linear_model.Ridge"}'
    done = run(
        f"{GIT_URL}#components/train",
        *("train_artifact=diabetes_train:latest", "report_artifact=diabetes_report:latest"),
        *("target=target", f"model={model}"),
    )
    assert "Stored model:v0" in done.output
    assert "Creating a new environment" not in done.output


def test_with_a_login_the_same_environments_work_on_wandb(ran: Checkout) -> None:
    with WandbServer() as server:
        done = ran.relay("publish", **login(server))
        assert done.status == 0, done.output
        published = set(server.snapshot(PROJECT)["runs"])
        # a step in the environment for models, and below a step in the one for tables
        words = ("model=linear", "train.folds=2", "steps=train")
        done = ran.main(*words, env_manager="uv", **login(server))
        assert done.status == 0, done.output
        assert (ran.summary["backend"], ran.statuses()["train"]) == ("wandb", "ran")
        runs = server.snapshot(PROJECT)["runs"]
        [trained] = [run for name, run in runs.items() if name not in published]
        assert (trained["job_type"], trained["state"]) == ("train", "finished")
        done = ran.command(
            *("mlflow", "run", "components/check", "--env-manager", "uv"),
            *("-P", "input_artifact=diabetes_clean:latest", "-P", "target=target"),
            *("-P", "report_artifact=diabetes_report"),
            **login(server),
        )
        assert done.status == 0, done.output
        after = server.snapshot(PROJECT)["runs"]
        [alone] = [run for name, run in after.items() if name not in runs]
        assert (alone["group"] or "", alone["inputs"]) == ("", ["diabetes_clean:v0"])
