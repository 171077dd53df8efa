"""`main.py -m key=1,2` is a grid sweep over these values."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from relay.commands.sweep import multirun as command
from relay.commands.sweep.arguments import Arguments
from relay.sweep.format import SweepFile
from relay.util.errors import ConfigError
from relay.util.project import Project
from tests.loading import ROOT


def grid(monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[SweepFile, Arguments, str]:
    """Return the sweep that a command line is, its arguments, and the command."""
    started: list[Any] = []

    def run_sweep(
        project: Project, file: SweepFile, arguments: Arguments, console: Console, again: str
    ) -> int:
        started.append((file, arguments, again))
        return 7

    monkeypatch.setattr(command, "run_sweep", run_sweep)
    assert command.multirun(Project(ROOT), words, Console()) == 7
    sweep: tuple[SweepFile, Arguments, str] = started[0]
    return sweep


def test_settings_with_several_values_are_searched_and_the_others_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ("-m", "model=linear,xgboost", "train.folds=3", "model.scale=true,false")
    file, arguments, again = grid(monkeypatch, *words)
    assert {name: one.values for name, one in file.content.parameters.items()} == {
        "model": ["linear", "xgboost"], "model.scale": [True, False],
    }  # fmt: skip
    assert (file.content.method, file.content.metric.name) == ("grid", "cv_score")
    assert file.content.metric.goal == "maximize"
    assert arguments == Arguments("grid", ["train.folds=3"], jobs=1)
    assert again == "./relay run -m model=linear,xgboost train.folds=3 model.scale=true,false"


def test_the_setting_jobs_is_the_number_of_trials_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert grid(monkeypatch, "--multirun", "seed=1,2", "jobs=3")[1].jobs == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-m", "seed=1"), "-m: no setting has several values. Write them with commas"),
        (("-m", "seed=1,2", "pipeline.sweep=null"), r"pipeline\.sweep: is not set"),
        (("-m", "seed=1,2", "pipeline.sweep.metric=null"), r"pipeline\.sweep\.metric: is not set"),
    ],
)
def test_a_mistake_is_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        command.multirun(Project(ROOT), words, Console())
