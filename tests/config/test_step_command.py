"""The command that a step is started with is the one that MLflow would run."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from mlflow.projects.utils import load_project

from relay.runtime.component import load_component
from relay.runtime.step_command import runs_script, script_arguments, step_command
from relay.util.errors import ConfigError
from tests.loading import COMPONENTS, ROOT
from tests.mlflow_store import copy_store

NAMES = sorted(path.parent.name for path in COMPONENTS.glob("*/MLproject"))


NASTY = {
    "words": json.dumps(["it's", '"x"', "", "a b", "é\n", "{x}", "$HOME", "`ls`", "--text"]),
    "rules": json.dumps({"a b": [1, None], "it's": {"\\": "--"}}),
    "text": "--text",
    "note": 'it\'s "two"\nlines; $(ls) * \\ ',
    "dash": "-1",
    "option": "--",
    "flag": "--help",
    "blank": " ",
    "empty": "",
    "equals": "a=b=c",
    "braces": "{text} {{}}",
}
"""Values as texts that a shell, a formatter or a parser of options could change."""
READ = {**NASTY, "words": json.loads(NASTY["words"]), "rules": json.loads(NASTY["rules"])}
SCRIPT = """
import json, sys
from typing import Any
from relay.step.params import Params, parse_command_line

class Example(Params):
    words: list[str]
    rules: dict[str, Any]
    text: str
    note: str
    dash: str
    option: str
    flag: str
    blank: str
    empty: str = ""
    equals: str
    braces: str

params = parse_command_line(Example, sys.argv[1:], "")
open("params.json", "w").write(json.dumps(params.model_dump()))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a component that writes its parameters, in a project with the code of this one."""
    (tmp_path / "src").symlink_to(ROOT / "src")
    folder = tmp_path / "components" / "echo"
    folder.mkdir(parents=True)
    shutil.copy(COMPONENTS / "split" / "MLproject", folder)
    shutil.copy(COMPONENTS / "split" / "conda.yml", folder)
    (folder / "run.py").write_text(SCRIPT)
    (folder / "params.py").write_text("from relay.step.params import Params\n")
    return folder


def written(folder: Path) -> Any:
    return json.loads((folder / "params.json").read_text())


def test_it_is_mlflows(folder: Path) -> None:
    component = load_component(folder.parent, "echo")
    entry_point = load_project(str(folder)).get_entry_point("main")
    theirs = entry_point.compute_command(NASTY, None)
    assert step_command(component, NASTY, ()) == ["bash", "-c", theirs]
    assert step_command(component, NASTY, ("source a",)) == ["bash", "-c", f"source a && {theirs}"]


def test_the_command_hands_on_each_value_as_it_is(folder: Path) -> None:
    command = step_command(load_component(folder.parent, "echo"), NASTY, ())
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(command, cwd=folder, check=True, env={**os.environ, "PATH": tools})
    assert written(folder) == READ


def test_mlflow_hands_on_each_value_as_it_is(folder: Path) -> None:
    copy_store(folder / "mlflow.db")
    tools = Path(sys.executable).parent
    words = [word for name, text in NASTY.items() for word in ("-P", f"{name}={text}")]
    subprocess.run(
        [tools / "mlflow", "run", str(folder), "--env-manager", "local", *words],
        check=True,
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        },
    )
    assert written(folder) == READ


@pytest.mark.additions
@pytest.mark.parametrize("name", NAMES)
def test_the_script_gets_the_arguments_that_the_shell_would_give_it(name: str) -> None:
    component = load_component(COMPONENTS, name)
    assert runs_script(component)
    _, shell, command = step_command(component, NASTY, ())
    printing = command.replace("python run.py", "printf '%s\\0'")
    printed = subprocess.run(["bash", shell, printing], capture_output=True, check=True).stdout
    assert script_arguments(NASTY) == printed.decode().split("\0")[:-1]


@pytest.mark.parametrize(
    "command", ["python run.py", "PYTHONPATH=../../src python run.py | tee x", "make"]
)
def test_a_command_that_does_more_is_left_to_the_shell(command: str) -> None:
    component = dataclasses.replace(load_component(COMPONENTS, "split"), command=command)
    assert not runs_script(component)


@pytest.mark.parametrize(
    ("main", "message"),
    [
        ({"parameters": {"a": "string"}}, r"^components/echo/MLproject: .* components/echo/params"),
        ({"command": "python run.py --a={a}"}, r"^components/echo/MLproject: .*has a brace"),
        ({"command": None}, r"^components/echo/MLproject: there is no entry point 'main'"),
    ],
)
def test_an_entry_point_that_is_not_right_is_refused(
    folder: Path, main: dict[str, Any], message: str
) -> None:
    content = yaml.safe_load((folder / "MLproject").read_text())
    content["entry_points"]["main"] |= main
    (folder / "MLproject").write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigError, match=message):
        load_component(folder.parent, "echo")


def test_parameters_that_are_not_python_are_an_error_with_the_line(tmp_path: Path) -> None:
    folder = tmp_path / "split"
    shutil.copytree(COMPONENTS / "split", folder)
    (folder / "params.py").write_text("\nclass Params(:\n")
    with pytest.raises(ConfigError, match=r"split/params\.py, line 2: invalid syntax"):
        load_component(tmp_path, "split")
