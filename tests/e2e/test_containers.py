"""The default pipeline in containers, and the ways in which they end.

Runs if Docker, or what RELAY_TEST_COMMAND names, answers and has the image RELAY_TEST_BASE (see
docker_here.sh beside this file).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Checkout, new_checkout, wait_for

pytestmark = [pytest.mark.containers, pytest.mark.slow]

BASE = os.environ.get("RELAY_TEST_BASE", "")
COMMAND = os.environ.get("RELAY_TEST_COMMAND", "docker")
SETTINGS = (f"container.base={BASE}", f"container.command={COMMAND}")
FUTURE = "from __future__ import annotations\n"
WAIT = 'if __name__ == "__main__":\n    print("waits", flush=True)\n    time.sleep(60)\n'
"""A component whose step waits has this; it can be killed meanwhile."""
QUICK = ("model=linear", "cache=false")


def call_engine(*arguments: str) -> str:
    return subprocess.run(
        [COMMAND, *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture(scope="module", autouse=True)
def engine() -> Iterator[None]:
    try:
        call_engine("image", "inspect", BASE)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("the engine does not answer, or does not have the image RELAY_TEST_BASE")
    yield
    assert call_engine("ps", "--all", "--quiet", "--filter", "name=relay-") == ""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return new_checkout(tmp_path_factory.mktemp("checkout") / "relay", ["requirements"])


def in_containers(checkout: Checkout, *arguments: str) -> Any:
    return checkout.main(*SETTINGS, *arguments, env_manager="docker", DOCKER_HOST=host())


def host() -> str:
    return os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")


def start(checkout: Checkout, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "main.py", "env_manager=docker", *SETTINGS]
    return subprocess.Popen(
        [*command, *QUICK, *arguments],
        cwd=checkout.root,
        env=checkout.environ(DOCKER_HOST=host()),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )


def containers() -> list[str]:
    return call_engine("ps", "--all", "--format", "{{.Names}}", "--filter", "name=relay-").split()


def test_the_metrics_are_those_of_a_run_without_containers(checkout: Checkout) -> None:
    done = in_containers(checkout, *QUICK)
    assert done.status == 0, done.output
    inside = checkout.measured()
    assert checkout.step("train")["cpu_seconds"] > 0.1
    assert checkout.step("train")["max_rss_mb"] > 100
    done = checkout.main(*QUICK, "register.force=true")
    assert done.status == 0, done.output
    assert inside == checkout.measured()


def test_a_selected_step_runs_in_a_container(checkout: Checkout) -> None:
    done = in_containers(checkout, "steps=get_data,clean", "cache=false")
    assert done.status == 0, done.output
    logs = checkout.root / "outputs" / "latest" / "logs"
    assert (logs / "clean.log").exists()


def test_the_trials_of_a_sweep_are_scored_in_a_container(checkout: Checkout) -> None:
    trials = ("sweep", "linear", "--trials", "2", "--no-register")
    done = checkout.relay(*trials, "env_manager=docker", *SETTINGS, DOCKER_HOST=host())
    assert done.status == 0, done.output
    assert "2 of 2" in done.output


def test_when_the_orchestrator_is_killed_nothing_is_left(checkout: Checkout) -> None:
    running = start(checkout)
    wait_for(lambda: len(containers()) >= 2)
    running.kill()
    running.wait()
    wait_for(lambda: containers() == [], 60)


def test_an_interrupted_run_is_recorded_and_leaves_nothing(checkout: Checkout) -> None:
    running = start(checkout)
    wait_for(lambda: len(containers()) >= 2)
    running.send_signal(signal.SIGINT)
    running.wait(60)
    assert checkout.summary["status"] == "killed"
    assert containers() == []


def logs_of_clean(checkout: Checkout) -> list[Path]:
    """Return what the step `clean` of each run has printed."""
    return list(checkout.root.glob("outputs/2*/logs/clean.log"))


@contextmanager
def step_that_waits(checkout: Checkout) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a run whose step `clean` has begun and waits."""
    code = checkout.root / "components" / "clean" / "run.py"
    text = code.read_text(encoding="utf-8")
    waiting = text.replace(FUTURE, f"{FUTURE}import time\n", 1)
    assert waiting != text
    code.write_text(waiting.replace('if __name__ == "__main__":\n', WAIT), encoding="utf-8")
    before = set(logs_of_clean(checkout))
    running = start(checkout, "steps=get_data,clean")
    try:
        wait_for(
            lambda: any("waits" in path.read_text() for path in {*logs_of_clean(checkout)} - before)
        )
        yield running
    finally:
        code.write_text(text, encoding="utf-8")
        running.kill()
        running.wait()


def test_sigterm_while_a_step_runs_ends_the_run_in_order(checkout: Checkout) -> None:
    with step_that_waits(checkout) as running:
        running.terminate()
        assert running.wait(60) == 143
        assert containers() == []
    assert checkout.summary["status"] == "killed"
    assert checkout.step("get_data")["status"] == "ran"
    assert checkout.step("clean")["status"] == "killed"
    assert checkout.step("clean")["outputs"] == {}


@pytest.mark.parametrize("command", ["kill", "stop"])
def test_a_container_that_is_ended_from_outside_fails_its_step(
    checkout: Checkout, command: str
) -> None:
    with step_that_waits(checkout) as running:
        call_engine(command, *containers())
        assert running.wait(120) == 1
        assert containers() == []
    assert checkout.summary["status"] == "failed"
    assert "its container has ended" in checkout.step("clean")["error"]
    assert checkout.step("clean")["outputs"] == {}


def test_an_image_that_cannot_be_built_is_one_error(checkout: Checkout) -> None:
    done = in_containers(checkout, "container.base=no-such-image:1", *QUICK)
    assert done.status == 1
    assert f"{COMMAND} could not build its image on container.base=no-such-image:1: " in done.output
    assert "environments.log" in done.output


@pytest.mark.skipif(COMMAND != "docker", reason="podman has no daemon")
def test_a_daemon_that_is_not_there_is_one_error(checkout: Checkout) -> None:
    done = checkout.main(*QUICK, env_manager="docker", DOCKER_HOST="unix:///no/such.sock")
    assert done.status == 1
    assert "env_manager=docker: docker does not answer: " in done.output


def test_a_step_over_its_memory_is_ended_and_stores_nothing(checkout: Checkout) -> None:
    done = in_containers(
        checkout,
        "steps=get_data,clean",
        "force=clean",
        "pipeline.steps.clean.resources.memory_gb=0.05",
    )
    assert done.status == 1
    assert checkout.statuses()["clean"] == "failed"
    assert "memory" in checkout.step("clean")["error"]
    assert checkout.step("clean")["outputs"] == {}
    assert containers() == []
