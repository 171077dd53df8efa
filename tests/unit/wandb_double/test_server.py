"""The test double of a W&B server, by the SDK itself: its API, several clients, by hand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import wandb

from tests.loading import ROOT
from tests.unit.wandb_double.made import Start, artifact
from tests.wandb_server import WandbServer

WRITER = """
import sys, wandb
project, number = sys.argv[1:]
settings = wandb.Settings(console="off", silent=True, x_disable_stats=True)
with wandb.init(project=project, id=f"r{number}", settings=settings) as run:
    for turn in range(3):
        made = wandb.Artifact("data", "dataset")
        with made.new_file("x") as file:
            file.write(f"{number} {turn}")
        run.log_artifact(made, aliases=["best"]).wait()
"""


def test_api(server: WandbServer, start: Start, project: str, tmp_path: Path) -> None:
    for number in range(3):
        run = start(f"r{number}", group="g" if number else "other", config={"lr": number})
        for step in range(4):
            run.log({"loss": step})
        made = run.log_artifact(artifact(tmp_path, str(number)), aliases=["best"]).wait()
        if number:
            run.use_artifact("data:v0")
        run.finish()
    api = wandb.Api()
    assert (api.viewer.username, api.default_entity) == ("someone", "someone")
    path = f"someone/{project}"
    assert [run.id for run in api.runs(path, filters={"group": "g"})] == ["r1", "r2"]
    assert [run.id for run in api.runs(path, order="-config.lr.value")] == ["r2", "r1", "r0"]
    assert len(api.runs(path, per_page=1)) == 3
    assert len(list(api.runs(path, per_page=1))) == 3
    run = api.run(f"{path}/r1")
    assert (run.state, run.config, run.summary["loss"]) == ("finished", {"lr": 1}, 3)
    assert [a.name for a in run.logged_artifacts()] == ["data:v1"]
    assert [a.name for a in run.used_artifacts()] == ["data:v0"]
    for keys in (None, ["loss"]):
        rows: Any = run.history(keys=keys, pandas=False)
        assert [row["loss"] for row in rows] == [0, 1, 2, 3]
    assert [row["loss"] for row in run.scan_history(page_size=3)] == [0, 1, 2, 3]
    assert [row["loss"] for row in run.scan_history(keys=["loss"])] == [0, 1, 2, 3]

    assert [t.name for t in api.artifact_types(path)] == ["dataset"]
    assert [c.name for c in api.artifact_collections(path, "dataset", per_page=1)] == ["data"]
    versions = api.artifacts("dataset", f"{path}/data", per_page=1)
    assert [a.version for a in versions] == ["v2", "v1", "v0"]
    assert api.artifact_collection_exists(f"{path}/data", type="dataset")
    assert api.artifact_exists(f"{path}/data:best")
    best = api.artifact(f"{path}/data:best", type="dataset")
    assert (best.version, best.digest, best.source_name) == ("v2", made.digest, "data:v2")
    assert (best.source_entity, best.source_project) == ("someone", project)
    assert best.logged_by().id == "r2"
    assert [run.id for run in api.artifact(f"{path}/data:v0").used_by()] == ["r1", "r2"]


def test_what_is_missing(start: Start, project: str) -> None:
    run = start("r1")
    with pytest.raises(wandb.errors.CommError, match="artifact membership 'no:latest' not found"):
        run.use_artifact("no:latest")
    run.finish()
    api = wandb.Api()
    with pytest.raises(wandb.errors.CommError, match="artifact membership 'no:v0' not found"):
        api.artifact(f"{project}/no:v0")
    with pytest.raises(wandb.errors.CommError, match="project 'none' not found"):
        api.artifact("someone/none/no:v0")
    with pytest.raises(wandb.errors.CommError, match="Could not find run"):
        api.run(f"someone/{project}/none")
    assert not api.artifact_exists(f"{project}/no:v0")
    assert not api.artifact_collection_exists(f"{project}/no", type="dataset")
    with pytest.raises(wandb.errors.CommError, match="entity nobody not found"):
        start("of-nobody", entity="nobody")


def test_several_processes(server: WandbServer, project: str, tmp_path: Path) -> None:
    # without its address, or they would share the wandb-core of this process
    env = {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}

    def write(number: int) -> int:
        command = [sys.executable, "-c", WRITER, project, str(number)]
        return subprocess.run(command, cwd=tmp_path, env=env, check=False).returncode

    with ThreadPoolExecutor(3) as pool:
        ends = list(pool.map(write, range(3)))
    assert ends == [0, 0, 0]
    artifacts = server.snapshot(project)["artifacts"]
    assert sorted(artifacts) == [f"data:v{number}" for number in range(9)]
    assert sum("best" in artifact["aliases"] for artifact in artifacts.values()) == 1
    assert artifacts["data:v8"]["aliases"].count("latest") == 1


def test_by_hand() -> None:
    command = [sys.executable, "-m", "tests.wandb_server", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("WANDB_BASE_URL=http://127.0.0.1:")
        assert len(process.stdout.readline().partition("=")[2].strip()) >= 40
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
