"""The step cache: a second run costs what changed, and a run that stopped goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Checkout, new_checkout
from tests.e2e.online import login
from tests.loading import SHIPPED
from tests.wandb_server import WandbServer

pytestmark = pytest.mark.e2e

STEPS = [*SHIPPED[:-1]]  # all but predict
BASE = ("model=linear", "train.folds=2")


def ran_steps(checkout: Checkout, *arguments: str, **environ: str) -> list[str]:
    """Run the pipeline and return the steps that had to run."""
    done = checkout.main(*BASE, *arguments, **environ)
    assert done.status == 0, done.output
    statuses = checkout.statuses()
    assert set(statuses.values()) <= {"ran", "cached", "not_selected"}
    return [name for name, status in statuses.items() if status == "ran"]


@pytest.fixture(scope="module")
def ran(checkout: Checkout) -> Checkout:
    """A checkout that has run the pipeline once; the table is a file of its own."""
    assert ran_steps(checkout) == STEPS
    return checkout


def test_the_same_again_runs_nothing_and_makes_nothing(ran: Checkout) -> None:
    before = ran.versions()
    assert ran_steps(ran) == []
    assert ran.versions() == before
    assert ran.summary["status"] == "succeeded"
    assert ran.summary["mlflow_run_id"] is None
    assert ran.step("train")["outputs"] == {"model": "diabetes_model:v0"}


def test_a_cached_step_has_the_numbers_of_when_it_ran(ran: Checkout) -> None:
    done = ran.main(*BASE, "steps=evaluate", "force=evaluate")
    fresh = ran.step("evaluate")["metrics"]
    assert f"r2={fresh['r2']:.3f}" in done.output
    again = ran.main(*BASE, "steps=evaluate")
    assert ran.step("evaluate")["status"] == "cached"
    assert ran.step("evaluate")["metrics"] == fresh
    assert f"r2={fresh['r2']:.3f}" in again.output


def test_a_cached_step_warns_of_what_it_warned_of_when_it_ran(ran: Checkout) -> None:
    table = ran.root / "twice.csv"
    rows = [f"{number % 90 * 1.37:.2f},{number % 90}" for number in range(100)]
    table.write_text("\n".join(["size,price", *rows, ""]))
    command = ("data=table", f"data.url={table}", "data.target=price", "steps=get_data,clean")
    assert ran_steps(ran, *command) == ["get_data", "clean"]
    first = ran.step("clean")["warnings"]
    assert "Removed 10 of 100 rows: duplicates" in first[0]
    done = ran.main(*BASE, *command)
    assert ran.step("clean")["status"] == "cached"
    assert ran.step("clean")["warnings"] == first
    assert "Removed 10 of 100 rows: duplicates" in done.output


def test_a_changed_parameter_runs_its_step_and_what_follows(ran: Checkout) -> None:
    other = "model.params={fit_intercept: false}"
    done = ran.main(*BASE, other, "explain=true")
    assert "parameter model" in done.output
    assert ran_steps(ran, other) == ["train", "evaluate", "register"]
    assert ran.step("train")["why"] == "parameter model"
    assert ran_steps(ran, other) == []


def test_what_was_made_before_is_known_again_and_is_the_newest(ran: Checkout) -> None:
    # the champion may have changed meanwhile, which register looks at
    assert set(ran_steps(ran)) <= {"register"}
    assert ran.step("train")["outputs"] == {"model": "diabetes_model:v0"}
    assert ran_steps(ran, "steps=evaluate", "force=evaluate") == ["evaluate"]
    assert ran.step("evaluate")["inputs"]["model"] == "diabetes_model:v0"


def test_a_changed_file_runs_its_step_and_spares_what_gets_the_same(ran: Checkout) -> None:
    path = ran.root / "components" / "split" / "run.py"
    path.write_text(path.read_text() + "\n# a word more\n")
    assert ran_steps(ran) == ["split"]
    assert ran.step("split")["why"] == "code: components/split/run.py"


def test_shared_code_counts_where_it_is_imported(ran: Checkout) -> None:
    path = ran.root / "src" / "relay" / "tracking" / "lineage.py"
    path.write_text(path.read_text() + "\n# a word more\n")
    users = {
        folder.parent.name
        for folder in (ran.root / "components").glob("*/*.py")
        if "relay.tracking.lineage" in folder.read_text()
    }
    assert set(ran_steps(ran)) == (users | {"register"}) & set(STEPS)


def test_a_changed_lock_runs_its_step(ran: Checkout) -> None:
    path = ran.root / "components" / "check" / "requirements.txt"
    path.write_text(path.read_text() + "# another lock\n")
    assert ran_steps(ran, "steps=check") == ["check"]
    assert ran.step("check")["why"] == "code: the lock"


def test_a_wrong_target_is_told_also_where_the_file_need_not_be_read(ran: Checkout) -> None:
    done = ran.main(*BASE, "data.target=bmy")
    assert done.status == 2
    assert "Did you mean 'bmi'" in done.output


def test_cache_false_runs_all_and_force_one(ran: Checkout) -> None:
    assert ran_steps(ran, "cache=false", "steps=get_data,clean") == ["get_data", "clean"]
    assert ran_steps(ran, "force=clean", "steps=get_data,clean,split") == ["clean"]
    assert ran.step("clean")["why"] == "force=clean"
    done = ran.main("force=claen")
    assert done.status == 2
    assert "Did you mean 'clean'" in done.output


def test_explain_runs_nothing(ran: Checkout) -> None:
    before = set((ran.root / "outputs").iterdir())
    done = ran.main(*BASE, "seed=1", "explain=true")
    assert done.status == 0
    assert "parameter seed" in done.output
    assert set((ran.root / "outputs").iterdir()) == before


def test_a_gate_that_said_no_is_asked_again(ran: Checkout) -> None:
    rule = "data.check.columns={bmi: {max: -1000}}"
    for _ in range(2):
        done = ran.main(*BASE, rule)
        assert done.status == 1
        assert ran.statuses()["check"] == "failed"
    # and the report of the rules that hold is the newest again
    ran_steps(ran)
    assert ran_steps(ran, "steps=train", "force=train") == ["train"]


def test_a_run_that_failed_goes_on_where_it_stopped(ran: Checkout) -> None:
    done = ran.main(*BASE, "seed=7", "evaluate.thresholds.r2=0.99")
    assert done.status == 1
    assert ran.statuses()["train"] == "ran"
    assert ran_steps(ran, "seed=7") == ["evaluate", "register"]


def test_a_source_that_changed_is_fetched_again(tmp_path: Path) -> None:
    checkout = new_checkout(tmp_path / "relay")
    table = tmp_path / "flats.csv"
    rows = "\n".join(f"{n},{n % 7},{3 * n + n % 7}" for n in range(60))
    table.write_text(f"area,rooms,price\n{rows}\n")
    mine = ("data=table", f"data.url={table}", "data.target=price", "steps=get_data,clean")
    assert ran_steps(checkout, *mine) == ["get_data", "clean"]
    assert ran_steps(checkout, *mine) == []
    table.touch()
    assert ran_steps(checkout, *mine) == ["get_data"]
    table.write_text(table.read_text() + "60,1,181\n")
    assert ran_steps(checkout, *mine) == ["get_data", "clean"]
    ran_steps(checkout, *mine, "data.refresh=never")
    table.write_text(table.read_text() + "61,2,184\n")
    assert ran_steps(checkout, *mine, "data.refresh=never") == []
    assert ran_steps(checkout, *mine) == ["get_data", "clean"]
    assert ran_steps(checkout, *mine, "data.refresh=always") == ["get_data"]


@pytest.fixture
def server() -> Iterator[WandbServer]:
    with WandbServer() as server:
        yield server


def test_on_wandb_one_persons_steps_serve_the_others(tmp_path: Path, server: WandbServer) -> None:
    mine, yours = (new_checkout(tmp_path / name) for name in ("mine", "yours"))
    assert ran_steps(mine, "steps=get_data,clean,check", **login(server)) == STEPS[:3]
    assert ran_steps(yours, "steps=get_data,clean,check", **login(server)) == []
    assert yours.step("clean")["outputs"] == {"clean": "diabetes_clean:v0"}
    assert ran_steps(yours, "steps=clean,check", "data.drop=[bmi]", **login(server)) == [
        "clean",
        "check",
    ]
    # and back: what was made first is the newest again
    assert ran_steps(mine, "steps=clean,check", **login(server)) == []
    aliases = server.snapshot("relay")["artifacts"]["diabetes_clean:v0"]["aliases"]
    assert "latest" in aliases
