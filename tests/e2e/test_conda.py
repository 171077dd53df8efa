"""Where conda is installed it is what builds the environments.

conda itself cannot be had from the package index, so one stands in for it here that takes the same
commands: what is tested is what Relay and MLflow ask of it. Its environments have the libraries of
the tests' own Python, and the metadata of what the lock names: test_isolated.py installs the locks.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Checkout
from tests.e2e.toy import Toy
from tests.forks import Done
from tests.loading import ROOT

pytestmark = pytest.mark.slow

CONDA = """\
#!{python}
import json, pathlib, re, subprocess, sys, sysconfig
envs = pathlib.Path({envs!r})
with (envs.parent / "calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[1:3] == ["env", "list"]:
    print(json.dumps({{"envs": [str(path) for path in envs.glob("*")]}}))
if sys.argv[1:3] == ["env", "create"]:
    name, file = sys.argv[4], pathlib.Path(sys.argv[6])
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", envs / name], check=True)
    [packages] = (envs / name).glob("lib/python*/site-packages")
    (packages / "tests.pth").write_text(sysconfig.get_path("purelib"))
    lock = (file.parent / "requirements.txt").read_text()
    for package, version in re.findall(r"^([\\w.-]+)==(\\S+)", lock, re.MULTILINE):
        folder = packages / (package.replace("-", "_") + "-" + version + ".dist-info")
        folder.mkdir()
        (folder / "RECORD").touch()
        (folder / "METADATA").write_text("Name: " + package + "\\nVersion: " + version + "\\n")
"""
ACTIVATE = "source {envs}/$1/bin/activate\n"


@pytest.fixture(scope="module")
def conda(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with `conda` and `activate` in `bin`, and a list of the calls in `calls`."""
    tmp_path = tmp_path_factory.mktemp("conda")
    envs = tmp_path / "envs"
    envs.mkdir()
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "conda").write_text(CONDA.format(python=sys.executable, envs=str(envs)))
    (folder / "activate").write_text(ACTIVATE.format(envs=envs))
    (folder / "conda").chmod(0o755)
    return tmp_path


def test_auto_takes_conda_builds_equal_environments_once_and_a_broken_one_again(
    conda: Path, tmp_path: Path
) -> None:
    toy = Toy(tmp_path).with_spawned_steps()
    checkout = toy.checkout
    for component in ("toy", "other"):
        for name in ("conda.yml", "requirements.txt"):
            shutil.copy(
                ROOT / "environments" / "table" / name, checkout.root / "components" / component
            )
    path = f"{conda / 'bin'}{os.pathsep}{checkout.environ()['PATH']}"

    def run(steps: str) -> Done:
        words = (*toy.arguments, f"steps={steps}", "cache=false")
        done = checkout.main(*words, env_manager="auto", PATH=path)
        assert done.status == 0, done.output
        assert "env_manager=conda" in done.output
        return done

    def builds() -> int:
        calls = (conda / "calls").read_text().splitlines()
        return len([call for call in calls if call.startswith("env create")])

    # a step that is forked, and one that the shell starts
    assert "Built the environment" in run("one,right").output
    assert "Built the environment" not in run("one,right").output
    assert builds() == 1
    (environment,) = (conda / "envs").glob("mlflow-*")
    for record in environment.glob("lib/python*/site-packages/pandas-*.dist-info/RECORD"):
        record.unlink()
    assert "Built the environment" in run("one").output
    assert builds() == 2


def test_without_conda_the_message_names_what_to_do(checkout: Checkout) -> None:
    # Of this machine's tools, those that a PATH without its conda still has.
    path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"])
    done = checkout.main(env_manager="conda", PATH=path, CONDA_EXE="", MLFLOW_CONDA_HOME="")
    assert done.status == 1
    assert "conda is not installed" in done.output
    assert "env_manager=uv" in done.output
