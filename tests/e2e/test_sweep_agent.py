"""A sweep as the locked SDK runs it: its own `wandb sweep` and `wandb agent`, unmodified."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.conftest import Checkout, new_checkout, wait_for
from tests.e2e.online import PROJECT, login
from tests.e2e.toy import Toy
from tests.wandb_server import WandbServer

pytestmark = pytest.mark.slow

WANDB = str(Path(sys.executable).with_name("wandb"))
FOLDS = 3
MANY_FOLDS = 600
"""So many that a slow trial takes minutes if nothing ends it."""
GOOD = {"value": 2, "folds": 2}
SLOW_AND_BAD = {"value": 1, "folds": MANY_FOLDS, "seconds": 0.5}
SLOW_AND_BEST = {**SLOW_AND_BAD, "value": 3}
SWEEP = {
    "program": "main.py",
    "project": PROJECT,
    "command": ["${env}", ".venv/bin/python", "${program}", "${args_no_hyphens}"],
    "method": "grid",
    "metric": {"name": "cv_score", "goal": "maximize"},
}


@pytest.fixture(scope="module")
def server() -> Iterator[WandbServer]:
    with WandbServer() as server:
        yield server


@dataclass
class Machine:
    """A checkout as a person has it after `make setup` and `wandb login`."""

    checkout: Checkout
    server: WandbServer

    def environ(self) -> dict[str, str]:
        home = str(self.checkout.root.parent)
        return self.checkout.environ(**login(self.server), HOME=home)

    def wandb(self, *words: str) -> str:
        """`wandb ...`, and return what it prints."""
        done = subprocess.run(
            [WANDB, *words],
            cwd=self.checkout.root,
            env=self.environ(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def start_agent(self, path: str, *options: str) -> subprocess.Popen[bytes]:
        """`wandb agent ENTITY/PROJECT/ID` in the background."""
        with (self.checkout.root / "agent.log").open("ab") as log:
            return subprocess.Popen(
                [WANDB, "agent", *options, path],
                cwd=self.checkout.root,
                env=self.environ(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def agent_ends(self, agent: subprocess.Popen[bytes]) -> None:
        assert agent.wait(300) == 0, (self.checkout.root / "agent.log").read_text()

    def make_sweep(self, *params: dict[str, Any], **content: Any) -> str:
        """Make a sweep over these `params` of the step `scored`; return its path."""
        parameters = {"pipeline.steps.scored.params": {"values": list(params)}}
        name = self.server.make_sweep(PROJECT, {**SWEEP, "parameters": parameters, **content})
        return f"{self.server.entity}/{PROJECT}/{name}"

    def runs(self, path: str) -> dict[str, Any]:
        """Return the runs of a sweep, by their ids."""
        name = path.rpartition("/")[2]
        runs = self.server.snapshot(PROJECT)["runs"]
        return {run_id: run for run_id, run in runs.items() if run["sweep"] == name}

    def proposed(self, path: str) -> dict[str, Any]:
        """Return the parameters of each run that the server handed out, by its id."""
        sweeps = self.server.snapshot(PROJECT)["sweeps"]
        proposed: dict[str, Any] = sweeps[path.rpartition("/")[2]]["proposed"]
        return proposed


def path_in(output: str) -> str:
    line = next(line for line in output.splitlines() if "wandb agent" in line)
    return line.split()[-1]


def new_machine(checkout: Checkout, server: WandbServer, settings: str = "") -> Machine:
    (checkout.root / ".venv").symlink_to(sys.prefix)
    file = checkout.root / "config" / "local" / "default.yaml"
    file.parent.mkdir()
    file.write_text(f"# @package _global_\nenv_manager: local\n{settings}")
    return Machine(checkout, server)


@pytest.fixture(scope="module")
def toy(server: WandbServer, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Return a machine with a pipeline whose trials have the score that they are given."""
    return new_machine(Toy(tmp_path_factory.mktemp("toy")).with_scores().checkout, server)


@pytest.fixture(autouse=True)
def no_process_is_left(server: WandbServer) -> Iterator[None]:
    """Check that each test ends without a process that knows the server."""
    yield
    with contextlib.suppress(AssertionError):
        wait_for(lambda: not left(server), 20)
    remaining = left(server)
    commands = []
    for process in remaining:
        with contextlib.suppress(psutil.Error):
            commands.append(" ".join(process.cmdline()))
            process.kill()
    assert commands == []


def left(server: WandbServer) -> list[psutil.Process]:
    """Return the processes, besides this one, that have the server's address."""
    processes = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            is_zombie = process.status() == psutil.STATUS_ZOMBIE
            if process.environ().get("WANDB_BASE_URL") == server.url and not is_zombie:
                processes.append(process)
    return [process for process in processes if process.pid != os.getpid()]


def test_agents_on_two_machines_run_a_shipped_sweep_as_it_is(
    server: WandbServer, tmp_path: Path
) -> None:
    folds = f"train: {{folds: {FOLDS}}}\n"
    machines = [
        new_machine(new_checkout(tmp_path / name / "relay"), server, folds) for name in ("a", "b")
    ]
    path = path_in(machines[0].wandb("sweep", "config/sweep/random_forest.yaml"))
    agents = [(one, one.start_agent(path, "--count", "1")) for one in machines]
    for one, agent in agents:
        one.agent_ends(agent)
    runs = machines[0].runs(path)
    assert len(runs) == 2
    assert {run_id: run["config"] for run_id, run in runs.items()} == machines[0].proposed(path)
    for run in runs.values():
        assert run["state"] == "finished"
        assert len([row for row in run["history"] if "cv_score" in row]) == FOLDS
        assert run["summary"]["cv_score"] == run["history"][-1]["cv_score"]
    for one in machines:
        assert list((one.checkout.root / ".relay" / "sweeps" / path.rpartition("/")[2]).iterdir())
    artifacts = server.snapshot(PROJECT)["artifacts"]
    assert "diabetes_train:v0" in artifacts
    assert not any(artifact.startswith("diabetes_model") for artifact in artifacts)


def test_a_bad_trial_ends_early_and_a_cancelled_sweep_ends_the_one_that_runs(toy: Machine) -> None:
    rule = {"type": "hyperband", "min_iter": 1, "eta": MANY_FOLDS}  # the first fold decides
    path = toy.make_sweep(GOOD, SLOW_AND_BAD, SLOW_AND_BEST, early_terminate=rule)
    agent = toy.start_agent(path)
    wait_for(lambda: len(toy.proposed(path)) == 3 and has_row(toy, path), 300)
    toy.wandb("sweep", "--cancel", path)
    toy.agent_ends(agent)  # it kills the trial at once
    wait_for(lambda: not left(toy.server), 20)
    runs = toy.runs(path)
    good, bad, cancelled = (runs[run_id] for run_id in toy.proposed(path))
    assert [run["state"] for run in (good, bad, cancelled)] == ["finished", "failed", "failed"]
    assert [row["cv_score"] for row in good["history"]] == [2, 2]
    assert bad["exit_code"] == 255
    assert bad["summary"]["error"].startswith("stopped by SIG")
    assert 1 <= len(bad["history"]) < MANY_FOLDS
    assert bad["summary"]["cv_score"] == 1
    assert cancelled["summary"]["error"] == "stopped by SIGTERM"


def has_row(machine: Machine, path: str) -> bool:
    """Return whether the last trial that the server handed out has had a fold."""
    *_, last = machine.proposed(path)
    run = machine.runs(path).get(last)
    return run is not None and bool(run["history"])


def test_an_agent_that_is_stopped_stops_its_trial(toy: Machine) -> None:
    path = toy.make_sweep(SLOW_AND_BAD, SLOW_AND_BEST)
    agent = toy.start_agent(path, "--forward-signals")
    wait_for(lambda: any(run["history"] for run in toy.runs(path).values()))
    agent.send_signal(signal.SIGTERM)
    toy.agent_ends(agent)
    [run] = toy.runs(path).values()
    assert (run["state"], run["summary"]["error"]) == ("failed", "stopped by SIGTERM")
