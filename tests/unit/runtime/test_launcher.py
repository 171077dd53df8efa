"""Which steps need their MLflow run before they start."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from relay.runtime.component import Component
from relay.runtime.environments import PRESENT, Environment
from relay.runtime.environments_interface import Environments
from relay.runtime.launcher import Launcher
from relay.step.params import Params
from relay.tracking import TrackingSettings
from relay.util.project import Project

PLAIN = "PYTHONPATH=../../src python run.py"


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """Make an environment with MLflow in it."""
    package = tmp_path / "env" / "lib" / "python3.11" / "site-packages" / "mlflow"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    return Environment(str(tmp_path / "env"), ())


def reads_mlflow_run(folder: Path, environment: Environment, command: str, **files: str) -> bool:
    component = Component("train", folder / "train", command, Params)
    component.folder.mkdir()
    for name, text in {"run": "import pandas", **files}.items():
        (component.folder / f"{name}.py").write_text(text)
    (component.folder / "requirements.txt").write_text("mlflow==3\n")  # not what the code does
    environments: Any = SimpleNamespace(get=lambda component: environment)
    launcher = Launcher(
        Project(folder), folder, TrackingSettings(), cast(Environments, environments)
    )
    return launcher.reads_mlflow_run(component)


@pytest.mark.parametrize("text", ["import pandas", "import mlflow\nmlflow.log_metric('a', 1)"])
def test_one_that_leaves_the_variable_to_mlflow_does_not(
    tmp_path: Path, environment: Environment, text: str
) -> None:
    assert not reads_mlflow_run(tmp_path, environment, PLAIN, near=text)


@pytest.mark.parametrize(
    ("command", "files"),
    [
        (PLAIN, {"near": "run = os.environ['MLFLOW_RUN_ID']"}),
        (PLAIN, {"near": "subprocess.run(['mlflow', 'gc'])"}),
        (PLAIN, {"near": "import joblib, mlflow"}),
        ("python run.py && mlflow gc", {}),
    ],
)
def test_one_that_may_read_it_itself_does(
    tmp_path: Path, environment: Environment, command: str, files: dict[str, str]
) -> None:
    assert reads_mlflow_run(tmp_path, environment, command, **files)


def test_one_in_an_environment_without_it_does_not(tmp_path: Path) -> None:
    (tmp_path / "env" / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    environment = Environment(str(tmp_path / "env"), ())
    assert not reads_mlflow_run(tmp_path, environment, PLAIN, near="import mlflow")


def test_the_present_python_has_what_can_be_imported() -> None:
    assert PRESENT.has_package("mlflow")
    assert not PRESENT.has_package("no_such_package")
