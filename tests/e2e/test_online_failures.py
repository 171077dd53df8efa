"""What goes wrong with a W&B server: the message, the exit status, and that nothing is lost."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Checkout, new_checkout, wait_for
from tests.e2e.online import PROJECT, from_the, login, made, making, runs_by_step
from tests.wandb_server import Fault, WandbServer, kind, operation

pytestmark = pytest.mark.e2e

# Fewer and shorter retries than by default, which take about a minute.
IMPATIENT = {
    f"WANDB_X_{part}_RETRY_{key}": "1"
    for part in ("GRAPHQL", "FILE_STREAM", "FILE_TRANSFER")
    for key in ("MAX", "WAIT_MIN_SECONDS", "WAIT_MAX_SECONDS")
}
FIRST = ("steps=get_data,clean", "model=linear")


@pytest.fixture
def server() -> Iterator[WandbServer]:
    with WandbServer() as server:
        yield server


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return new_checkout(tmp_path_factory.mktemp("failures") / "relay")


def nothing_ran(here: Checkout) -> bool:
    return not (here.root / "outputs").exists() and not (here.root / "mlflow.db").exists()


def kept(here: Checkout) -> list[str]:
    """The runs that wait to be brought up."""
    return [path.parent.name for path in (here.root / ".relay" / "kept").glob("*/run.json")]


def test_without_a_key_wandb_is_refused_before_anything_runs(here: Checkout) -> None:
    done = here.main("tracking=wandb", *FIRST)
    assert done.status == 2
    assert "WANDB_API_KEY" in done.output
    assert "tracking=local" in done.output
    assert nothing_ran(here)


def test_a_key_that_the_server_does_not_know_is_refused_in_one_request(
    here: Checkout, server: WandbServer
) -> None:
    done = here.main(*FIRST, WANDB_BASE_URL=server.url, WANDB_API_KEY="x" * 40)
    assert done.status == 2
    assert "does not know the key" in done.output
    assert "x" * 40 not in done.output
    assert len(server.requests()) == 1
    assert nothing_ran(here)


def test_a_server_that_is_not_there_is_told_in_seconds(here: Checkout) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = here.main(*FIRST, WANDB_BASE_URL=url, WANDB_API_KEY="x" * 40)
    assert done.status == 1
    assert f"{url} cannot be reached" in done.output
    assert "tracking=local" in done.output
    assert nothing_ran(here)


def test_a_server_that_does_not_answer_is_given_up_on(here: Checkout) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        done = here.main(*FIRST, WANDB_BASE_URL=url, WANDB_API_KEY="x" * 40)
        assert time.monotonic() - started < 60
    assert done.status == 1
    assert "cannot be reached" in done.output


def test_what_is_no_wandb_server_is_told(here: Checkout, server: WandbServer) -> None:
    done = here.main(*FIRST, WANDB_BASE_URL=f"{server.url}/elsewhere", WANDB_API_KEY=server.key)
    assert done.status == 1
    assert "HTTP 404" in done.output


def test_offline_mode_takes_the_local_store(here: Checkout, server: WandbServer) -> None:
    done = here.main("steps=get_data", **login(server), WANDB_MODE="offline")
    assert done.status == 0, done.output
    assert here.summary["backend"] == "local"
    assert server.requests() == []
    done = here.main("steps=get_data", "tracking=wandb", **login(server), WANDB_MODE="offline")
    assert done.status == 2
    assert "WANDB_MODE=offline" in done.output


def test_errors_that_pass_are_waited_out(here: Checkout, server: WandbServer) -> None:
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
    done = here.main(*FIRST, **login(server))
    assert done.status == 0, done.output
    assert all(fault.hits for fault in faults)
    state = server.snapshot(PROJECT)
    runs = runs_by_step(state)
    assert {run["state"] for run in runs.values()} == {"finished"}
    assert runs["clean"]["inputs"] == ["diabetes_raw:v0"]
    assert made(runs["get_data"]) == {"diabetes_raw:v0"}
    assert "diabetes_clean:v0" in runs["clean"]["outputs"]
    assert state["artifacts"].keys() >= {"diabetes_raw:v0", "diabetes_clean:v0"}
    assert "diabetes_clean:v1" not in state["artifacts"]
    assert kept(here) == []


def test_an_upload_that_fails_is_no_success_and_the_next_run_brings_it_up(
    here: Checkout, server: WandbServer
) -> None:
    # get_data's artifact is taken, that of clean is not
    server.faults.add(Fault(match=making("diabetes_clean"), status=403))
    done = here.main(*FIRST, **login(server))
    assert done.status == 1
    assert "W&B did not take diabetes_clean" in done.output
    assert ".relay/kept/" in done.output
    assert "make publish" in done.output
    assert here.statuses()["clean"] == "failed"
    assert "diabetes_clean:v0" not in server.snapshot(PROJECT)["artifacts"]
    [name] = kept(here)

    server.faults.clear()
    done = here.main("steps=clean,check", **login(server))
    assert done.status == 0, done.output
    assert "Brought up 'clean" in done.output
    assert here.statuses()["clean"] == "cached"
    assert kept(here) == []
    state = server.snapshot(PROJECT)
    run = state["runs"][name]
    assert (run["state"], run["job_type"]) == ("finished", "clean")
    assert run["inputs"] == ["diabetes_raw:v0"]
    assert made(run) == {"diabetes_clean:v0"}
    assert run["summary"]["rows_out"] == 442
    # and what was brought up is what the next step used
    assert here.step("check")["inputs"] == {"input": "diabetes_clean:v0"}


def test_a_server_that_goes_away_costs_no_finished_work(
    here: Checkout, server: WandbServer
) -> None:
    # It goes when clean has done its work and is about to store it.
    server.faults.add(Fault(match=from_the(1, making("diabetes_clean")), kind="drop"))
    done = here.main(*FIRST, **login(server), **IMPATIENT)
    assert done.status == 1
    assert "W&B did not take diabetes_clean" in done.output
    assert "Traceback" not in done.output
    [name] = kept(here)

    server.faults.clear()
    done = here.command(*here.python("publish"), **login(server))
    assert done.status == 0, done.output
    assert "Brought up 'clean" in done.output
    assert kept(here) == []
    run = server.snapshot(PROJECT)["runs"][name]
    assert run["inputs"] == ["diabetes_raw:v0"]
    assert made(run) == {"diabetes_clean:v0"}
    assert run["state"] == "finished"


def test_a_server_that_goes_away_at_a_runs_end_is_noticed(
    here: Checkout, server: WandbServer
) -> None:
    # All artifacts are there, the metrics and the end are not.
    server.faults.add(Fault(match=kind("file_stream"), status=403))
    done = here.main("steps=get_data", **login(server), **IMPATIENT)
    assert done.status == 1
    assert "W&B did not take the end of the run" in done.output
    [name] = kept(here)
    server.faults.clear()
    done = here.command(*here.python("publish"), **login(server))
    assert done.status == 0, done.output
    run = server.snapshot(PROJECT)["runs"][name]
    assert run["state"] == "finished"
    assert run["summary"]["bytes"] == 95137
    assert "diabetes_raw:v0" in run["outputs"]


def test_a_key_that_is_revoked_in_mid_run_costs_no_finished_work(
    here: Checkout, server: WandbServer
) -> None:
    running = here.start(*FIRST, **login(server))
    wait_for(lambda: "diabetes_raw:v0" in server.snapshot(PROJECT)["artifacts"])
    server.revoke_key()
    output, _ = running.communicate(timeout=300)
    assert running.returncode == 1, output
    assert "Traceback" not in output
    assert server.key not in output
    server.restore_key()
    done = here.command(*here.python("publish"), **login(server))
    assert done.status == 0, done.output
    assert kept(here) == []


def test_a_run_that_is_stopped_is_not_left_running(here: Checkout, server: WandbServer) -> None:
    # The first artifact takes its time: the signal comes while the step runs.
    server.faults.add(Fault(match=operation("UseArtifact"), kind="delay", seconds=5))
    running = here.start(*FIRST, **login(server))
    wait_for(lambda: any(r.operation == "UseArtifact" for r in server.requests()))
    running.send_signal(signal.SIGTERM)
    output, _ = running.communicate(timeout=120)
    assert running.returncode == 128 + signal.SIGTERM, output
    runs = runs_by_step(server.snapshot(PROJECT))
    assert runs["get_data"]["state"] == "finished"
    assert runs["clean"]["state"] == "failed"
    assert runs["clean"]["summary"]["error"] == "stopped by SIGTERM"
    assert "diabetes_clean:v0" not in server.snapshot(PROJECT)["artifacts"]


def test_publishing_to_a_server_that_fails_is_no_success(
    here: Checkout, server: WandbServer
) -> None:
    server.faults.add(Fault(match=kind("upload"), status=403))
    done = here.command(*here.python("publish"), **login(server))
    assert done.status == 1
    assert "W&B did not take" in done.output
    assert "Traceback" not in done.output
