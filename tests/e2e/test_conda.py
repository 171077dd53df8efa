"""Where conda is installed it is what builds the environments.

conda itself cannot be had from the package index, so one stands in for it here that takes the same
commands and makes the environments with uv: what is tested is what Relay and MLflow ask of it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Checkout

pytestmark = pytest.mark.e2e

CONDA = """\
#!{python}
import json, pathlib, subprocess, sys
envs = pathlib.Path({envs!r})
with (envs.parent / "calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[1:3] == ["env", "list"]:
    print(json.dumps({{"envs": [str(path) for path in envs.glob("*")]}}))
if sys.argv[1:3] == ["env", "create"]:
    name, file = sys.argv[4], pathlib.Path(sys.argv[6])
    subprocess.run(["uv", "venv", "--python", "3.11", envs / name], check=True)
    lock = file.parent / "requirements.txt"
    subprocess.run(
        ["uv", "pip", "install", "--python", envs / name / "bin" / "python", "-r", lock],
        check=True, cwd=file.parent,
    )
"""
ACTIVATE = "source {envs}/$1/bin/activate\n"


@pytest.fixture
def conda(tmp_path: Path) -> Path:
    """A folder with `conda` and `activate` in `bin`, and a list of the calls in `calls`."""
    envs = tmp_path / "envs"
    envs.mkdir()
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "conda").write_text(CONDA.format(python=sys.executable, envs=str(envs)))
    (folder / "activate").write_text(ACTIVATE.format(envs=envs))
    (folder / "conda").chmod(0o755)
    return tmp_path


def test_auto_takes_conda_and_builds_equal_environments_once(
    checkout: Checkout, conda: Path
) -> None:
    path = f"{conda / 'bin'}{os.pathsep}{checkout.environ()['PATH']}"
    for _ in range(2):
        done = checkout.main("steps=get_data,clean", "cache=false", env_manager="auto", PATH=path)
        assert done.status == 0, done.output
        assert "env_manager=conda" in done.output
    calls = (conda / "calls").read_text().splitlines()
    assert len([call for call in calls if call.startswith("env create")]) == 1
    assert len(list((conda / "envs").glob("mlflow-*"))) == 1


def test_a_half_built_environment_is_built_anew(checkout: Checkout, conda: Path) -> None:
    path = f"{conda / 'bin'}{os.pathsep}{checkout.environ()['PATH']}"
    checkout.main("steps=get_data", "cache=false", env_manager="conda", PATH=path)
    (environment,) = (conda / "envs").glob("mlflow-*")
    for record in environment.glob("lib/python*/site-packages/pandas-*.dist-info/RECORD"):
        record.unlink()
    done = checkout.main("steps=get_data", "cache=false", env_manager="conda", PATH=path)
    assert done.status == 0, done.output
    assert "Built the environment" in done.output


def test_without_conda_the_message_names_what_to_do(checkout: Checkout) -> None:
    # Of this machine's tools, those that a PATH without its conda still has.
    path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"])
    done = checkout.main(env_manager="conda", PATH=path, CONDA_EXE="", MLFLOW_CONDA_HOME="")
    assert done.status == 1
    assert "conda was not found" in done.output
    assert "env_manager=uv" in done.output
