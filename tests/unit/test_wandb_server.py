"""The test double of a W&B server: what Relay uses of the SDK, by the SDK itself."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.loading import ROOT
from tests.wandb_server import Fault, WandbServer, artifacts, kind, operation
from tests.wandb_server.model import ApiError

wandb = pytest.importorskip("wandb")
pytestmark = pytest.mark.e2e

FOLDERS = ("WANDB_DIR", "WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "HOME")
# whole seconds: wandb-core takes less than one for its default, two
QUICK_RETRIES = {
    f"x_{what}_retry_wait_{bound}_seconds": 1.0
    for what in ("graphql", "file_stream", "file_transfer")
    for bound in ("min", "max")
}
Start = Callable[..., Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WandbServer]:
    """A server, and an SDK that knows its address and key and nothing else."""
    home = tmp_path_factory.mktemp("wandb")
    wandb.teardown()  # what other tests of this process have set up
    with pytest.MonkeyPatch.context() as patch, WandbServer() as running:
        for name in FOLDERS:
            (home / name).mkdir()
            patch.setenv(name, str(home / name))
        patch.setenv("NETRC", str(home / "netrc"))
        patch.setenv("WANDB_ERROR_REPORTING", "false")
        patch.setenv("WANDB_BASE_URL", running.url)
        patch.setenv("WANDB_API_KEY", running.key)
        yield running
        wandb.teardown()


@pytest.fixture
def project() -> str:
    """A project that nothing is in."""
    return f"p-{secrets.token_hex(4)}"


@pytest.fixture
def start(server: WandbServer, project: str) -> Iterator[Start]:
    """Begin a run; faults and runs that are left over end with the test."""

    def begin(
        run_id: str | None = None, settings: dict[str, Any] | None = None, **more: Any
    ) -> Any:
        chosen = {"console": "off", "silent": True, "x_disable_stats": True, **(settings or {})}
        options = {"project": project, "id": run_id, "resume": "allow", **more}
        return wandb.init(settings=wandb.Settings(**chosen), **options)

    yield begin
    server.faults.clear()
    server.restore_key()
    server.start()
    if wandb.run is not None:
        wandb.finish()


def file(folder: Path, content: str, name: str = "data.csv") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def artifact(folder: Path, content: str = "a,b\n1,2\n", name: str = "data", **more: Any) -> Any:
    made = wandb.Artifact(name, more.pop("type", "dataset"), **more)
    made.add_file(str(file(folder, content)))
    return made


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

    found = server.snapshot(project)["runs"]["r1"]
    history = found.pop("history")
    assert [row["loss"] for row in history] == [1.0, 0.5]
    assert [row["_step"] for row in history] == [0, 3]
    assert history[1]["_timestamp"] == 1700000000.0
    assert found.pop("created_at").endswith("Z")
    assert found == {
        "name": "one",
        "group": "g",
        "job_type": "train",
        "tags": ["a", "b"],
        "notes": "why",
        "state": "finished",
        "exit_code": 0,
        "config": {"lr": 1, "depth": 3},
        "summary": {"loss": 0.5, "best": 0.5},
        "files": {},
        "commit": found["commit"],
        "inputs": [],
        "outputs": [],
    }


def test_run_that_fails(server: WandbServer, start: Start, project: str) -> None:
    run = start("r1")
    assert server.snapshot(project)["runs"]["r1"]["state"] == "running"
    run.finish(exit_code=3)
    found = server.snapshot(project)["runs"]["r1"]
    assert (found["state"], found["exit_code"]) == ("failed", 3)


def test_resume_a_finished_run(server: WandbServer, start: Start, project: str) -> None:
    first = start("r1", name="one", tags=["a"], config={"lr": 1})
    first.log({"loss": 1.0})
    first.summary["best"] = 1
    first.finish()
    second = start("r1", config={"depth": 2})
    assert second.resumed
    second.log({"loss": 0.5})
    second.finish()
    (found,) = server.snapshot(project)["runs"].values()
    assert found["name"] == "one"
    assert found["config"] == {"lr": 1, "depth": 2}
    assert [row["loss"] for row in found["history"]] == [1.0, 0.5]
    assert found["summary"] == {"loss": 0.5, "best": 1}


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
    found = server.snapshot(project)
    summary = found["runs"]["r1"]["summary"]
    assert summary["plot"]["_type"] == "image-file"
    assert len(summary["plot"]["sha256"]) == 64
    assert summary["plot"]["sha256"] in found["runs"]["r1"]["files"].values()
    assert summary["table"]["_type"] == "table-file"
    types = sorted(one["type"] for one in found["artifacts"].values())
    assert types == ["code", "run_table"]
    assert len(found["runs"]["r1"]["outputs"]) == 2


def test_log_artifact(server: WandbServer, start: Start, project: str, tmp_path: Path) -> None:
    run = start("r1")
    made = artifact(tmp_path, description="rows", metadata={"rows": 1})
    made.add_dir(str(file(tmp_path / "more", "x", "deep/x.txt").parents[1]), name="more")
    run.log_artifact(made, aliases=["prod"], tags=["t"]).wait()
    assert (made.version, sorted(made.aliases), made.tags) == ("v0", ["latest", "prod"], ["t"])
    run.finish()
    found = server.snapshot(project)
    assert found["runs"]["r1"]["outputs"] == ["data:v0"]
    stored = found["artifacts"]["data:v0"]
    assert stored["digest"] == made.digest
    assert stored["files"]["more/deep/x.txt"]["size"] == 1
    assert sorted(stored["files"]) == ["data.csv", "more/deep/x.txt"]
    assert (stored["type"], stored["description"], stored["state"]) == (
        "dataset",
        "rows",
        "COMMITTED",
    )
    assert (stored["metadata"], stored["tags"]) == ({"rows": 1}, ["t"])


def test_same_content_is_the_same_version(
    server: WandbServer, start: Start, project: str, tmp_path: Path
) -> None:
    run = start("r1")
    for content, rows in (("1", 1), ("2", 2), ("1", 3)):
        made = artifact(tmp_path, content, metadata={"rows": rows})
        run.log_artifact(made, aliases=[f"a{rows}"]).wait()
    assert made.version == "v0"
    run.finish()
    found = server.snapshot(project)
    assert sorted(found["artifacts"]) == ["data:v0", "data:v1"]
    assert found["artifacts"]["data:v0"]["aliases"] == ["a1", "a3", "latest"]
    assert found["artifacts"]["data:v0"]["metadata"] == {"rows": 1}
    assert found["artifacts"]["data:v1"]["aliases"] == ["a2"]


def test_name_of_another_type(start: Start, tmp_path: Path) -> None:
    run = start("r1")
    run.log_artifact(artifact(tmp_path)).wait()
    with pytest.raises(ValueError, match="already exists with type 'dataset'"):
        run.log_artifact(artifact(tmp_path, "other", type="model"))
    run.finish()


@pytest.mark.parametrize("alias", ["a/b", "a:b"])
def test_alias_that_is_none(start: Start, tmp_path: Path, alias: str) -> None:
    run = start("r1")
    with pytest.raises(ValueError, match="must not contain any of the following characters"):
        run.log_artifact(artifact(tmp_path), aliases=[alias])
    run.finish()


def test_large_and_many(server: WandbServer, start: Start, project: str, tmp_path: Path) -> None:
    run = start("r1")
    (tmp_path / "big").write_bytes(os.urandom(50_000_000))
    for number in range(200):
        file(tmp_path / "many", str(number), f"{number}.txt")
    made = wandb.Artifact("data", "dataset")
    made.add_file(str(tmp_path / "big"))
    made.add_dir(str(tmp_path / "many"))
    run.log_artifact(made).wait()
    assert len(server.snapshot(project)["artifacts"]["data:v0"]["files"]) == 201
    used = run.use_artifact("data:latest")
    root = Path(used.download(root=str(tmp_path / "down"), skip_cache=True))
    assert (root / "big").read_bytes() == (tmp_path / "big").read_bytes()
    assert len(list(root.iterdir())) == 201
    run.finish()


def test_use_artifact(server: WandbServer, start: Start, project: str, tmp_path: Path) -> None:
    run = start("r1")
    made = run.log_artifact(artifact(tmp_path), aliases=["prod"]).wait()
    run.finish()
    names = ["data:prod", "data:v0", f"{project}/data:v0", f"someone/{project}/data:latest"]
    for number, name in enumerate(names):
        run = start(f"use{number}")
        used = run.use_artifact(name)
        assert used.version == "v0"
        root = used.download(root=str(tmp_path / f"down{number}"))
        assert Path(root, "data.csv").read_text() == "a,b\n1,2\n"
        run.finish()
    run = start("object")
    run.use_artifact(made)
    run.finish()
    runs = server.snapshot(project)["runs"]
    assert all(runs[f"use{number}"]["inputs"] == ["data:v0"] for number in range(4))
    assert runs["object"]["inputs"] == ["data:v0"]
    assert sorted(run.id for run in made.used_by()) == ["object", *(f"use{n}" for n in range(4))]


def test_one_file(start: Start, tmp_path: Path) -> None:
    run = start("r1")
    made = run.log_artifact(artifact(tmp_path)).wait()
    path = made.get_entry("data.csv").download(root=str(tmp_path / "one"), skip_cache=True)
    assert Path(path).read_text() == "a,b\n1,2\n"
    run.finish()


def test_use_and_link_of_a_draft(
    server: WandbServer, start: Start, project: str, tmp_path: Path
) -> None:
    run = start("r1")
    run.use_artifact(artifact(tmp_path))
    model = artifact(tmp_path, name="model", type="model")
    linked = run.link_artifact(model, f"wandb-registry-model/{project}", aliases=["champion"])
    run.finish()
    found = server.snapshot(project)
    assert found["runs"]["r1"]["inputs"] == ["data:v0"]
    assert found["runs"]["r1"]["outputs"] == ["model:v0"]
    assert list(found["links"]) == [f"wandb-registry-model/{project}:v0"]
    linked.unlink()
    assert server.snapshot(project)["links"] == {}


def test_another_entity(server: WandbServer, start: Start, project: str, tmp_path: Path) -> None:
    server.add_team("team")
    run = start("r1", entity="team")
    run.log_artifact(artifact(tmp_path)).wait()
    run.finish()
    run = start("r1")
    run.use_artifact(f"team/{project}/data:latest")
    run.finish()
    assert list(server.snapshot(project, "team")["artifacts"]) == ["data:v0"]
    found = server.snapshot(project)
    assert found["artifacts"] == {}
    assert found["runs"]["r1"]["inputs"] == [f"team/{project}/data:v0"]


def test_project_with_a_space(server: WandbServer, start: Start, project: str) -> None:
    run = start("r1", project=f"{project} two")
    run.log({"loss": 1})
    run.finish()
    assert len(server.snapshot(f"{project} two")["runs"]["r1"]["history"]) == 1


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
    assert [row["loss"] for row in run.history(pandas=False)] == [0, 1, 2, 3]
    assert [row["loss"] for row in run.history(keys=["loss"], pandas=False)] == [0, 1, 2, 3]
    assert [row["loss"] for row in run.scan_history(page_size=3)] == [0, 1, 2, 3]
    assert [row["loss"] for row in run.scan_history(keys=["loss"])] == [0, 1, 2, 3]

    assert [t.name for t in api.artifact_types(path)] == ["dataset"]
    assert [c.name for c in api.artifact_collections(path, "dataset", per_page=1)] == ["data"]
    versions = api.artifacts("dataset", f"{path}/data", per_page=1)
    assert [a.version for a in versions] == ["v2", "v1", "v0"]
    assert api.artifact_collection_exists(f"{path}/data", type="dataset")
    assert api.artifact_exists(f"{path}/data:best")
    found = api.artifact(f"{path}/data:best", type="dataset")
    assert (found.version, found.digest, found.source_name) == ("v2", made.digest, "data:v2")
    assert (found.source_entity, found.source_project) == ("someone", project)
    assert found.logged_by().id == "r2"
    assert [run.id for run in api.artifact(f"{path}/data:v0").used_by()] == ["r1", "r2"]


def test_change_an_artifact(
    server: WandbServer, start: Start, project: str, tmp_path: Path
) -> None:
    run = start("r1")
    for number in range(2):
        run.log_artifact(artifact(tmp_path, str(number)), aliases=["best"]).wait()
    run.finish()
    api = wandb.Api()
    first = api.artifact(f"{project}/data:v0")
    first.aliases.append("best")
    first.metadata["rows"] = 5
    first.description = "changed"
    first.tags.append("t")
    first.save()
    second = api.artifact(f"{project}/data:v1")
    assert second.aliases == ["latest"]
    second.aliases.remove("latest")
    second.save()
    found = server.snapshot(project)["artifacts"]
    assert (found["data:v0"]["aliases"], found["data:v1"]["aliases"]) == (["best"], [])
    assert (found["data:v0"]["metadata"], found["data:v0"]["tags"]) == ({"rows": 5}, ["t"])
    assert found["data:v0"]["description"] == "changed"
    with pytest.raises(wandb.errors.CommError, match="aliases"):
        first.delete()
    first.delete(delete_aliases=True)
    assert not wandb.Api().artifact_exists(f"{project}/data:v0")


def test_registry(server: WandbServer, start: Start, project: str, tmp_path: Path) -> None:
    name = f"churn-{project}"
    target = f"wandb-registry-model/{name}"
    run = start("r1")
    for number in range(3):
        made = artifact(tmp_path, str(number), name="model", type="model")
        run.log_artifact(made).wait()
        linked = run.link_artifact(made, target, aliases=["champion"] if number < 2 else [])
        assert (linked.version, linked.is_link) == (f"v{number}", True)
    run.finish()
    api = wandb.Api()
    champion = api.artifact(f"{target}:champion")
    assert (champion.version, champion.source_name, champion.source_project) == (
        "v1",
        "model:v1",
        project,
    )
    newest = api.artifact(f"{target}:latest")
    assert newest.version == "v2"
    newest.aliases.append("champion")
    newest.save()
    assert wandb.Api().artifact(f"{target}:champion").version == "v2"
    assert server.snapshot(project)["artifacts"]["model:v2"]["aliases"] == ["latest"]
    run = start("r2")
    used = run.use_artifact(f"{target}:champion")
    root = used.download(root=str(tmp_path / "down"))
    assert Path(root, "data.csv").read_text() == "2"
    run.finish()
    found = server.snapshot(project)
    assert found["runs"]["r2"]["inputs"] == ["model:v2"]
    assert found["links"][f"{target}:v2"] == {
        "source": "model:v2",
        "aliases": ["champion", "latest"],
    }
    again = api.artifact(f"{project}/model:v0").link(target, aliases=["champion"])
    assert again.version == "v0"
    assert server.snapshot(project)["links"][f"{target}:v0"]["aliases"] == ["champion", "latest"]


def test_registry_that_refuses(start: Start, tmp_path: Path, project: str) -> None:
    run = start("r1")
    made = run.log_artifact(artifact(tmp_path)).wait()
    with pytest.raises(wandb.errors.CommError, match="does not accept artifacts of type"):
        run.link_artifact(made, f"wandb-registry-model/{project}")
    with pytest.raises(wandb.errors.CommError, match="project not found"):
        run.link_artifact(made, f"wandb-registry-none/{project}")
    run.finish()


def test_wrong_key(server: WandbServer, start: Start, project: str) -> None:
    server.revoke_key()
    with pytest.raises(wandb.errors.CommError, match="user is not logged in"):
        start("without-a-key")
    with pytest.raises(wandb.errors.AuthenticationError):
        wandb.Api(api_key="x" * 40)
    server.restore_key()
    assert server.snapshot(project)["runs"] == {}


def test_key_revoked_in_mid_run(
    server: WandbServer, start: Start, project: str, tmp_path: Path
) -> None:
    run = start("r1")
    run.log_artifact(artifact(tmp_path)).wait()
    server.revoke_key()
    run.log({"loss": 1})
    with pytest.raises(ValueError, match=r"401.*user is not logged in"):
        run.log_artifact(artifact(tmp_path, "more")).wait()
    with pytest.raises(wandb.errors.CommError, match="user is not logged in"):
        run.use_artifact("data:latest")
    run.finish()
    assert server.snapshot(project)["runs"]["r1"]["state"] == "running"


def test_answer_that_is_lost(
    server: WandbServer, start: Start, project: str, tmp_path: Path
) -> None:
    for name in ("UpsertBucket", "CreateArtifact", "CreateArtifactFiles", "CommitArtifact"):
        server.faults.add(Fault(operation(name), "lost_answer", times=1))
    server.faults.add(Fault(kind("file_stream"), "lost_answer", times=1))
    server.faults.add(Fault(kind("upload"), "drop", times=1))
    run = start("r1", settings=QUICK_RETRIES)
    run.log({"loss": 1})
    run.log_artifact(artifact(tmp_path)).wait()
    run.finish()
    found = server.snapshot(project)
    assert found["runs"]["r1"]["outputs"] == ["data:v0"]
    assert sorted(found["artifacts"]) == ["data:v0"]
    assert len(found["runs"]["r1"]["history"]) == 1


def test_fault_with_a_status(server: WandbServer, start: Start, tmp_path: Path) -> None:
    run = start("r1")
    fault = server.faults.add(Fault(operation("CommitArtifact"), status=400, times=1))
    with pytest.raises(ValueError, match="a fault was asked for"):
        run.log_artifact(artifact(tmp_path)).wait()
    assert fault.hits == 1
    run.finish()


def test_delay(server: WandbServer, start: Start) -> None:
    server.faults.add(Fault(operation("UpsertBucket"), "delay", seconds=0.5, times=1))
    began = time.monotonic()
    start("r1").finish()
    assert time.monotonic() - began > 0.5


def test_run_that_goes_silent(server: WandbServer, start: Start, project: str) -> None:
    run = start("r1")
    stored = server.state.run("someone", project, "r1")
    stored.heartbeat_at = "2020-01-01T00:00:00Z"
    assert wandb.Api().run(f"{project}/r1").state == "crashed"
    run.finish()
    assert wandb.Api().run(f"{project}/r1").state == "finished"


def test_artifact_that_is_never_committed(
    server: WandbServer, start: Start, project: str, tmp_path: Path
) -> None:
    run = start("r1")
    server.faults.add(Fault(kind("upload"), status=403))
    with pytest.raises(ValueError, match=r"uploads .* have failed"):
        run.log_artifact(artifact(tmp_path)).wait()
    server.faults.clear()
    run.finish()
    found = server.snapshot(project)
    assert found["runs"]["r1"]["outputs"] == []
    assert [one["state"] for one in found["artifacts"].values()] == ["PENDING"]
    assert not wandb.Api().artifact_exists(f"{project}/data:latest")


def test_server_goes_and_comes_back(
    server: WandbServer, start: Start, project: str, tmp_path: Path
) -> None:
    run = start("r1", settings=QUICK_RETRIES)
    url = server.url
    server.stop()
    back = threading.Timer(1.0, server.start)
    back.start()
    began = time.monotonic()
    run.log_artifact(artifact(tmp_path)).wait()
    assert time.monotonic() - began > 0.8
    assert server.url == url
    run.finish()
    back.join()
    assert sorted(server.snapshot(project)["artifacts"]) == ["data:v0"]


def test_what_arrived(server: WandbServer, start: Start) -> None:
    run = start("r1", config={"word": "needle-in-a-haystack"})
    run.log({"text": 'of "needles" & Nädeln'})
    run.finish()
    assert server.bodies_contain("needle-in-a-haystack")
    assert server.bodies_contain('of "needles" & Nädeln')
    assert not server.bodies_contain(server.key)
    last = server.requests()[-1]
    assert (last.kind, last.status) == ("file_stream", 200)


def test_what_is_not_as_promised(server: WandbServer, start: Start, project: str) -> None:
    run = start("r1")
    run.finish()
    state = server.state
    digest = hashlib.md5(b"right", usedforsecurity=False).digest()
    upload = state.new_upload("x", base64.b64encode(digest).decode())
    with pytest.raises(ApiError, match="BadDigest"):
        state.store(upload.token, b"wrong")
    named = {"entity_name": "someone", "project_name": project, "run_name": "r1"}
    data = {**named, "artifact_type_name": "dataset", "artifact_collection_name": "data"}
    made = artifacts.create(state, {**data, "digest": "0" * 32})
    with pytest.raises(ApiError, match="manifest has not been uploaded"):
        artifacts.commit(state, made.id)
    manifest = artifacts.create_manifest(
        state, {**named, "artifact_id": made.id, "name": "manifest", "digest": ""}
    )
    entry = {"digest": upload.md5, "size": 5, "birthArtifactID": made.id}
    content = json.dumps({"contents": {"x": entry}}).encode()
    state.store(manifest.upload.token, content)
    with pytest.raises(ApiError, match="file 'x' of the artifact has not been uploaded"):
        artifacts.commit(state, made.id)
    made.uploads["x"] = upload
    state.store(upload.token, b"right")
    with pytest.raises(ApiError, match="digest of the artifact is not that of its manifest"):
        artifacts.commit(state, made.id)


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


def test_several_processes(server: WandbServer, project: str, tmp_path: Path) -> None:
    # without its address, or they would share the wandb-core of this process
    env = {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}

    def write(number: int) -> int:
        command = [sys.executable, "-c", WRITER, project, str(number)]
        return subprocess.run(command, cwd=tmp_path, env=env, check=False).returncode

    with ThreadPoolExecutor(3) as pool:
        ends = list(pool.map(write, range(3)))
    assert ends == [0, 0, 0]
    found = server.snapshot(project)["artifacts"]
    assert sorted(found) == [f"data:v{number}" for number in range(9)]
    assert sum("best" in one["aliases"] for one in found.values()) == 1
    assert found["data:v8"]["aliases"].count("latest") == 1


def test_by_hand() -> None:
    command = [sys.executable, "-m", "tests.wandb_server", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("WANDB_BASE_URL=http://127.0.0.1:")
        assert len(process.stdout.readline().partition("=")[2].strip()) >= 40
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
