"""Runs of all sorts, in this Python: which steps run, where they stop, what is kept."""

from __future__ import annotations

import json
import re
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.e2e.conftest import GIT_URL, Checkout, publish_tag
from tests.forks import Done
from tests.loading import SHIPPED


@pytest.fixture(scope="module")
def ran(checkout: Checkout) -> Checkout:
    """Return a checkout whose store has the default pipeline's artifacts."""
    done = checkout.main("model=linear")
    assert done.status == 0, done.output
    return checkout


def test_a_run_records_how_it_was_made(ran: Checkout) -> None:
    folder = ran.root / "outputs" / "latest"
    settings = (folder / "config.yaml").read_text()
    command = "./relay run env_manager=local model=linear"
    assert ran.summary["command"] == command
    assert settings.startswith(f"# {command}\n")
    assert "Ridge" in str(yaml.safe_load(settings)["model"]["_target_"])
    run = ran.summary["mlflow_run_id"]
    kept = {file.path for file in ran.mlflow.list_artifacts(run)}
    assert {"config.yaml", "summary.json", "index.html", "diabetes_report.html"} <= kept
    for name in ("diabetes_report.html", "diabetes_registration.html"):
        assert (folder / name).read_text().startswith("<!doctype html>")
    page = (folder / "index.html").read_text()
    assert command in page
    assert 'href="diabetes_report.html"' in page
    assert ">succeeded<" in page
    assert 'http-equiv="refresh"' not in page
    stamped = [line for line in (folder / "logs" / "train.log").read_text().splitlines() if line]
    assert re.match(r"\d\d:\d\d:\d\d ", stamped[-1])


def test_commands_list_what_was_made(ran: Checkout) -> None:
    listed = ran.command(sys.executable, "main.py", "models", "--json")
    assert listed.status == 0, listed.output
    model = json.loads(listed.output)[0]
    assert model["artifact"] == "diabetes_model:v0"
    assert {"champion", "latest"} <= set(model["aliases"])
    shown = ran.command(sys.executable, "main.py", "show", "diabetes_model:champion")
    assert "Made from it: diabetes_evaluation:v0" in shown.output
    pulled = ran.command(sys.executable, "main.py", "pull", "diabetes_model:v0", "pulled")
    assert pulled.status == 0, pulled.output
    assert (ran.root / "pulled" / "MLmodel").is_file()
    runs = json.loads(ran.command(sys.executable, "main.py", "runs", "--json").output)
    assert runs[-1]["metrics"]["promoted"] == 1


def test_the_same_again_runs_nothing_makes_nothing_and_has_the_numbers(ran: Checkout) -> None:
    assert [step for step, status in ran.statuses().items() if status == "ran"] == [*SHIPPED[:-1]]
    versions, metrics = ran.versions(), ran.step("evaluate")["metrics"]
    again = ran.main("model=linear")
    assert set(ran.statuses().values()) == {"cached", "not_selected"}
    assert ran.versions() == versions
    assert ran.summary["status"] == "succeeded"
    assert ran.summary["mlflow_run_id"] is None
    assert ran.step("train")["outputs"] == {"model": "diabetes_model:v0"}
    assert ran.step("evaluate")["metrics"] == metrics
    assert f"r2={metrics['r2']:.3f}" in again.output


def test_a_wrong_target_is_an_error_also_if_the_file_is_not_read(ran: Checkout) -> None:
    done = ran.main("model=linear", "data.target=bmy")
    assert done.status == 2
    assert "Did you mean 'bmi'" in done.output


def test_in_an_empty_store_the_missing_artifact_and_its_step_are_named(checkout: Checkout) -> None:
    done = checkout.main("steps=train,evaluate", "data.name=nothing")
    assert done.status == 1
    assert "'nothing_train:latest' is not in the local store" in done.output
    assert "Step 'split' makes it" in done.output
    assert "'nothing_report:latest' is not in the local store" in done.output
    assert "Run steps=+check,+split first." in done.output
    assert checkout.statuses()["train"] == "not_started"


def require_refused(checkout: Checkout, message: str, run: Callable[[], Done]) -> Done:
    """`run` ends with status 2 and `message`, and leaves nothing."""
    before = set((checkout.root / "outputs").glob("*"))
    done = run()
    assert done.status == 2
    assert message in done.output
    assert "Traceback" not in done.output
    assert set((checkout.root / "outputs").glob("*")) == before
    return done


@pytest.fixture(scope="module")
def import_seconds(checkout: Checkout) -> float:
    """CPU seconds of what reading the configuration cannot do without, here and now."""
    imports = "import hydra, pydantic, rich, trackio"
    return checkout.command(sys.executable, "-c", imports).cpu_seconds


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("steps=trian", "Did you mean 'train'"),
        ("modl=linear", "Did you mean 'model'"),
        ("model=liner", "Did you mean 'linear'"),
        ("split.test_size=2", "split.test_size"),
    ],
)
def test_a_wrong_command_is_an_error_at_once(
    checkout: Checkout, import_seconds: float, override: str, message: str
) -> None:
    command = (sys.executable, "main.py", override)
    done = require_refused(checkout, message, lambda: checkout.command(*command))
    # Seconds of work, not of the clock: other tests' processes may be at work beside this one.
    # MLflow or scikit-learn alone would more than double it.
    assert done.cpu_seconds < 2 * import_seconds


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("data.target=bmy", "Did you mean 'bmi'"),
        ("model.params.max_dept=2", "Did you mean 'max_depth'"),
    ],
)
def test_errors_that_need_the_files_are_reported_before_anything_runs(
    checkout: Checkout, override: str, message: str
) -> None:
    require_refused(checkout, message, lambda: checkout.main(override, env_manager="uv"))


def test_only_the_selected_steps_run_on_the_newest_inputs(ran: Checkout) -> None:
    done = ran.command(
        *("mlflow", "run", ".", "--env-manager", "local"),
        *("-P", "steps=train,evaluate", "-P", "env_manager=local", "-P", "seed=7"),
        *("-P", "hydra_options=model=random_forest model.params.n_estimators=5 train.folds=2"),
    )
    assert done.status == 0, done.output
    statuses = ran.statuses()
    assert [name for name, status in statuses.items() if status == "ran"] == ["train", "evaluate"]
    assert ran.step("train")["inputs"] == {
        "train": "diabetes_train:v0",
        "report": "diabetes_report:v0",
    }
    params = ran.mlflow_children()[0].data.params
    assert '"n_estimators": 5' in params["model"]
    assert params["seed"] == "7"


@pytest.mark.slow
def test_a_run_of_a_git_tag_keeps_its_results_where_it_was_started(
    ran: Checkout, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    variables = publish_tag(ran, tmp_path / "there")
    (home / "t.csv").write_text("x,y\n" + "".join(f"{n},{2 * n}\n" for n in range(40)))
    started = replace(ran, root=home)

    def run(url: str, *params: str) -> Done:
        words = [word for param in params for word in ("-P", param)]
        command = ("mlflow", "run", url, "-v", "v1", "--env-manager", "local", *words)
        done = started.command(*command, **variables)
        assert done.status == 0, done.output
        return done

    arguments = ("env_manager=local", "steps=+clean", "data=table", "data.url=t.csv")
    done = run(GIT_URL, *arguments, "data.target=y")
    summary = started.summary
    assert summary["status"] == "succeeded"
    assert f"; outputs/{(home / 'outputs' / 'latest').readlink()}/summary.json" in done.output
    assert (home / ".relay" / "trackio").is_dir()
    mlflow_run = started.mlflow.get_run(summary["mlflow_run_id"])
    assert mlflow_run.info.run_name == "t_y"
    assert mlflow_run.data.params["data.name"] == "t_y"

    # Another clone has the same code: nothing is made again.
    run(GIT_URL, *arguments, "data.target=y")
    assert {started.statuses()[name] for name in ("get_data", "clean")} == {"cached"}

    # One component of it, on the same store.
    split = ("input_artifact=t_y_clean:latest", "target=y", "train_artifact=t_y_train")
    done = run(f"{GIT_URL}#components/split", *split)
    assert "Stored t_y_train:v0" in done.output


def test_an_unknown_parameter_of_mlflow_run_is_an_error(ran: Checkout) -> None:
    done = ran.command("mlflow", "run", ".", "--env-manager", "local", "-P", "sed=7")
    assert done.status != 0
    assert "sed: there is no such setting" in done.output


def test_below_a_threshold_the_pipeline_fails_at_the_gate(ran: Checkout) -> None:
    done = ran.main("model=linear", "steps=evaluate,register", "evaluate.thresholds.r2=0.99")
    assert done.status == 1
    assert ran.statuses()["register"] == "not_started"
    evaluate = ran.step("evaluate")
    assert evaluate["status"] == "failed"
    assert "0.99" in evaluate["error"]
    assert evaluate["outputs"]["evaluation"].startswith("diabetes_evaluation:")
    assert "0.99" in done.output


def test_a_failed_check_stops_what_follows_and_keeps_its_report(ran: Checkout) -> None:
    done = ran.main("steps=check+", "data.check.columns.bmi.max=0")
    assert done.status == 1
    assert ran.step("check")["outputs"]["report"].startswith("diabetes_report:")
    assert ran.statuses()["train"] == "not_started"
    assert "bmi" in done.output

    # A gate that failed is asked again, not taken from the cache.
    assert ran.main("steps=check", "data.check.columns.bmi.max=0").status == 1
    assert ran.statuses()["check"] == "failed"

    # A run of later steps only does not get past it either, until the check has passed.
    before = ran.versions()
    later = ran.main("steps=split+", "model=linear")
    assert later.status == 1
    assert "The data check of diabetes_clean:v0 failed" in later.output
    statuses = ran.statuses()
    assert (statuses["train"], statuses["evaluate"]) == ("failed", "not_started")
    assert ran.versions() == before

    # The report of the rules that hold is the newest again.
    assert ran.main("steps=+check").status == 0
    assert {ran.statuses()[name] for name in ("get_data", "clean", "check")} == {"cached"}
    done = ran.main("model=linear", "steps=train", "force=train")
    assert done.status == 0, done.output


def test_a_store_that_is_broken_is_one_clear_error(ran: Checkout, tmp_path: Path) -> None:
    (tmp_path / "relay.db").write_text("this is no database, whatever its name says")
    done = ran.main("steps=train", TRACKIO_DIR=str(tmp_path))
    assert done.status == 1
    assert "cannot be read" in done.output
    assert "Traceback" not in done.output
    assert ran.summary["status"] == "failed"
    assert ran.summary["mlflow_run_id"] is None


@pytest.mark.slow
def test_a_signal_ends_a_training_and_leaves_no_version(ran: Checkout) -> None:
    """The same with small steps, and other ends: test_stops.py."""
    before = ran.versions()
    slow = ("model.params.n_estimators=20000", "model.params.n_jobs=1")
    running = ran.start_until("train", "steps=train", *slow)
    running.send_signal(signal.SIGTERM)
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 128 + signal.SIGTERM, output
    assert ran.statuses()["train"] == "killed"
    assert ran.versions() == before
