"""`relay sweep` on the local store: its trials, its winner, and interruptions."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest
import yaml

from relay.sweep.journal import Journal
from tests.e2e.conftest import Checkout, new_checkout, wait_for
from tests.e2e.toy import Toy
from tests.forks import Done

SWEEP = """\
method: bayes
metric: {name: cv_score, goal: maximize}
parameters:
  model: {value: random_forest}
  model.params.n_estimators: {value: 5}
  model.params.max_features: {min: 0.1, max: 1.0}
  model.params.min_samples_leaf: {min: 1, max: 20}
"""
COMMAND = ("sweep", "small", "--trials", "6", "env_manager=local", "train.folds=2")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    yield with_sweep(tmp_path_factory.mktemp("sweep") / "relay")


@pytest.fixture(scope="module", autouse=True)
def done(checkout: Checkout) -> Done:
    """Run the sweep that the tests look at."""
    return checkout.relay(*COMMAND, "--jobs", "2")


def with_sweep(root: Path) -> Checkout:
    made = new_checkout(root)
    (root / "config" / "sweep" / "small.yaml").write_text(SWEEP)
    return made


def winner(checkout: Checkout) -> object:
    return yaml.safe_load((checkout.root / "config/experiment/small-best.yaml").read_text())


def start(checkout: Checkout, *more: str) -> subprocess.Popen[str]:
    """Start the sweep, and wait until a trial has ended."""
    running = subprocess.Popen(
        [sys.executable, "main.py", *COMMAND, *more],
        cwd=checkout.root,
        env=checkout.environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_for(lambda: count_ended(checkout) > 0 or running.poll() is not None)
    return running


def has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def wait_until_ended(processes: Sequence[psutil.Process]) -> None:
    wait_for(lambda: all(map(has_ended, processes)), seconds=30)


def count_ended(checkout: Checkout) -> int:
    """Return the number of trials in the journal that have ended."""
    folders = [path.parent for path in checkout.root.glob(".relay/sweeps/small-*/journal.log")]
    return sum(len(Journal(folder, "small", "maximize", 4).ended()) for folder in folders)


def test_the_best_of_some_trials_is_registered_once(checkout: Checkout, done: Done) -> None:
    assert done.status == 0, done.output
    assert "Sweep small: 6 of 6 trials" in done.output
    assert checkout.statuses()["register"] == "ran"
    # no trial left a model, or anything but runs
    assert checkout.versions()["diabetes_model"] == 1
    runs = checkout.mlflow.search_runs(
        ["1"], "tags.`relay.sweep` LIKE 'small-%'", order_by=["start_time ASC"]
    )
    assert sorted(str(run.info.run_name).split("-")[0] for run in runs) == [
        "sweep small", *(f"trial {number}" for number in range(6)),
    ]  # fmt: skip
    parent = next(run for run in runs if run.info.run_name.startswith("sweep"))
    trial = next(run for run in runs if run.info.run_name == "trial 3")
    assert trial.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert {run.info.status for run in runs} == {"FINISHED"}
    history = checkout.mlflow.get_metric_history(trial.info.run_id, "cv_score")
    assert [point.step for point in history] == [1, 2]
    assert float(trial.data.params["model.params.max_features"]) > 0
    best = parent.data.metrics["best_cv_score"]
    assert best == max(run.data.metrics["cv_score"] for run in runs if run is not parent)
    # the winner's own cross-validation gives the trial's score
    assert checkout.step("train")["metrics"]["cv_score"] == best
    [page] = (checkout.root / "outputs" / "sweeps").glob("small-*.html")
    assert f"outputs/sweeps/{page.name}" in done.output
    assert "./relay run experiment=small-best" in page.read_text(encoding="utf-8")


def test_the_winner_is_an_experiment_whose_steps_are_all_cached(checkout: Checkout) -> None:
    again = checkout.main("experiment=small-best")
    assert again.status == 0, again.output
    ran = {status for step, status in checkout.statuses().items() if step != "predict"}
    assert ran == {"cached"}


def test_the_same_command_again_tries_nothing(checkout: Checkout) -> None:
    again = checkout.relay(*COMMAND)
    assert again.status == 0, again.output
    assert "✔ trial" not in again.output
    assert "Sweep small: 6 of 6 trials" in again.output


@pytest.mark.slow
def test_a_killed_sweep_continues_and_has_the_same_winner(
    checkout: Checkout, tmp_path: Path
) -> None:
    killed = with_sweep(tmp_path / "relay")
    for _ in range(2):
        running = start(killed)
        children = psutil.Process(running.pid).children(recursive=True)
        running.kill()
        running.wait()
        wait_until_ended(children)
    before = count_ended(killed)
    again = killed.relay(*COMMAND)
    assert again.status == 0, again.output
    assert again.output.count("✔ trial") == 6 - before, again.output
    assert winner(killed) == winner(checkout), again.output


@pytest.mark.slow
def test_a_signal_ends_all_processes_and_the_message_has_the_way_on(tmp_path: Path) -> None:
    stopped = with_sweep(tmp_path / "relay")
    running = start(stopped, "--trials", "500")
    children = psutil.Process(running.pid).children(recursive=True)
    running.send_signal(signal.SIGTERM)
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 128 + signal.SIGTERM, output
    assert "Stopped. The same command continues the sweep: ./relay sweep small" in output
    assert "outputs/sweeps/small-" in output
    assert all(map(has_ended, children))


TOY = """\
method: grid
metric: {name: ended, goal: maximize}
parameters:
  pipeline.steps.left.params.text: {values: [a, b, c]}
  pipeline.steps.left.params.fail: {values: [false, true]}
"""


def test_a_component_without_a_score_is_scored_by_the_metrics_of_its_step(tmp_path: Path) -> None:
    toy = Toy.after_a_run(tmp_path)
    (toy.checkout.root / "config" / "sweep" / "texts.yaml").write_text(TOY)
    before = toy.checkout.versions()
    words = ["pipeline.sweep={step: left}", "env_manager=local", *toy.arguments]
    done = toy.checkout.relay("sweep", "texts", *words)
    assert done.status == 0, done.output
    assert done.output.count("✔ trial") == 3
    assert done.output.count("it was told to fail.") == 3
    assert "Sweep texts: 6 of 6 trials, 3 failed" in done.output
    # trials stored nothing: each artifact has the one new version of the winner at the most
    after = toy.checkout.versions()
    assert {name: after[name] - before[name] for name in before} == {
        **dict.fromkeys(before, 0), "left": 1, "both": 1, "source-toy": 0, "source-other": 0,
    }  # fmt: skip
    ran = {name for name, status in toy.checkout.statuses().items() if status == "ran"}
    assert ran == {"left", "both"}
