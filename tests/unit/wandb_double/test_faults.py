"""The test double of a W&B server, by the SDK itself: faults, wrong keys, a server that goes."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from pathlib import Path

import pytest
import wandb

from tests.unit.wandb_double.made import Start, artifact
from tests.wandb_server import Fault, WandbServer, artifacts, kind, operation
from tests.wandb_server.model import ApiError

# whole seconds: wandb-core takes less than one for its default, two
QUICK_RETRIES = {
    f"x_{what}_retry_wait_{bound}_seconds": 1.0
    for what in ("graphql", "file_stream", "file_transfer")
    for bound in ("min", "max")
}


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
    snapshot = server.snapshot(project)
    assert snapshot["runs"]["r1"]["outputs"] == ["data:v0"]
    assert sorted(snapshot["artifacts"]) == ["data:v0"]
    assert len(snapshot["runs"]["r1"]["history"]) == 1


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


def test_artifact_that_is_never_committed(
    server: WandbServer, start: Start, project: str, tmp_path: Path
) -> None:
    run = start("r1")
    server.faults.add(Fault(kind("upload"), status=403))
    with pytest.raises(ValueError, match=r"uploads .* have failed"):
        run.log_artifact(artifact(tmp_path)).wait()
    server.faults.clear()
    run.finish()
    snapshot = server.snapshot(project)
    assert snapshot["runs"]["r1"]["outputs"] == []
    assert [artifact["state"] for artifact in snapshot["artifacts"].values()] == ["PENDING"]
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
