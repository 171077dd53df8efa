"""The test double of a W&B server, by the SDK itself: sweeps, and what agents ask for."""

from __future__ import annotations

from typing import Any

import pytest
import wandb
from wandb.apis.public.sweeps import (
    _agent_heartbeat,
    _get_sweep_state,
    _register_agent,
    _set_sweep_state,
    _sweep_with_runs,
)

from tests.e2e.conftest import wait_for
from tests.unit.wandb_double.made import Start
from tests.wandb_server import WandbServer
from tests.wandb_server.search import stopped_early

LOSS = {"name": "loss", "goal": "minimize"}


@pytest.fixture
def agent_of(server: WandbServer, project: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that makes a sweep, and returns its id and its agent's heartbeat."""
    # set here, as the SDK sets them and does not take that back
    monkeypatch.setenv("WANDB_ENTITY", server.entity)
    monkeypatch.setenv("WANDB_PROJECT", project)

    def make(**settings: Any) -> tuple[str, Any]:
        sweep = wandb.sweep({"program": "p.py", **settings}, server.entity, project)
        api = wandb.Api()
        place = {"entity": server.entity, "project": project}
        agent = _register_agent(api, "host", sweep_id=sweep, **place)["id"]
        return sweep, lambda *running: _agent_heartbeat(
            api, agent, {}, dict.fromkeys(running, True)
        )

    return make


def values_of(command: dict[str, Any]) -> dict[str, Any]:
    assert command["type"] == "run"
    return {name: entry["value"] for name, entry in command["args"].items()}


def test_a_grid_ends_after_every_combination(agent_of: Any) -> None:
    nested = {"parameters": {"max_depth": {"values": [2, None]}, "flag": {"value": True}}}
    _, beat = agent_of(method="grid", parameters={"a.b": {"values": [1, 2]}, "model": nested})
    tried = [values_of(command) for command in (*beat(), *beat(), *beat(), *beat())]
    assert tried == [
        {"a.b": first, "model": {"max_depth": depth, "flag": True}}
        for first in (1, 2)
        for depth in (2, None)
    ]
    assert beat() == [{"type": "exit"}]


def test_an_agent_gets_the_next_run_when_it_has_none_up_to_the_cap(agent_of: Any) -> None:
    _, beat = agent_of(
        method="random",
        run_cap=2,
        parameters={"x": {"min": 0.0, "max": 1.0}, "n": {"min": 1, "max": 3}},
    )
    (first,) = beat()
    assert beat(first["run_id"]) == []
    (second,) = beat()
    assert first["args"] != second["args"]
    for command in (first, second):
        values = values_of(command)
        assert 0 <= values["x"] <= 1
        assert values["n"] in (1, 2, 3)
    assert beat() == [{"type": "exit"}]


def test_a_run_of_a_sweep_is_found_as_its_best(
    server: WandbServer, start: Start, project: str, agent_of: Any
) -> None:
    sweep, beat = agent_of(method="bayes", metric=LOSS, parameters={"x": {"min": 0.0, "max": 1.0}})
    names = []
    for loss in (2.0, 1.0, 3.0):
        (command,) = beat()
        names.append(command["run_id"])
        run = start(names[-1], {"sweep_id": sweep}, config=values_of(command))
        run.log({"loss": loss})
        run.finish()
    api: Any = wandb.Api()
    stored = api.sweep(f"{server.entity}/{project}/{sweep}")
    assert stored.best_run().id == names[1]
    assert stored.config["metric"] == LOSS
    state = _sweep_with_runs(wandb.Api(), sweep, "{}", entity=server.entity, project=project)
    assert (state["state"], state["bestLoss"]) == ("RUNNING", 1.0)
    assert [run["name"] for run in state["runs"]] == names


def test_a_person_ends_a_run_or_the_sweep(
    server: WandbServer, project: str, start: Start, agent_of: Any
) -> None:
    sweep, beat = agent_of(method="random", parameters={"x": {"values": [1, 2]}})
    place = {"entity": server.entity, "project": project}
    (command,) = beat()
    name = command["run_id"]
    run = start(name, {"sweep_id": sweep})
    assert beat(name) == []
    server.stop_run(project, name)
    assert beat(name) == [{"type": "stop", "run_id": name}]
    run.finish(exit_code=255)
    _set_sweep_state(wandb.Api(), sweep, "PAUSED", **place)
    assert beat() == []
    _set_sweep_state(wandb.Api(), sweep, "RUNNING", **place)
    (command,) = beat()
    _set_sweep_state(wandb.Api(), sweep, "FINISHED", **place)
    assert beat(command["run_id"]) == []  # what runs goes on to its end
    assert beat() == [{"type": "exit"}]
    assert _get_sweep_state(wandb.Api(), sweep, **place) == "FINISHED"


def test_hyperband_ends_the_worse_runs_by_their_rows(
    start: Start, project: str, agent_of: Any
) -> None:
    rule = {"type": "hyperband", "min_iter": 1, "eta": 2}
    sweep, beat = agent_of(
        method="random", metric=LOSS, parameters={"x": {"value": 1}}, early_terminate=rule
    )
    for loss in (1.0, 1.1):
        (command,) = beat()
        run = start(command["run_id"], {"sweep_id": sweep})
        run.log({"loss": loss})
        run.log({"loss": loss - 1})
        run.finish()
    (command,) = beat()
    at_once = {"x_file_stream_transmit_interval": 1.0}
    run = start(command["run_id"], {"sweep_id": sweep, **at_once})
    assert beat(command["run_id"]) == []
    run.log({"loss": 2.0})
    wait_for(lambda: bool(beat(command["run_id"])), 10)
    assert beat(command["run_id"]) == [{"type": "stop", "run_id": command["run_id"]}]
    run.finish(exit_code=255)


def test_hyperband_compares_runs_at_the_last_band_that_each_has_reached() -> None:
    rule = {"type": "hyperband", "min_iter": 2, "eta": 2}
    rows = {"a": [5.0, 4.0, 3.0, 1.0], "b": [3.0, 3.0], "c": [9.0, 9.0], "d": [9.0]}
    assert stopped_early(rule, rows, ["b", "c", "d"]) == {"c"}
    assert stopped_early(rule, rows, ["a"]) == set()


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"method": "magic", "parameters": {"x": {"value": 1}}}, "method must be"),
        ({"method": "bayes", "parameters": {"x": {"value": 1}}}, "metric"),
        ({"method": "grid", "parameters": {"x": {"min": 0.0, "max": 1.0}}}, "grid"),
    ],
)
def test_a_wrong_sweep_is_refused(agent_of: Any, settings: Any, problem: str) -> None:
    with pytest.raises(Exception, match=problem):
        agent_of(**settings)
