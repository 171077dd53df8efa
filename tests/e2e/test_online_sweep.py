"""`relay sweep` on this machine, with its runs on W&B."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.online import PROJECT, login
from tests.e2e.toy import Toy
from tests.wandb_server import WandbServer

pytestmark = pytest.mark.slow

SWEEP = """\
method: grid
metric: {name: cv_score, goal: maximize}
parameters:
  pipeline.steps.scored.params.value: {values: [1, 3, 2]}
"""


def test_each_trial_and_the_sweep_have_a_run_and_the_winner_has_the_only_artifact(
    tmp_path: Path,
) -> None:
    toy = Toy(tmp_path).with_scores()
    (toy.checkout.root / "config" / "sweep" / "values.yaml").write_text(SWEEP)
    with WandbServer() as server:
        words = ("env_manager=local", "tracking=wandb")
        done = toy.checkout.relay("sweep", "values", *words, **login(server))
        assert done.status == 0, done.output
        state = server.snapshot(PROJECT)
    runs = {(run["job_type"], run["config"].get("trial")): run for run in state["runs"].values()}
    trials = [runs.pop(("trial", number)) for number in range(3)]
    assert {run["state"] for run in trials} == {"finished"}
    assert [run["config"]["pipeline.steps.scored.params.value"] for run in trials] == [1, 3, 2]
    assert [[row["cv_score"] for row in run["history"]] for run in trials] == [
        [1, 1], [3, 3], [2, 2],
    ]  # fmt: skip
    sweep = runs.pop(("sweep", None))
    assert sweep["summary"]["best_cv_score"] == 3
    assert [row["cv_score"] for row in sweep["history"] if "cv_score" in row] == [1, 3, 2]
    assert {run["group"] for run in trials} == {sweep["group"]}
    assert {job_type for job_type, _ in runs} == {"one", "scored"}
    assert runs["scored", None]["config"]["value"] == 3
    assert "scored:v0" in state["artifacts"]
    assert "scored:v1" not in state["artifacts"]
