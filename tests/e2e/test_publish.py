"""`relay publish`: from the local store to W&B, what a run online would have left."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import Checkout, new_checkout
from tests.e2e.online import (
    COMMAND,
    PROJECT,
    STEPS,
    after,
    comparable,
    login,
    runs_by_step,
    uploads,
)
from tests.wandb_server import Fault, WandbServer, operation

pytestmark = pytest.mark.slow
CHOOSE = """
import json, pathlib
from relay.tracking import Draft, RunSpec, TrackingSettings, open_backend

backend = open_backend(TrackingSettings("wandb", "relay"), pathlib.Path.cwd())
path = pathlib.Path("another-model.txt")
path.write_text("another model")
run = backend.start_run(RunSpec("another", "train", "train"))
[version] = run.log_artifacts([Draft("diabetes_model", "model", path, "Another model.", {})])
run.finish("succeeded")
backend.set_alias(version, "champion")
print(json.dumps(str(version)))
"""
"""What another person's run does: it makes a model, which becomes the champion."""


@pytest.fixture(scope="module")
def online(checkout: Checkout) -> Any:
    """Return the content of a server on which the same run was made."""
    with WandbServer() as server:
        done = checkout.main(*COMMAND, **login(server))
        assert done.status == 0, done.output
        return server.snapshot(PROJECT)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Return a checkout with that run in its local store."""
    other = new_checkout(tmp_path_factory.mktemp("local") / "relay")
    done = other.main(*COMMAND)
    assert done.status == 0, done.output
    assert other.summary["backend"] == "local"
    return other


@pytest.fixture(scope="module")
def published(local: Checkout) -> Iterator[WandbServer]:
    """Yield a server of its own, to which that run was published."""
    with WandbServer() as server:
        done = local.command(sys.executable, "main.py", "publish", **login(server))
        assert done.status == 0, done.output
        assert f"{server.url}/{server.entity}/{PROJECT}" in done.output
        yield server


def test_what_is_published_is_what_a_run_online_leaves(online: Any, published: WandbServer) -> None:
    first, later = comparable(online), comparable(published.snapshot(PROJECT))
    assert later["runs"] == first["runs"]
    assert later["artifacts"] == first["artifacts"]
    assert later["links"] == first["links"]


def test_published_metrics_keep_their_times(local: Checkout, published: WandbServer) -> None:
    runs = runs_by_step(published.snapshot(PROJECT))
    times = {step: runs[step]["history"][0]["_timestamp"] for step in STEPS}
    assert times == pytest.approx(stored_times(local), abs=1e-3)
    for first, then in itertools.pairwise(("get_data", "clean", "split", "train", "evaluate")):
        assert times[first] <= times[then]


def stored_times(local: Checkout) -> dict[str, float]:
    """Return the time of each step's row in the local store."""
    code = """
import json
from relay.tracking.local.history import LocalHistory
runs = LocalHistory("relay").runs()
print(json.dumps({run.spec.step: run.rows[0].time for run in runs if run.rows}))
"""
    done = local.command(
        sys.executable, "-c", code, PYTHONPATH="src", TRACKIO_DIR=str(local.root / ".relay/trackio")
    )
    assert done.status == 0, done.output
    times = json.loads(done.output.splitlines()[-1])
    return {step: times[step] for step in STEPS}


def test_published_twice_is_published_once(local: Checkout, published: WandbServer) -> None:
    before, sent = published.snapshot(PROJECT), uploads(published)
    done = local.relay("publish", **login(published))
    assert done.status == 0, done.output
    assert "nothing to upload" in done.output
    assert published.snapshot(PROJECT) == before
    assert uploads(published) == sent


def test_a_dry_run_lists_and_sends_nothing(local: Checkout) -> None:
    with WandbServer() as server:
        done = local.relay("publish", "--dry-run", **login(server))
        assert done.status == 0, done.output
        assert all(f"{step} diabetes" in done.output for step in STEPS)
        assert "diabetes_model:v0" in done.output
        assert uploads(server) == 0
        assert server.snapshot(PROJECT)["runs"] == {}


def test_without_a_login_a_dry_run_lists_all_and_publish_gives_advice(local: Checkout) -> None:
    assert "diabetes_model:v0" in local.relay("publish", "--dry-run").output
    done = local.relay("publish")
    assert done.status == 2
    assert "wandb login" in done.output


def test_publish_that_was_stopped_goes_on_and_doubles_nothing(
    local: Checkout, published: WandbServer
) -> None:
    with WandbServer() as server:
        fault = server.faults.add(Fault(match=after(3, operation("CreateArtifact")), status=403))
        done = local.relay("publish", **login(server))
        assert done.status == 1
        assert "W&B did not take" in done.output
        assert fault.hits
        assert 0 < len(server.snapshot(PROJECT)["runs"]) < len(STEPS)
        server.faults.clear()
        done = local.relay("publish", **login(server))
        assert done.status == 0, done.output
        assert comparable(server.snapshot(PROJECT)) == comparable(published.snapshot(PROJECT))


def test_publish_leaves_a_champion_that_was_chosen_there_since(
    local: Checkout, published: WandbServer
) -> None:
    chosen = local.code(CHOOSE, **login(published))
    done = local.main(*COMMAND, "steps=get_data", "force=get_data", "tracking=local")
    assert done.status == 0, done.output
    done = local.relay("publish", **login(published))
    assert done.status == 0, done.output
    assert f"diabetes_model:champion stays {chosen}" in done.output
    aliases = published.snapshot(PROJECT)["artifacts"][chosen]["aliases"]
    assert "champion" in aliases


def test_publish_takes_its_own_settings_only(local: Checkout) -> None:
    for argument in ("tracking=local", "steps=train"):
        done = local.relay("publish", argument)
        assert done.status == 2
        assert f"(got '{argument}')" in done.output
