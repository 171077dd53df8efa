"""A sweep's file as the content of a sweep on a server, and a trial of it as settings."""

from __future__ import annotations

import pytest

from relay.sweep.format import SweepFile, parse_sweep
from relay.sweep.server_sweep import fixed_arguments, server_content, settings_of
from relay.sweep.space import read_space
from relay.util.errors import ConfigError

OPTIONS = {"model": ["forest", "linear"]}
FILE = """
project: other
method: random
metric: {name: cv_score, goal: maximize}
run_cap: 30
parameters:
  model: {values: [forest, linear]}
  seed: {value: 1}
  model.forest.params.max_depth: {min: 2, max: 9}
  train: {parameters: {folds: {values: [2, 5]}, seed: {value: 3}}}
"""
COMMAND = ["${env}", ".venv/bin/python", "${program}"]
PATH = "team/relay/abc"


def sweep_file(more: str = "") -> SweepFile:
    return parse_sweep(FILE + more, "both", "config/sweep/both.yaml")


def content_without(*keys: str, more: str = "", trials: int | None = None) -> dict[str, object]:
    file = sweep_file(more)
    space = read_space(file, OPTIONS).without(keys, {})
    return server_content(file, space, [f"{key}=7" for key in keys], trials)


def test_the_file_is_sent_with_a_command_and_a_name() -> None:
    assert content_without() == {
        "method": "random",
        "metric": {"name": "cv_score", "goal": "maximize"},
        "run_cap": 30,
        "parameters": {
            "model": {"values": ["forest", "linear"]},
            "seed": {"value": 1},
            "model.forest.params.max_depth": {"min": 2, "max": 9},
            "train": {"parameters": {"folds": {"values": [2, 5]}, "seed": {"value": 3}}},
        },
        "program": "main.py",
        "command": [*COMMAND, "${args_no_hyphens}"],
        "name": "both",
    }


def test_settings_of_the_command_are_in_the_command_of_all_trials_only() -> None:
    content = content_without("seed", "train.folds", "data", trials=3)
    assert content["command"] == [
        *COMMAND, "seed=7", "train.folds=7", "data=7", "${args_no_hyphens}",
    ]  # fmt: skip
    assert content["parameters"] == {
        "model": {"values": ["forest", "linear"]},
        "model.forest.params.max_depth": {"min": 2, "max": 9},
        "train": {"parameters": {"seed": {"value": 3}}},
    }
    assert content["run_cap"] == 3
    assert fixed_arguments(content) == ["seed=7", "train.folds=7", "data=7"]


def test_a_command_of_the_file_is_kept() -> None:
    more = 'command: [python, "${program}", "--model=linear", "${args}", "a=1"]\nprogram: p.py\n'
    content = content_without("seed", more=more)
    assert content["command"] == [
        "python", "${program}", "--model=linear", "seed=7", "${args}", "a=1",
    ]  # fmt: skip
    assert content["program"] == "p.py"
    assert fixed_arguments(content) == ["model=linear", "seed=7", "a=1"]


def test_what_a_server_does_not_know_is_refused() -> None:
    with pytest.raises(ConfigError) as error:
        content_without(more="early_terminate: {type: median}\n")
    assert str(error.value) == (
        "config/sweep/both.yaml: line 11: early_terminate.type: a server has no 'median', only "
        "this machine has. Set hyperband and min_iter."
    )


def test_the_parameters_of_a_trial_are_settings_as_in_a_sweep_on_this_machine() -> None:
    params = {
        "model": "forest",
        "seed": 1,
        "model.forest.params.max_depth": 4,
        "train": {"folds": 5, "seed": 3},
    }
    assert settings_of(PATH, content_without(), params, OPTIONS) == {
        "model": "forest",
        "seed": 1,
        "model.params.max_depth": 4,
        "train.folds": 5,
        "train.seed": 3,
    }
    linear = settings_of(PATH, content_without(), {**params, "model": "linear"}, OPTIONS)
    assert "model.params.max_depth" not in linear


def test_a_trial_without_a_parameter_of_its_sweep_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^sweep team/relay/abc: .* no parameter 'seed'"):
        settings_of(PATH, content_without(), {"model": "linear"}, OPTIONS)
