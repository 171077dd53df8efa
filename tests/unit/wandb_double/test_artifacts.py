"""The test double of a W&B server, by the SDK itself: artifacts, and the registry."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import wandb

from tests.unit.wandb_double.made import Start, artifact, file
from tests.wandb_server import WandbServer


def test_log_artifact(server: WandbServer, start: Start, project: str, tmp_path: Path) -> None:
    run = start("r1")
    made = artifact(tmp_path, description="rows", metadata={"rows": 1})
    made.add_dir(str(file(tmp_path / "more", "x", "deep/x.txt").parents[1]), name="more")
    run.log_artifact(made, aliases=["prod"], tags=["t"]).wait()
    assert (made.version, sorted(made.aliases), made.tags) == ("v0", ["latest", "prod"], ["t"])
    run.finish()
    snapshot = server.snapshot(project)
    assert snapshot["runs"]["r1"]["outputs"] == ["data:v0"]
    stored = snapshot["artifacts"]["data:v0"]
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
    snapshot = server.snapshot(project)
    assert sorted(snapshot["artifacts"]) == ["data:v0", "data:v1"]
    assert snapshot["artifacts"]["data:v0"]["aliases"] == ["a1", "a3", "latest"]
    assert snapshot["artifacts"]["data:v0"]["metadata"] == {"rows": 1}
    assert snapshot["artifacts"]["data:v1"]["aliases"] == ["a2"]


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
    snapshot = server.snapshot(project)
    assert snapshot["runs"]["r1"]["inputs"] == ["data:v0"]
    assert snapshot["runs"]["r1"]["outputs"] == ["model:v0"]
    assert list(snapshot["links"]) == [f"wandb-registry-model/{project}:v0"]
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
    snapshot = server.snapshot(project)
    assert snapshot["artifacts"] == {}
    assert snapshot["runs"]["r1"]["inputs"] == [f"team/{project}/data:v0"]


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
    artifacts = server.snapshot(project)["artifacts"]
    assert (artifacts["data:v0"]["aliases"], artifacts["data:v1"]["aliases"]) == (["best"], [])
    assert (artifacts["data:v0"]["metadata"], artifacts["data:v0"]["tags"]) == ({"rows": 5}, ["t"])
    assert artifacts["data:v0"]["description"] == "changed"
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
    snapshot = server.snapshot(project)
    assert snapshot["runs"]["r2"]["inputs"] == ["model:v2"]
    assert snapshot["links"][f"{target}:v2"] == {
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
