"""What goes wrong with a W&B server: the message, the exit status, and that nothing is lost."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import wait_for
from tests.e2e.online import PROJECT, from_the, login, made, making, runs_by_step
from tests.e2e.toy import Toy
from tests.wandb_server import Fault, WandbServer, kind, operation

pytestmark = pytest.mark.slow

# Fewer and shorter retries than by default, which take about a minute.
IMPATIENT = {
    f"WANDB_X_{part}_RETRY_{key}": "1"
    for part in ("GRAPHQL", "FILE_STREAM", "FILE_TRANSFER")
    for key in ("MAX", "WAIT_MIN_SECONDS", "WAIT_MAX_SECONDS")
}
FIRST = "steps=one,left"


@pytest.fixture
def server() -> Iterator[WandbServer]:
    with WandbServer() as server:
        yield server


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    return Toy(tmp_path_factory.mktemp("failures")).with_spawned_steps()


def nothing_ran(here: Toy) -> bool:
    root = here.checkout.root
    return not (root / "outputs").exists() and not here.checkout.mlflow.search_experiments(
        filter_string="name != 'Default'"
    )


def kept(here: Toy) -> list[str]:
    """Return the runs that wait to be uploaded."""
    folder = here.checkout.root / ".relay" / "kept"
    return [path.parent.name for path in folder.glob("*/run.json")]


def test_without_a_key_wandb_is_refused_before_anything_runs(here: Toy) -> None:
    done = here.run("tracking=wandb", FIRST)
    assert done.status == 2
    assert "WANDB_API_KEY" in done.output
    assert "tracking=local" in done.output
    assert nothing_ran(here)


def test_a_key_that_the_server_does_not_know_is_refused_in_one_request(
    here: Toy, server: WandbServer
) -> None:
    done = here.run(FIRST, WANDB_BASE_URL=server.url, WANDB_API_KEY="x" * 40)
    assert done.status == 2
    assert "does not accept the key" in done.output
    assert "x" * 40 not in done.output
    assert len(server.requests()) == 1
    assert nothing_ran(here)


def test_a_server_that_does_not_exist_is_an_error_within_seconds(here: Toy) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = here.run(FIRST, WANDB_BASE_URL=url, WANDB_API_KEY="x" * 40)
    assert done.status == 1
    assert f"{url} cannot be reached" in done.output
    assert "tracking=local" in done.output
    assert nothing_ran(here)


def test_a_server_that_does_not_answer_is_given_up_on(here: Toy) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        done = here.run(FIRST, WANDB_BASE_URL=url, WANDB_API_KEY="x" * 40)
        assert time.monotonic() - started < 60
    assert done.status == 1
    assert "cannot be reached" in done.output


def test_a_server_that_is_not_wandb_is_an_error(here: Toy, server: WandbServer) -> None:
    done = here.run(FIRST, WANDB_BASE_URL=f"{server.url}/elsewhere", WANDB_API_KEY=server.key)
    assert done.status == 1
    assert "HTTP 404" in done.output


def test_offline_mode_takes_the_local_store(here: Toy, server: WandbServer) -> None:
    done = here.run("steps=one", **login(server), WANDB_MODE="offline")
    assert done.status == 0, done.output
    assert here.checkout.summary["backend"] == "local"
    assert server.requests() == []
    done = here.run("steps=one", "tracking=wandb", **login(server), WANDB_MODE="offline")
    assert done.status == 2
    assert "WANDB_MODE=offline" in done.output


def test_errors_that_pass_are_waited_out(here: Toy, server: WandbServer) -> None:
    faults = [
        Fault(match=operation("CreateArtifact"), status=500, times=1),
        Fault(match=operation("UpsertBucket"), status=429, times=1),
        Fault(match=kind("upload"), status=503, times=1),
        Fault(match=kind("file_stream"), kind="drop", times=1),
        Fault(match=operation("CommitArtifact"), kind="lost_answer", times=1),
        Fault(match=kind("download"), status=500, times=1),
    ]
    for fault in faults:
        server.faults.add(fault)
    done = here.run(FIRST, **login(server))
    assert done.status == 0, done.output
    assert all(fault.hits for fault in faults)
    state = server.snapshot(PROJECT)
    runs = runs_by_step(state)
    assert {run["state"] for run in runs.values()} == {"finished"}
    assert runs["left"]["inputs"] == ["one:v0"]
    assert made(runs["one"]) == {"one:v0"}
    assert "left:v0" in runs["left"]["outputs"]
    assert state["artifacts"].keys() >= {"one:v0", "left:v0"}
    assert "left:v1" not in state["artifacts"]
    assert kept(here) == []


def test_an_upload_that_fails_is_not_a_success_and_the_next_run_uploads_it(
    here: Toy, server: WandbServer
) -> None:
    # that of the first step is taken, that of the second is not
    server.faults.add(Fault(match=making("left"), status=403))
    done = here.run(FIRST, **login(server))
    assert done.status == 1
    assert "W&B did not take left" in done.output, done.output
    assert ".relay/kept/" in done.output
    assert "make publish" in done.output
    assert here.checkout.statuses()["left"] == "failed"
    assert "left:v0" not in server.snapshot(PROJECT)["artifacts"]
    [name] = kept(here)

    server.faults.clear()
    done = here.run("steps=+both", **login(server))
    assert done.status == 0, done.output
    assert "Uploaded 'left" in done.output
    assert here.checkout.statuses()["left"] == "cached"
    assert kept(here) == []
    state = server.snapshot(PROJECT)
    run = state["runs"][name]
    assert (run["state"], run["job_type"]) == ("finished", "left")
    assert run["inputs"] == ["one:v0"]
    assert made(run) == {"left:v0"}
    assert run["summary"]["ended"] >= run["summary"]["began"] > 0
    # and what was uploaded is what the next step used
    assert here.checkout.step("both")["inputs"]["left"] == "left:v0"


def test_a_server_that_goes_away_costs_no_finished_work(here: Toy, server: WandbServer) -> None:
    # It goes when the second step has done its work and is about to store it.
    server.faults.add(Fault(match=from_the(1, making("left")), kind="drop"))
    done = here.run(FIRST, **login(server), **IMPATIENT)
    assert done.status == 1
    assert "W&B did not take left" in done.output, done.output
    assert "Traceback" not in done.output
    names = kept(here)  # the first step may have been ending

    server.faults.clear()
    done = here.checkout.relay("publish", **login(server))
    assert done.status == 0, done.output
    assert "Uploaded 'left" in done.output
    assert kept(here) == []
    runs = server.snapshot(PROJECT)["runs"]
    assert {runs[name]["state"] for name in names} == {"finished"}
    [run] = [runs[name] for name in names if runs[name]["job_type"] == "left"]
    assert run["inputs"] == ["one:v0"]
    assert made(run) == {"left:v0"}


def test_a_server_that_goes_away_at_a_runs_end_is_noticed(here: Toy, server: WandbServer) -> None:
    # All artifacts are there, the metrics and the end are not.
    server.faults.add(Fault(match=kind("file_stream"), status=403))
    done = here.run("steps=one", **login(server), **IMPATIENT)
    assert done.status == 1
    assert "W&B did not take the end of the run" in done.output
    [name] = kept(here)
    server.faults.clear()
    done = here.checkout.relay("publish", **login(server))
    assert done.status == 0, done.output
    run = server.snapshot(PROJECT)["runs"][name]
    assert run["state"] == "finished"
    assert run["summary"]["ended"] >= run["summary"]["began"] > 0
    assert "one:v0" in run["outputs"]


def test_a_key_that_is_revoked_in_mid_run_costs_no_finished_work(
    here: Toy, server: WandbServer
) -> None:
    running = here.start(FIRST, "left.seconds=3", **login(server), **IMPATIENT)
    wait_for(lambda: "one:v0" in server.snapshot(PROJECT)["artifacts"])
    server.revoke_key()
    output, _ = running.communicate(timeout=300)
    assert running.returncode == 1, output
    assert "Traceback" not in output
    assert server.key not in output
    server.restore_key()
    done = here.checkout.relay("publish", **login(server))
    assert done.status == 0, done.output
    assert kept(here) == []


def test_a_run_that_is_stopped_is_not_left_running(here: Toy, server: WandbServer) -> None:
    # The first artifact takes its time: the signal comes while the step runs.
    server.faults.add(Fault(match=operation("UseArtifact"), kind="delay", seconds=5))
    running = here.start(FIRST, **login(server))
    wait_for(lambda: any(r.operation == "UseArtifact" for r in server.requests()))
    running.send_signal(signal.SIGTERM)
    output, _ = running.communicate(timeout=120)
    assert running.returncode == 128 + signal.SIGTERM, output
    runs = runs_by_step(server.snapshot(PROJECT))
    assert runs["one"]["state"] == "finished"
    assert runs["left"]["state"] == "failed"
    assert runs["left"]["summary"]["error"] == "stopped by SIGTERM"
    assert "left:v0" not in server.snapshot(PROJECT)["artifacts"]


def test_publishing_to_a_server_that_fails_is_not_a_success(here: Toy, server: WandbServer) -> None:
    assert here.run("steps=one", "tracking=local").status == 0
    server.faults.add(Fault(match=kind("upload"), status=403))
    done = here.checkout.relay("publish", **login(server))
    assert done.status == 1
    assert "W&B did not take" in done.output
    assert "Traceback" not in done.output
