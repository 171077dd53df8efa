"""What happens to sweeps: made, changed, worked on by agents, ended."""

from __future__ import annotations

import itertools
import json
import random
import secrets
from typing import Any

from tests.wandb_server import runs, search
from tests.wandb_server.model import Agent, ApiError, Run, Sweep, now
from tests.wandb_server.state import State

_STATES = ("PENDING", "RUNNING", "PAUSED", "CANCELED", "FINISHED")
_OVER = ("CANCELED", "FINISHED")
_METHODS = ("grid", "random", "bayes")


def upsert(state: State, data: dict[str, Any]) -> Sweep:
    """Return the sweep with these changes, a new one without an id."""
    if data.get("id"):
        sweep = state.sweep_by_id(data["id"])
    else:
        project = state.create_project(data.get("project_name"), data.get("entity_name"))
        sweep = Sweep(secrets.token_hex(4), project)
        project.sweeps[sweep.name] = sweep
    if data.get("config"):
        sweep.config = data["config"]
        _check(sweep.settings)
    if data.get("state"):
        if data["state"] not in _STATES:
            raise ApiError(f"invalid sweep state {data['state']!r}")
        sweep.state = data["state"]
    for key in ("description", "display_name"):
        if data.get(key) is not None:
            setattr(sweep, key, data[key])
    sweep.updated_at = now()
    return sweep


def _check(settings: Any) -> None:
    if not isinstance(settings, dict) or settings.get("method") not in _METHODS:
        raise ApiError("invalid sweep config: method must be grid, random or bayes")
    if not settings.get("parameters"):
        raise ApiError("invalid sweep config: parameters is a required property")
    if settings["method"] == "bayes" and not settings.get("metric"):
        raise ApiError("invalid sweep config: metric is required with method bayes")
    if settings["method"] == "grid":
        next(search.grid(settings["parameters"]), None)


def create_agent(state: State, data: dict[str, Any]) -> Agent:
    """Return a new agent of a sweep."""
    project = state.project(data.get("project_name"), data.get("entity_name"))
    sweep = project.sweeps.get(data["sweep"])
    if sweep is None:
        raise ApiError(f"sweep {data['sweep']} not found", status=404)
    agent = Agent(sweep, data["host"])
    state.agents[agent.id] = agent
    return agent


def heartbeat(state: State, agent: Agent, running: list[str]) -> list[dict[str, Any]]:
    """Return the commands for an agent whose processes `running` are the runs of these names."""
    sweep = agent.sweep
    if sweep.project.sweeps.get(sweep.name) is not sweep:
        raise ApiError("sweep not found", status=404)
    agent.beats += 1
    _stop_early(sweep)
    if sweep.state == "CANCELED":
        return [{"type": "exit"}]
    stops = [name for name in running if _is_stopping(sweep.project.runs.get(name))]
    if stops:
        return [{"type": "stop", "run_id": name} for name in stops]
    if running or sweep.state == "PAUSED":
        return []
    proposal = None if sweep.state in _OVER else _propose(sweep)
    if proposal is None:
        return [{"type": "exit"}]
    sweep.state = "RUNNING"
    name = secrets.token_hex(4)
    sweep.proposed[name] = proposal
    return [
        {
            "type": "run",
            "run_id": name,
            "program": sweep.settings.get("program"),
            "args": {key: {"value": value} for key, value in proposal.items()},
        }
    ]


def _is_stopping(run: Run | None) -> bool:
    return run is not None and run.should_stop


def _propose(sweep: Sweep) -> dict[str, Any] | None:
    """Return the parameters of the next run, or None if there are no more."""
    settings, count = sweep.settings, len(sweep.proposed)
    cap = settings.get("run_cap")
    if cap is not None and count >= cap:
        return None
    if settings["method"] == "grid":
        return next(itertools.islice(search.grid(settings["parameters"]), count, None), None)
    # by chance also for bayes: what matters here is the protocol
    chance = random.Random(f"{sweep.name}/{count}")  # noqa: S311 - not for secrets
    return search.sample(settings["parameters"], chance)


def _stop_early(sweep: Sweep) -> None:
    """Mark the runs that are to end early by what they have logged so far."""
    rule = sweep.settings.get("early_terminate")
    if not rule:
        return
    metric = sweep.settings["metric"]
    sign = -1 if metric.get("goal", "minimize") == "maximize" else 1
    of_sweep = sweep_runs(sweep)
    rows = {
        run.name: [
            sign * row[metric["name"]]
            for row in map(json.loads, run.history)
            if isinstance(row.get(metric["name"]), int | float)
        ]
        for run in of_sweep
    }
    running = [run.name for run in of_sweep if runs.state_of(run) == "running"]
    for name in search.stopped_early(rule, rows, running):
        sweep.project.runs[name].should_stop = True


def sweep_runs(sweep: Sweep) -> list[Run]:
    """Return the runs of a sweep, the oldest first."""
    return [run for run in sweep.project.runs.values() if run.sweep == sweep.name]


def expected(sweep: Sweep) -> int | None:
    """Return how many runs the sweep will have; None if it has no end."""
    settings = sweep.settings
    limits = [settings["run_cap"]] if settings.get("run_cap") else []
    if settings["method"] == "grid":
        limits.append(sum(1 for _ in search.grid(settings["parameters"])))
    return min(limits) if limits else None


def best_loss(sweep: Sweep) -> float | None:
    """Return the best value of the metric so far."""
    metric = sweep.settings.get("metric") or {}
    values = [run.summary.get(metric.get("name", "")) for run in sweep_runs(sweep)]
    numbers = [value for value in values if isinstance(value, int | float)]
    choose = max if metric.get("goal") == "maximize" else min
    return choose(numbers) if numbers else None
