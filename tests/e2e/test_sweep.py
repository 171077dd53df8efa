"""`main.py` as the program of a W&B sweep: what `wandb agent` sets, and what it gets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Checkout
from tests.e2e.online import PROJECT, login, made
from tests.forks import Done
from tests.wandb_server import WandbServer

pytestmark = pytest.mark.e2e

SETTINGS = {"model": "linear", "split.test_size": 0.3, "train.folds": 2}


@pytest.fixture(scope="module")
def server() -> Iterator[WandbServer]:
    with WandbServer() as server:
        yield server


def run_trial(
    checkout: Checkout, server: WandbServer, folder: Path, run_id: str, settings: dict[str, Any]
) -> Done:
    """Run a trial as the agent does."""
    params = folder / f"config-{run_id}.yaml"
    lines = [f"{name}:\n  value: {value}\n" for name, value in settings.items()]
    params.write_text("wandb_version: 1\n" + "".join(lines))
    words = [f"--{name}={value}" for name, value in settings.items()]
    return checkout.main(
        *words,
        **login(server),
        WANDB_SWEEP_ID="sweep1",
        WANDB_RUN_ID=run_id,
        WANDB_SWEEP_PARAM_PATH=str(params),
    )


def test_a_trial_has_one_run_with_its_metrics_and_each_step_one_of_its_own(
    checkout: Checkout, server: WandbServer, tmp_path: Path
) -> None:
    done = run_trial(checkout, server, tmp_path, "trial1", SETTINGS)
    assert done.status == 0, done.output
    runs = server.snapshot(PROJECT)["runs"]
    trial = runs["trial1"]
    assert (trial["sweep"], trial["state"]) == ("sweep1", "finished")
    assert trial["config"] == SETTINGS
    assert trial["summary"]["r2"] == checkout.step("evaluate")["metrics"]["r2"]
    steps = {run["job_type"]: run for name, run in runs.items() if name != "trial1"}
    assert len(steps) == len(runs) - 1 == 7
    assert {run["sweep"] for run in steps.values()} == {None}
    assert made(steps["train"]) == {"diabetes_model:v0"}
    assert {run["group"] for run in runs.values()} == {trial["group"]}
    # of many trials, the best by chance would be the champion
    aliases = server.snapshot(PROJECT)["artifacts"]["diabetes_model:v0"]["aliases"]
    assert "candidate" in aliases
    assert "champion" not in aliases
    assert "not promoted: register.promote=false" in done.output


def test_a_trial_whose_steps_are_all_cached_has_a_run_with_the_same_metrics(
    checkout: Checkout, server: WandbServer, tmp_path: Path
) -> None:
    before = server.snapshot(PROJECT)["runs"]
    done = run_trial(checkout, server, tmp_path, "trial2", SETTINGS)
    assert done.status == 0, done.output
    assert set(checkout.statuses().values()) == {"cached", "not_selected"}
    runs = server.snapshot(PROJECT)["runs"]
    assert set(runs) - set(before) == {"trial2"}
    assert runs["trial2"]["summary"]["r2"] == before["trial1"]["summary"]["r2"]
    assert (runs["trial2"]["sweep"], runs["trial2"]["state"]) == ("sweep1", "finished")


def test_a_trial_that_is_refused_or_fails_ends_as_failed(
    checkout: Checkout, server: WandbServer, tmp_path: Path
) -> None:
    refused = {**SETTINGS, "split.test_size": 2}
    assert run_trial(checkout, server, tmp_path, "trial3", refused).status == 2
    failing = {**SETTINGS, "evaluate.thresholds.r2": 0.99}
    assert run_trial(checkout, server, tmp_path, "trial4", failing).status == 1
    runs = server.snapshot(PROJECT)["runs"]
    assert [runs[name]["state"] for name in ("trial3", "trial4")] == ["failed", "failed"]
    assert "test_size" in runs["trial3"]["summary"]["error"]
    assert "r2" in runs["trial4"]["summary"]["error"]
    assert runs["trial4"]["summary"]["r2"] < 0.99
