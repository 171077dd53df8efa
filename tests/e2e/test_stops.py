"""A run that is stopped or killed: how it ends, and that it leaves no process and no version."""

from __future__ import annotations

import os
import signal
import subprocess

import psutil
import pytest

from tests.e2e.conftest import wait_for
from tests.e2e.toy import Toy


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    return Toy.after_a_run(tmp_path_factory.mktemp("toy"))


def start(toy: Toy) -> subprocess.Popen[str]:
    """Return a run whose step `apart` has just begun to work for a minute."""
    words = toy.settings(("steps=apart", "apart.seconds=60"))
    return toy.checkout.start_until("apart", *toy.arguments, *words)


def has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_signal_before_the_first_step_ends_the_run_in_order(toy: Toy) -> None:
    checkout, outputs = toy.checkout, toy.checkout.root / "outputs"
    before = set(outputs.iterdir())
    running = toy.start("steps=apart", "apart.seconds=60")
    wait_for(lambda: set(outputs.iterdir()) != before)
    running.send_signal(signal.SIGINT)
    running.send_signal(signal.SIGTERM)
    output, _ = running.communicate(timeout=60)
    assert running.returncode in (130, 143), output
    assert checkout.summary["status"] == "killed"
    parent = checkout.summary["mlflow_run_id"]
    assert parent is None or checkout.mlflow.get_run(parent).info.status == "KILLED"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_step_and_leaves_no_version(toy: Toy, number: int) -> None:
    checkout = toy.checkout
    before = checkout.versions()
    running = start(toy)
    children = psutil.Process(running.pid).children(recursive=True)
    running.send_signal(number)
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 128 + number, output
    assert all(map(has_ended, children))
    assert checkout.summary["status"] == "killed"
    assert checkout.statuses()["apart"] == "killed"
    assert [run.info.status for run in checkout.mlflow_children()] == ["KILLED"]
    parent = checkout.mlflow.get_run(checkout.summary["mlflow_run_id"])
    assert parent.info.status == "KILLED"
    assert checkout.versions() == before


@pytest.mark.parametrize("victim", ["step", "what it was forked from"])
def test_a_killed_step_is_a_failed_step(toy: Toy, victim: str) -> None:
    before = toy.checkout.versions()
    running = start(toy)
    for server in psutil.Process(running.pid).children():
        for process in server.children() if victim == "step" else [server]:
            process.kill()
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 1, output
    reason = "signal 9" if victim == "step" else "forked from has ended"
    assert reason in toy.checkout.step("apart")["error"]
    assert toy.checkout.versions() == before


def test_when_the_orchestrator_is_killed_its_step_ends_too(toy: Toy) -> None:
    before = toy.checkout.versions()
    running = start(toy)
    children = psutil.Process(running.pid).children(recursive=True)
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    wait_for(lambda: all(map(has_ended, children)), 60)
    assert toy.checkout.versions() == before
    assert toy.ran("steps=apart", "force=apart") == ["apart"]


def test_a_step_over_its_time_is_stopped_and_fails(toy: Toy) -> None:
    before = toy.checkout.versions()
    limit = "pipeline.steps.apart.resources.minutes=0.02"
    done = toy.run("steps=apart+", "apart.seconds=60", limit)
    assert done.status == 1, done.output
    statuses = toy.checkout.statuses()
    assert (statuses["apart"], statuses["last"]) == ("failed", "not_started")
    assert "over time: stopped after 0.02 min" in toy.checkout.step("apart")["error"]
    assert toy.checkout.versions() == before
    # A limit decides nothing about the outputs: the step is cached.
    assert toy.ran("steps=apart", "pipeline.steps.apart.resources.minutes=9") == []
