"""The id of a step's MLflow run is there when MLflow is used, and not waited for before."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.loading import ROOT
from tests.mlflow_store import copy_store

USES = """
import os, sys, time
from pathlib import Path
from relay.step.mlflow_run_id import provide_run_id
sys.path.insert(0, {near!r})
{before}
began = time.monotonic()
provide_run_id(Path({file!r}))
print("provided", flush=True)
{use}
print(os.environ.get("MLFLOW_RUN_ID"))
"""


def start(folder: Path, *, before: str = "", use: str = "") -> subprocess.Popen[str]:
    (folder / "mlflow.py").write_text("import os\nRUN = os.environ.get('MLFLOW_RUN_ID')")
    code = USES.format(near=str(folder), file=str(folder / "id"), before=before, use=use)
    environ = {key: value for key, value in os.environ.items() if key != "MLFLOW_RUN_ID"}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**environ, "PYTHONPATH": str(ROOT / "src")},
        stdin=subprocess.PIPE,  # as the orchestrator holds it
        stdout=subprocess.PIPE,
        text=True,
    )


def lines(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    output = process.stdout.read()
    assert process.wait(30) == 0
    return output.splitlines()


def test_a_process_that_does_not_use_mlflow_does_not_wait(tmp_path: Path) -> None:
    assert lines(start(tmp_path)) == ["provided", "None"]


@pytest.mark.parametrize("run_id", ["abc", ""])
def test_the_import_of_mlflow_waits_for_the_id(tmp_path: Path, run_id: str) -> None:
    process = start(tmp_path, use="import json, mlflow, mlflow; print(mlflow.RUN)")
    assert process.stdout is not None
    assert process.stdout.readline() == "provided\n"
    time.sleep(0.2)
    assert process.poll() is None
    (tmp_path / "id").write_text(run_id)
    assert lines(process) == [run_id or "None"] * 2


@pytest.mark.parametrize("run_id", ["abc", ""])
def test_if_mlflow_is_loaded_its_first_look_at_the_variable_waits(
    tmp_path: Path, run_id: str
) -> None:
    (tmp_path / "id").write_text(run_id)
    copy_store(tmp_path / "mlflow.db")
    store = f"sqlite:///{tmp_path / 'mlflow.db'}"
    use = f"""
import mlflow
print(os.environ.get("MLFLOW_RUN_ID"))
mlflow.set_tracking_uri({store!r})
for _ in range(2):
    try:
        mlflow.start_run()
        mlflow.end_run()
        print("a new one")
    except mlflow.MlflowException as error:
        print(error)
"""
    file = tmp_path / "id"
    code = USES.format(near="", file=str(file), before="import mlflow", use=use)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "MLFLOW_RUN_ID": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    provided, before, first, second, _ = done.stdout.splitlines()
    assert (provided, before) == ("provided", "")
    assert ("Run with id=abc not found" in first) == bool(run_id)
    assert second == "a new one"


def test_if_a_mlflow_without_that_variable_is_loaded_the_id_is_waited_for_at_once(
    tmp_path: Path,
) -> None:
    process = start(tmp_path, before="import mlflow")
    time.sleep(0.5)
    assert process.poll() is None
    (tmp_path / "id").write_text("abc")
    assert lines(process) == ["provided", "abc"]


def test_nothing_is_waited_for_when_the_orchestrator_has_ended(tmp_path: Path) -> None:
    process = start(tmp_path, use="import mlflow")
    assert process.stdin is not None
    time.sleep(0.5)
    assert process.poll() is None
    process.stdin.close()
    assert lines(process) == ["provided", "None"]
