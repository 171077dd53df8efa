"""`relay runs` and `relay diff` on a W&B server, whose runs may be of other machines."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from relay.commands.inspect.artifacts import show
from relay.commands.inspect.diff import diff
from relay.commands.inspect.runs import runs
from relay.tracking import Draft, Row, RunSpec, RunStatus, TrackingSettings, open_backend, remote
from relay.tracking.wandb import server_runs
from relay.util.errors import ConfigError
from relay.util.project import Project
from tests.loading import ROOT
from tests.unit.commands.test_inspect_runs import add_run
from tests.wandb_server import WandbServer

FIRST, SECOND, THIRD = (f"2026-02-0{day}T08-00-00" for day in (1, 2, 3))


class Online:
    """A project on the server, and one on this machine."""

    def __init__(self, server: WandbServer, home: Path) -> None:
        self.server = server
        self.home = home
        self.settings = TrackingSettings("wandb", f"runs-{uuid.uuid4().hex[:8]}", "someone")
        self.backend = open_backend(self.settings, ROOT)

    def add(
        self,
        group: str | None,
        step: str = "train",
        config: Mapping[str, Any] | None = None,
        r2: float = 0.5,
        status: RunStatus = "succeeded",
        made: str | None = None,
    ) -> None:
        spec = RunSpec(uuid.uuid4().hex[:16], step, step, group, config or {}, git_commit="abc")
        run = self.backend.start_run(spec)
        if made is not None:
            path = self.home / "model.txt"
            path.write_text(made)
            list(run.log_artifacts([Draft("m", "model", path, "", {})]))
        run.log(Row({"baseline_r2": 0.0, "r2": r2, "seconds": 3.0}))
        run.finish(status, "" if status == "succeeded" else "it failed")

    def printed(self, command: Any, *argv: str) -> str:
        output = io.StringIO()
        setting = f"tracking.project={self.settings.project}"
        argv = (*argv, "tracking=wandb", setting)
        project = Project(ROOT, self.home)
        assert command(project, argv, Console(file=output, width=200)) == 0
        return output.getvalue()

    def rows(self, command: Any, *argv: str) -> Any:
        return json.loads(self.printed(command, *argv, "--json"))

    def requests(self) -> int:
        return sum(request.operation == "Runs" for request in self.server.requests())


@pytest.fixture
def online(server: WandbServer, tmp_path: Path) -> Online:
    return Online(server, tmp_path)


def test_runs_on_the_server_are_listed_by_group_with_those_of_this_machine(online: Online) -> None:
    for step in ("split", "train"):
        online.add(f"sales linear {FIRST}", step)
    online.add("nightly", status="failed")
    add_run(online.home, SECOND)
    lines = online.printed(runs).splitlines()
    # The server dates a run by its start, which is now.
    assert [line.split()[0] for line in lines[1:4]] == ["nightly", FIRST, SECOND]
    assert "1 failed" in lines[1]
    assert "r2=0.500  baseline_r2=0" in lines[2]
    assert "2 ran" in lines[2]
    assert lines[4].startswith("W&B does not have the command of a run")


def test_a_run_of_both_places_is_listed_once_with_all_that_this_machine_knows(
    online: Online,
) -> None:
    online.add(f"sales linear {FIRST}")
    add_run(online.home, FIRST)
    assert [(row["run"], row["seconds"]) for row in online.rows(runs)] == [(FIRST, 4.25)]


def test_a_project_without_runs_is_empty_on_the_server_too(online: Online) -> None:
    assert online.printed(runs).startswith("No run yet.")


def test_runs_are_asked_for_page_by_page_and_each_is_whole(
    online: Online, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_runs, "_PAGE", 2)
    for step in ("a", "b", "c"):  # two runs at the same time, after three others
        for group in ("one", "two"):
            online.add(group, step)
    for group in ("three", "four", "five"):
        online.add(group)
    before = online.requests()
    [newest] = remote.list_runs(online.settings, 1)
    assert (newest.group, online.requests() - before) == ("five", 2)
    found = remote.list_runs(online.settings, 4)
    assert [(run.group, len(run.steps)) for run in found] == [
        ("five", 1), ("four", 1), ("three", 1), ("two", 3),
    ]  # fmt: skip


def test_a_difference_of_runs_that_only_the_server_has(online: Online) -> None:
    shared = {"train_artifact": "t:v0", "phase_seconds": {"fit": 1.0}}
    online.add(f"sales linear {FIRST}", config={"depth": 3, **shared}, r2=0.5, made="x")
    online.add(f"sales linear {SECOND}", config={"depth": 4, **shared}, r2=0.25, made="y")
    online.add(f"sales linear {SECOND}", "check")
    found = {row["what"]: (row[FIRST], row[SECOND]) for row in online.rows(diff, FIRST, SECOND)}
    assert found == {
        "train.depth": ("3", "4"),
        "train.m": ("m:v0", "m:v1"),
        "train.r2": (0.5, 0.25),
    }
    assert "only one of the two ran are not compared: check" in online.printed(diff, FIRST, SECOND)


def test_a_run_that_only_the_server_has_is_shown_with_its_inputs_and_outputs(
    online: Online,
) -> None:
    online.add(f"sales {FIRST}", config={"train_artifact": "t:v0"}, made="x")
    [step] = online.rows(show, FIRST)["steps"]
    assert (step["inputs"], step["outputs"]) == ({"train": "t:v0"}, {"m": "m:v0"})
    assert online.printed(show, FIRST).splitlines()[1] == "Commit: abc"
    with pytest.raises(ConfigError, match="no such run in outputs/ or on W&B"):
        online.printed(show, SECOND)


def test_a_run_of_this_machine_is_compared_with_one_of_the_server_by_what_both_have(
    online: Online,
) -> None:
    online.add(f"sales linear {SECOND}", "evaluate", config={"metric": "r2"}, r2=0.25)
    add_run(online.home, FIRST, r2=0.5)
    text = online.printed(diff, FIRST, SECOND)
    assert [line.split() for line in text.splitlines()[1:2]] == [["evaluate.r2", "0.500", "0.250"]]
    assert f"{FIRST} is not on W&B: parameters and versions are not compared." in text
    assert "evaluate.metric" not in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((THIRD, FIRST), f"diff: {THIRD}: there is no such run in outputs/ or on W&B."),
        (("2026-02", FIRST), f"several runs begin so ({SECOND}, {FIRST}). Write more of it."),
        ((FIRST,), "so the run before it is unknown. Name two runs."),
    ],
)
def test_a_run_that_the_server_cannot_name_is_an_error(
    online: Online, words: tuple[str, ...], message: str
) -> None:
    online.add(f"sales {FIRST}")
    online.add(f"sales {SECOND}")
    with pytest.raises(ConfigError) as error:
        online.printed(diff, *words)
    assert message in str(error.value)
