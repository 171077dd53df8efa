"""The command that a step is started with is the one that MLflow would run."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from mlflow.projects.utils import load_project

from relay.runtime.command import runs_script, script_arguments, step_command
from relay.runtime.component import load_component
from relay.util.errors import ConfigError
from tests.loading import COMPONENTS

NAMES = sorted(path.parent.name for path in COMPONENTS.glob("*/MLproject"))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_mlflows(name: str) -> None:
    component = load_component(COMPONENTS, name)
    given = {
        key: f"it's {{{key}}} $HOME; \"x\" [a, 'b']"
        for key, default in component.declared.items()
        if default is None
    }
    entry_point = load_project(str(COMPONENTS / name)).get_entry_point("main")
    theirs = entry_point.compute_command(given, None)
    assert step_command(component, given, ()) == ["bash", "-c", theirs]
    assert step_command(component, given, ("source a",)) == ["bash", "-c", f"source a && {theirs}"]


@pytest.mark.parametrize("name", NAMES)
def test_the_script_gets_the_arguments_that_the_shell_would_give_it(name: str) -> None:
    component = load_component(COMPONENTS, name)
    given = {key: f"it's {{{key}}} $HOME; \"x\" *\n[a, 'b']\\" for key in component.declared}
    assert runs_script(component)
    _, shell, command = step_command(component, given, ())
    printing = command.replace("python run.py", "printf '%s\\0'")
    printed = subprocess.run(["bash", shell, printing], capture_output=True, check=True).stdout
    assert script_arguments(component, given) == printed.decode().split("\0")[:-1]


@pytest.mark.parametrize(
    "command",
    ["python run.py --a={a}", "PYTHONPATH=../../src python run.py --a={a} | tee x", "make {a}"],
)
def test_a_command_that_does_more_is_left_to_the_shell(command: str) -> None:
    component = dataclasses.replace(load_component(COMPONENTS, "split"), command=command)
    assert not runs_script(component)


def test_a_type_that_mlflow_would_change_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "split"
    folder.mkdir()
    content = yaml.safe_load((COMPONENTS / "split" / "MLproject").read_text())
    content["entry_points"]["main"]["parameters"]["target"] = "path"
    (folder / "MLproject").write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigError, match="'target' is a path"):
        load_component(tmp_path, "split")


def test_parameters_that_are_no_python_are_told_with_the_line(tmp_path: Path) -> None:
    folder = tmp_path / "split"
    shutil.copytree(COMPONENTS / "split", folder)
    (folder / "params.py").write_text("\nclass Params(:\n")
    with pytest.raises(ConfigError, match=r"split/params\.py, line 2: invalid syntax"):
        load_component(tmp_path, "split")


def test_a_default_is_given_as_well() -> None:
    component = dataclasses.replace(
        load_component(COMPONENTS, "split"),
        command="run {a} {b}",
        declared={"a": None, "b": "by default"},
    )
    assert step_command(component, {"a": "x"}, ()) == ["bash", "-c", "run x 'by default'"]
