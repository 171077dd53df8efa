"""Seconds per trial of a sweep whose trials `wandb agent` starts, against a server on loopback."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks.checkout import PYTHON, Checkout, measure
from benchmarks.plain import MANAGER
from tests.wandb_server import WandbServer

_PROJECT = "relay"
_FILE = "agent.yaml"
_COMMAND = ["${env}", str(PYTHON), "main.py", f"env_manager={MANAGER}", "${args_no_hyphens}"]


def measure_agent(checkout: Checkout, sweep: Mapping[str, Any], trials: int) -> tuple[float, float]:
    """Return the seconds of an agent for `trials` trials, from its first to its last, and of CPU.

    The agent looks every five seconds whether a trial has ended. The steps before are cached.
    """
    file = checkout.root / _FILE
    file.write_text(yaml.safe_dump({**sweep, "project": _PROJECT, "command": _COMMAND}))
    with WandbServer() as server:
        login = {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": server.key}
        wandb = str(Path(PYTHON).with_name("wandb"))
        measure([wandb, "sweep", _FILE], checkout.root, login)
        (sweep_id,) = server.snapshot(_PROJECT)["sweeps"]
        agent = [wandb, "agent", f"{server.entity}/{_PROJECT}/{sweep_id}", "--count"]
        measure([*agent, "1"], checkout.root, login)  # the steps before are cached from now on
        before = len(server.requests())
        cost = measure([*agent, str(trials)], checkout.root, login)
        beats = [one.time for one in server.requests()[before:] if one.operation == "Heartbeat"]
        ends = [one.time for one in server.requests()[before:] if one.kind == "file_stream"]
    return max(ends) - min(beats), cost.cpu_seconds
