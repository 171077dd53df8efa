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
import yaml

from tests.e2e.conftest import Checkout, new_checkout, wait_for
from tests.e2e.online import PROJECT, login
from tests.wandb_server import WandbServer

pytestmark = pytest.mark.e2e

WANDB = str(Path(sys.executable).with_name("wandb"))
FOLDS = 3
QUICK = {"n_estimators": 10, "max_depth": 8}
SLOW_AND_BAD = {"n_estimators": 3000, "min_samples_leaf": 175}
MANY_FOLDS = 30
"""So many that a slow trial takes a minute if nothing ends it."""
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

    def make_sweep(self, **content: Any) -> str:
        """`wandb sweep FILE`, and return the sweep's path, as it is printed."""
        file = self.checkout.root / "sweep.yaml"
        file.write_text(yaml.safe_dump({**SWEEP, **content}))
        return path_in(self.wandb("sweep", str(file)))

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


def new_machine(root: Path, server: WandbServer) -> Machine:
    checkout = new_checkout(root)
    (root / ".venv").symlink_to(sys.prefix)
    settings = root / "config" / "local" / "default.yaml"
    settings.parent.mkdir()
    settings.write_text(f"# @package _global_\nenv_manager: local\ntrain: {{folds: {FOLDS}}}\n")
    return Machine(checkout, server)


@pytest.fixture(scope="module")
def machine(server: WandbServer, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return new_machine(tmp_path_factory.mktemp("machine") / "relay", server)


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


def test_a_shipped_sweep_runs_to_its_end_as_it_is(machine: Machine) -> None:
    path = path_in(machine.wandb("sweep", "config/sweep/random_forest.yaml"))
    machine.agent_ends(machine.start_agent(path, "--count", "2"))
    runs, proposed = machine.runs(path), machine.proposed(path)
    assert len(runs) == 2
    assert {run_id: run["config"] for run_id, run in runs.items()} == proposed
    for run in runs.values():
        assert run["state"] == "finished"
        assert len([row for row in run["history"] if "cv_score" in row]) == FOLDS
        assert run["summary"]["cv_score"] == run["history"][-1]["cv_score"]
    artifacts = machine.server.snapshot(PROJECT)["artifacts"]
    assert "diabetes_train:v0" in artifacts
    assert not any(artifact.startswith("diabetes_model") for artifact in artifacts)


def test_a_bad_trial_ends_early_and_the_sweep_goes_on(machine: Machine) -> None:
    path = machine.make_sweep(
        early_terminate={"type": "hyperband", "min_iter": 1, "eta": 2},
        parameters={
            "model": {"value": "random_forest"},
            "train.folds": {"value": MANY_FOLDS},
            "model.params": {"values": [QUICK, SLOW_AND_BAD, {**QUICK, "max_depth": None}]},
        },
    )
    machine.agent_ends(machine.start_agent(path))
    runs = machine.runs(path)
    best, bad, other = (runs[run_id] for run_id in machine.proposed(path))
    assert [run["state"] for run in (best, bad, other)] == ["finished", "failed", "finished"]
    assert bad["exit_code"] == 255
    assert bad["summary"]["error"].startswith("stopped by SIG")
    assert 1 <= len(bad["history"]) < MANY_FOLDS
    assert bad["summary"]["cv_score"] < best["summary"]["cv_score"]


def start_slow(machine: Machine, *options: str) -> tuple[str, subprocess.Popen[bytes]]:
    """Return a sweep and its agent, whose trial has had its first fold."""
    path = machine.make_sweep(
        parameters={
            "model": {"value": "random_forest"},
            "train.folds": {"value": MANY_FOLDS},
            "model.params.n_estimators": {"values": [3000, 3001]},
        }
    )
    agent = machine.start_agent(path, *options)
    wait_for(lambda: any(run["history"] for run in machine.runs(path).values()))
    return path, agent


def test_a_cancelled_sweep_ends_its_trial_although_the_agent_kills_it(machine: Machine) -> None:
    path, agent = start_slow(machine)
    machine.wandb("sweep", "--cancel", path)
    machine.agent_ends(agent)
    wait_for(lambda: not left(machine.server), 20)
    [run] = machine.runs(path).values()
    assert (run["state"], run["summary"]["error"]) == ("failed", "stopped by SIGTERM")


def test_an_agent_that_is_stopped_stops_its_trial(machine: Machine) -> None:
    path, agent = start_slow(machine, "--forward-signals")
    agent.send_signal(signal.SIGTERM)
    machine.agent_ends(agent)
    [run] = machine.runs(path).values()
    assert (run["state"], run["summary"]["error"]) == ("failed", "stopped by SIGTERM")


def test_two_agents_on_two_machines_share_a_sweep(
    machine: Machine, server: WandbServer, tmp_path: Path
) -> None:
    other = new_machine(tmp_path / "relay", server)
    path = machine.make_sweep(
        parameters={
            "model": {"parameters": {"name": {"value": "linear"}}},
            "train.folds": {"values": [2, 3]},
        }
    )
    agents = [(one, one.start_agent(path)) for one in (machine, other)]
    for one, agent in agents:
        one.agent_ends(agent)
    runs = machine.runs(path)
    assert {run["state"] for run in runs.values()} == {"finished"}
    assert sorted(len(run["history"]) for run in runs.values()) == [2, 3]
    assert {run_id: run["config"] for run_id, run in runs.items()} == machine.proposed(path)
    for one in (machine, other):
        assert list((one.checkout.root / ".relay" / "sweeps" / path.rpartition("/")[2]).iterdir())
