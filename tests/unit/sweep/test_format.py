"""A sweep's file is read with the line of each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.sweep.format import SweepFile, parse_sweep, read_sweep
from relay.util.errors import ConfigError

PLACE = "config/sweep/forest.yaml"
HEAD = "method: bayes\nmetric: {name: cv_score, goal: maximize}\n"


def parse(text: str) -> SweepFile:
    return parse_sweep(text, "forest", PLACE)


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as error:
        parse(text)
    return str(error.value)


def test_a_file_for_wandb_sweep_is_read_as_it_stands() -> None:
    sweep = parse(
        "program: main.py\nname: forests\ndescription: A search.\nproject: relay\n"
        "command: ['${env}', python, '${program}', '${args_no_hyphens}']\n"
        "method: random\nrun_cap: 20\n"
        "metric: {name: cv_score, goal: maximize, target: 0.9}\n"
        "early_terminate: {type: hyperband, max_iter: 27, s: 2, eta: 3}\n"
        "parameters:\n  a: {min: 1, max: 3}\n  b: {parameters: {c: {values: [x, y]}}}\n"
    )
    assert sweep.content.method == "random"
    assert sweep.content.run_cap == 20
    assert sweep.content.metric.target == 0.9
    assert sweep.content.early_terminate is not None
    assert sweep.content.early_terminate.first == 3
    assert sweep.content.parameters["a"].min == 1
    assert sweep.lines["parameters.b.parameters.c"] == 12


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            HEAD + "parameters: {a: {min: 1e-4, max: 1}}",
            "line 3: parameters.a.min: must be a number (got '1e-4'). Write 0.0001.",
        ),
        (
            HEAD + "parameters:\n  a: {mni: 1}",
            "line 4: parameters.a.mni: there is no such setting. Did you mean 'min'?",
        ),
        (
            HEAD + "paramters:\n  a: {min: 1}",
            "line 3: paramters: there is no such setting. Did you mean 'parameters'?",
        ),
        ("method: bayes\nparameters: {a: {value: 1}}", "metric: a value is required. Add it."),
        (
            HEAD.replace("bayes", "bayse") + "parameters: {a: {value: 1}}",
            "line 1: method: must be 'bayes', 'random' or 'grid' (got 'bayse').",
        ),
        (
            HEAD.replace("maximize", "max") + "parameters: {a: {value: 1}}",
            "line 2: metric.goal: must be 'minimize' or 'maximize' (got 'max').",
        ),
        (
            HEAD + "parameters:\n  a: {value: 1}\n  b: {value: 2}\n  a: {value: 3}",
            "line 6: parameters.a: is given in line 4 already. Remove one of the two.",
        ),
        (HEAD + "parameters: [", "line 4: not valid YAML: "),
        (
            HEAD + "early_terminate: {type: hyperband}\nparameters: {a: {value: 1}}",
            "line 3: early_terminate: give min_iter, the first fold after which",
        ),
        (
            HEAD + "run_cap: 0\nparameters: {a: {value: 1}}",
            "line 3: run_cap: must be at least 1 (got 0).",
        ),
        ("- a", "has no settings. Add method, metric and parameters."),
    ],
)
def test_a_mistake_is_reported_with_its_line_and_what_to_do(text: str, message: str) -> None:
    assert f"{PLACE}: {message}" in refusal(text)


def test_every_mistake_has_a_line_of_its_own() -> None:
    lines = refusal("method: best\nmetric: {nme: x}\nparameters: {a: {value: 1}}").splitlines()
    assert [line.removeprefix(f"{PLACE}: ").split(":")[0] for line in lines] == [
        "line 1", "line 2", "line 2",
    ]  # fmt: skip


def test_an_unknown_sweep_is_answered_with_the_nearest_name(tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    folder.mkdir()
    (folder / "random_forest.yaml").touch()
    with pytest.raises(ConfigError, match=r"no 'random_forst'.*Did you mean 'random_forest'"):
        read_sweep(folder, "random_forst")
