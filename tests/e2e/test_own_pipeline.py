"""A pipeline for what is not a table: two commands and code of one's own, nothing in src/relay."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Checkout, new_checkout
from tests.e2e.mail import write_code, write_mails
from tests.e2e.online import PROJECT, login
from tests.forks import Done
from tests.wandb_server import WandbServer

READ = "data.pattern=**/*.txt"


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mails(tmp_path_factory.mktemp("data") / "mails")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Return a project with the pipeline `mail`, as the commands write it."""
    checkout = new_checkout(tmp_path_factory.mktemp("mail") / "relay")
    for words in (
        ("new-pipeline", "mail", "--steps", "read,count"),
        ("new-component", "classify", "--input", "count.count", "--template", "files",
         "--pipeline", "mail", "--environment", "model"),
    ):  # fmt: skip
        done = checkout.relay(*words)
        assert done.status == 0, done.output
    return checkout


def run(own: Checkout, mails: Path, *more: str, env_manager: str = "uv") -> Done:
    return own.main("pipeline=mail", f"data.folder={mails}", READ, *more, env_manager=env_manager)


def test_what_the_commands_write_runs_at_once(own: Checkout, mails: Path) -> None:
    done = run(own, mails, env_manager="local")
    assert done.status == 0, done.output
    assert own.statuses() == dict.fromkeys(("read", "count", "classify"), "ran")
    assert own.step("count")["metrics"]["files"] == 13


@pytest.fixture(scope="module")
def ran(own: Checkout, mails: Path) -> Checkout:
    """Return the project with code of its own, after a run in isolated environments."""
    write_code(own.root)
    done = run(own, mails)
    assert done.status == 0, done.output
    return own


def test_code_of_ones_own_runs_in_isolated_environments(ran: Checkout) -> None:
    assert ran.statuses() == {"read": "cached", "count": "ran", "classify": "ran"}
    assert ran.step("count")["metrics"]["mails"] == 13
    assert 0.7 < ran.step("classify")["metrics"]["accuracy"] < 1


def test_what_is_unchanged_is_cached(ran: Checkout, mails: Path) -> None:
    assert run(ran, mails).status == 0
    assert set(ran.statuses().values()) == {"cached"}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("data.pattern=*.md", "data.pattern: no file in"),
        ("classify.folds=1", "classify.folds: must be at least 2 (got 1)"),
        ("classify.fold=1", "Did you mean 'classify.folds'?"),
    ],
)
def test_settings_and_data_are_checked_before_a_run(
    ran: Checkout, mails: Path, setting: str, message: str
) -> None:
    done = run(ran, mails, setting)
    assert (done.status, message in done.output) == (2, True), done.output


def test_only_what_a_setting_changes_runs_again_and_a_gate_ends_the_run(
    ran: Checkout, mails: Path
) -> None:
    done = run(ran, mails, "classify.least_accuracy=1")
    assert (done.status, "is below classify.least_accuracy" in done.output) == (1, True)
    assert ran.statuses() == {"read": "cached", "count": "cached", "classify": "failed"}


def test_it_is_published_with_its_lineage(ran: Checkout) -> None:
    with WandbServer() as server:
        done = ran.relay("publish", **login(server))
        assert done.status == 0, done.output
        runs = server.snapshot(PROJECT)["runs"].values()
    inputs = {run["job_type"]: set(run["inputs"]) for run in runs if run["inputs"]}
    assert {name.partition(":")[0] for name in inputs["classify"]} == {"mail_count"}
    assert {"read", "count", "classify"} <= {run["job_type"] for run in runs}
