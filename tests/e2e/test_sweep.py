"""`main.py` as the program of a W&B sweep: what `wandb agent` sets, and what it gets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import Checkout
from tests.e2e.online import PROJECT, login, made
from tests.forks import Done
from tests.wandb_server import WandbServer

SETTINGS = {"model": "linear", "split.test_size": 0.3, "train.folds": 2}
SWEEP = {
    "method": "grid",
    "metric": {"name": "cv_score", "goal": "maximize"},
    "parameters": {name: {"value": value} for name, value in SETTINGS.items()},
}


@pytest.fixture(scope="module")
def server() -> Iterator[WandbServer]:
    with WandbServer() as server:
        yield server


@pytest.fixture(scope="module")
def sweep(server: WandbServer) -> str:
    return server.make_sweep(PROJECT, SWEEP)


@dataclass
class Agent:
    """Starts trials as the agent of a sweep does."""

    checkout: Checkout
    server: WandbServer
    sweep: str
    folder: Path
    project: str = PROJECT

    def run(self, run_id: str, settings: dict[str, Any], *words: str) -> Done:
        params = self.folder / f"config-{run_id}.yaml"
        content = {name: {"value": value} for name, value in settings.items()}
        params.write_text(yaml.safe_dump({"wandb_version": 1, **content}))
        given = [f"--{name}={value}" for name, value in settings.items()]
        return self.checkout.main(
            *words,
            *given,
            **login(self.server),
            WANDB_SWEEP_ID=self.sweep,
            WANDB_RUN_ID=run_id,
            WANDB_SWEEP_PARAM_PATH=str(params),
            WANDB_PROJECT=self.project,
            WANDB_ENTITY=self.server.entity,
        )

    def runs(self) -> dict[str, Any]:
        runs: dict[str, Any] = self.server.snapshot(PROJECT)["runs"]
        return runs


@pytest.fixture
def agent(checkout: Checkout, server: WandbServer, sweep: str, tmp_path: Path) -> Agent:
    return Agent(checkout, server, sweep, tmp_path)


def test_a_trial_has_a_row_for_each_fold_and_makes_no_model(agent: Agent) -> None:
    done = agent.run("trial1", SETTINGS)
    assert done.status == 0, done.output
    runs = agent.runs()
    trial = runs["trial1"]
    assert (trial["sweep"], trial["state"]) == (agent.sweep, "finished")
    assert trial["config"] == SETTINGS
    assert [row["_step"] for row in trial["history"]] == [0, 1]
    assert trial["summary"]["cv_score"] == trial["history"][1]["cv_score"]
    upstream = {run["job_type"]: run["sweep"] for name, run in runs.items() if name != "trial1"}
    assert upstream == dict.fromkeys(("get_data", "clean", "check", "split"))
    assert len(runs) == 5
    assert not any("model" in name for name in agent.server.snapshot(PROJECT)["artifacts"])


def test_values_are_as_python_writes_them_and_nested(agent: Agent) -> None:
    nested = {"max_depth": None, "bootstrap": True, "n_estimators": 3}
    settings = {
        "model": {"name": "random_forest", "params": nested},
        "split.test_size": 0.3,
        "train.folds": 2,
    }
    done = agent.run("trial2", settings)
    assert done.status == 0, done.output
    trial = agent.runs()["trial2"]
    assert trial["config"] == settings
    assert len(trial["history"]) == 2


def test_a_trial_that_is_refused_or_fails_ends_as_failed(agent: Agent) -> None:
    assert agent.run("trial3", {**SETTINGS, "split.test_size": 2}).status == 2
    assert agent.run("trial4", {**SETTINGS, "modle.params.x": 2}).status == 2
    unfit = {"bootstrap": False, "max_samples": 0.5}
    failing = {**SETTINGS, "model": "random_forest", "model.params": unfit}
    assert agent.run("trial5", failing).status == 1
    runs = agent.runs()
    assert {runs[name]["state"] for name in ("trial3", "trial4", "trial5")} == {"failed"}
    assert "test_size" in runs["trial3"]["summary"]["error"]
    assert "modle" in runs["trial4"]["summary"]["error"]
    assert "bootstrap" in runs["trial5"]["summary"]["error"]


def test_a_sweep_by_a_metric_that_trials_do_not_have_is_refused(agent: Agent) -> None:
    agent.sweep = agent.server.make_sweep(PROJECT, {**SWEEP, "metric": {"name": "r2"}})
    done = agent.run("trial6", SETTINGS)
    assert done.status == 2
    assert "its trials have no metric 'r2'" in done.output
    assert agent.runs()["trial6"]["state"] == "failed"
    agent.sweep = "absent"
    assert "sweep absent: there is none in the W&B project" in agent.run("t", SETTINGS).output


@pytest.mark.slow
def test_with_steps_in_its_command_a_trial_has_the_metrics_of_these_steps(agent: Agent) -> None:
    rule = {"type": "hyperband", "min_iter": 1}
    content = {**SWEEP, "metric": {"name": "r2"}, "early_terminate": rule}
    agent.sweep = agent.server.make_sweep(PROJECT, content)
    before = agent.runs()
    done = agent.run("trial7", SETTINGS, "steps=all")
    assert done.status == 0, done.output
    assert "early_terminate has no effect" in done.output
    runs = agent.runs()
    trial = runs["trial7"]
    assert (trial["sweep"], trial["state"]) == (agent.sweep, "finished")
    assert trial["summary"]["r2"] == agent.checkout.step("evaluate")["metrics"]["r2"]
    steps = {runs[name]["job_type"]: runs[name] for name in set(runs) - set(before) - {"trial7"}}
    assert set(steps) >= {"train", "evaluate", "register"}  # and what no trial before has made
    assert made(steps["train"]) == {"diabetes_model:v0"}
    assert {run["group"] for run in steps.values()} == {trial["group"]}
    # of many trials, the best by chance would be the champion
    aliases = agent.server.snapshot(PROJECT)["artifacts"]["diabetes_model:v0"]["aliases"]
    assert "candidate" in aliases
    assert "champion" not in aliases
    assert "not promoted: register.promote=false" in done.output
    again = agent.run("trial8", SETTINGS, "steps=all")  # all steps are cached
    assert again.status == 0, again.output
    assert set(agent.runs()) - set(runs) == {"trial8"}
    assert agent.runs()["trial8"]["summary"]["r2"] == trial["summary"]["r2"]


@pytest.mark.slow
def test_with_steps_a_trial_that_is_refused_or_fails_ends_as_failed(agent: Agent) -> None:
    assert agent.run("trial9", {**SETTINGS, "split.test_size": 2}, "steps=all").status == 2
    failing = {**SETTINGS, "evaluate.thresholds.r2": 0.99}
    assert agent.run("trial10", failing, "steps=all").status == 1
    assert agent.run("trial11", SETTINGS, "steps=split").status == 1
    runs = agent.runs()
    assert {runs[f"trial{number}"]["state"] for number in (9, 10, 11)} == {"failed"}
    assert "test_size" in runs["trial9"]["summary"]["error"]
    assert "r2" in runs["trial10"]["summary"]["error"]
    assert "no metric 'cv_score'" in runs["trial11"]["summary"]["error"]


def test_a_trial_whose_runs_are_not_on_the_server_is_refused(agent: Agent) -> None:
    done = agent.run("trial12", SETTINGS, "tracking=local")
    assert done.status == 2
    assert "would get no metrics, as its runs must be on W&B" in done.output


@pytest.mark.slow
def test_a_sweep_is_made_on_the_server_and_its_best_trial_makes_the_model(agent: Agent) -> None:
    (agent.checkout.root / "config" / "sweep" / "small.yaml").write_text(yaml.safe_dump(SWEEP))
    words = ["split.test_size=0.25", "tracking.project=houses"]
    place = login(agent.server)
    made = agent.checkout.relay("sweep", "small", "--wandb", "--trials", "5", *words, **place)
    assert made.status == 0, made.output
    [(agent.sweep, stored)] = agent.server.snapshot("houses")["sweeps"].items()
    path = f"{agent.server.entity}/houses/{agent.sweep}"
    assert f"Sweep: {agent.server.url}/{path.replace('/houses/', '/houses/sweeps/')}" in made.output
    assert f"  .venv/bin/wandb agent {path}" in made.output
    assert f"  export WANDB_BASE_URL={agent.server.url}" in made.output
    assert f"  ./relay sweep small --winner {path}" in made.output
    content = stored["config"]
    assert (content["run_cap"], content["name"]) == (5, "small")
    assert content["command"][3:] == [*words, "${args_no_hyphens}"]
    assert "split.test_size" not in content["parameters"]

    winner = ["sweep", "small", "--winner", path, "env_manager=local"]
    early = agent.checkout.relay(*winner, **place)
    assert early.status == 1
    assert "no trial has ended with cv_score yet. Start an agent: .venv/bin/wandb" in early.output
    agent.project = "houses"
    for run_id, folds in (("best", 2), ("other", 3)):
        done = agent.run(run_id, {"model": "linear", "train.folds": folds}, *words)
        assert done.status == 0, done.output
    runs = agent.server.snapshot("houses")["runs"]
    scores = {run_id: runs[run_id]["summary"]["cv_score"] for run_id in ("best", "other")}
    best = max(scores, key=lambda run_id: scores[run_id])
    won = agent.checkout.relay(*winner, **place)
    assert won.status == 0, won.output
    assert f"The best of sweep {path}: {best}, cv_score {scores[best]:.6g}" in won.output
    assert agent.checkout.step("train")["metrics"]["cv_score"] == scores[best]
    assert set(agent.checkout.statuses().values()) == {"cached", "ran", "not_selected"}
    aliases = agent.server.snapshot("houses")["artifacts"]["diabetes_model:v0"]["aliases"]
    assert "champion" in aliases
    experiment = agent.checkout.root / "config" / "experiment" / "small-best.yaml"
    assert yaml.safe_load(experiment.read_text())["split"] == {"test_size": 0.25}


def test_a_sweep_on_a_server_needs_a_login_and_a_server(agent: Agent) -> None:
    absent = {"WANDB_BASE_URL": "http://127.0.0.1:9", "HOME": str(agent.folder)}
    command = ("sweep", "random_forest", "--wandb")
    done = agent.checkout.relay(*command, **absent)
    assert done.status == 2
    assert done.output.strip().splitlines()[-1] == (
        "Error: W&B: there is no login for http://127.0.0.1:9. Run `wandb login` or set "
        "WANDB_API_KEY."
    )
    done = agent.checkout.relay(*command, **absent, WANDB_API_KEY="x" * 40)
    assert done.status == 1
    assert "http://127.0.0.1:9" in done.output
