"""The test double of a W&B server, by the SDK itself: runs and what they record."""

from __future__ import annotations

from pathlib import Path

import wandb
from PIL import Image

from tests.unit.wandb_double.made import Start, file
from tests.wandb_server import WandbServer


def test_run(server: WandbServer, start: Start, project: str) -> None:
    run = start(
        "r1",
        name="one",
        group="g",
        job_type="train",
        tags=["a", "b"],
        notes="why",
        config={"lr": 1},
    )
    assert run.url == f"{server.url}/someone/{project}/runs/r1"
    run.config.update({"depth": 3})
    run.log({"loss": 1.0}, step=0)
    run.log({"loss": 0.5, "_timestamp": 1700000000.0}, step=3)
    run.summary.update({"best": 0.5})
    run.finish(exit_code=0)

    kept = server.snapshot(project)["runs"]["r1"]
    history = kept.pop("history")
    assert [row["loss"] for row in history] == [1.0, 0.5]
    assert [row["_step"] for row in history] == [0, 3]
    assert history[1]["_timestamp"] == 1700000000.0
    assert kept.pop("created_at").endswith("Z")
    assert kept == {
        "name": "one",
        "group": "g",
        "job_type": "train",
        "tags": ["a", "b"],
        "notes": "why",
        "sweep": None,
        "state": "finished",
        "exit_code": 0,
        "config": {"lr": 1, "depth": 3},
        "summary": {"loss": 0.5, "best": 0.5},
        "files": {},
        "commit": kept["commit"],
        "inputs": [],
        "outputs": [],
    }


def test_run_that_fails(server: WandbServer, start: Start, project: str) -> None:
    run = start("r1")
    assert server.snapshot(project)["runs"]["r1"]["state"] == "running"
    run.finish(exit_code=3)
    kept = server.snapshot(project)["runs"]["r1"]
    assert (kept["state"], kept["exit_code"]) == ("failed", 3)


def test_resume_a_finished_run(server: WandbServer, start: Start, project: str) -> None:
    first = start("r1", name="one", tags=["a"], config={"lr": 1})
    first.log({"loss": 1.0})
    first.summary["best"] = 1
    first.finish()
    second = start("r1", config={"depth": 2})
    assert second.resumed
    second.log({"loss": 0.5})
    second.finish()
    (kept,) = server.snapshot(project)["runs"].values()
    assert kept["name"] == "one"
    assert kept["config"] == {"lr": 1, "depth": 2}
    assert [row["loss"] for row in kept["history"]] == [1.0, 0.5]
    assert kept["summary"] == {"loss": 0.5, "best": 1}


def test_media_tables_and_code(
    server: WandbServer, start: Start, project: str, tmp_path: Path
) -> None:
    image = tmp_path / "plot.png"
    Image.new("RGB", (2, 2)).save(image)
    run = start("r1")
    run.log({"plot": wandb.Image(str(image))})
    run.log({"table": wandb.Table(columns=["a"], data=[[1], [2]])})
    file(tmp_path / "code", "print(1)\n", "train.py")
    run.log_code(str(tmp_path / "code"))
    run.finish()
    snapshot = server.snapshot(project)
    summary = snapshot["runs"]["r1"]["summary"]
    assert summary["plot"]["_type"] == "image-file"
    assert len(summary["plot"]["sha256"]) == 64
    assert summary["plot"]["sha256"] in snapshot["runs"]["r1"]["files"].values()
    assert summary["table"]["_type"] == "table-file"
    types = sorted(artifact["type"] for artifact in snapshot["artifacts"].values())
    assert types == ["code", "run_table"]
    assert len(snapshot["runs"]["r1"]["outputs"]) == 2


def test_project_with_a_space(server: WandbServer, start: Start, project: str) -> None:
    run = start("r1", project=f"{project} two")
    run.log({"loss": 1})
    run.finish()
    assert len(server.snapshot(f"{project} two")["runs"]["r1"]["history"]) == 1


def test_run_that_goes_silent(server: WandbServer, start: Start, project: str) -> None:
    run = start("r1")
    stored = server.state.run("someone", project, "r1")
    stored.heartbeat_at = "2020-01-01T00:00:00Z"
    assert wandb.Api().run(f"{project}/r1").state == "crashed"
    run.finish()
    assert wandb.Api().run(f"{project}/r1").state == "finished"


def test_what_arrived(server: WandbServer, start: Start) -> None:
    run = start("r1", config={"word": "needle-in-a-haystack"})
    run.log({"text": 'of "needles" & Nädeln'})
    run.finish()
    assert server.bodies_contain("needle-in-a-haystack")
    assert server.bodies_contain('of "needles" & Nädeln')
    assert not server.bodies_contain(server.key)
    last = server.requests()[-1]
    assert (last.kind, last.status) == ("file_stream", 200)
