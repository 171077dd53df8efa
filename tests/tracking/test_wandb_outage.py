"""A server that fails in mid-run: the reason is named, and the run is over within seconds."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from relay.tracking import Draft, UploadError
from tests.loading import ROOT
from tests.tracking.conftest import Store
from tests.wandb_server import Fault, WandbServer, operation
from tests.wandb_server.faults import anything

LIMIT = 15.0
"""Seconds from the server's failure until the step reports it."""

END_LIMIT = 40.0
"""Seconds from there to the end of the process: 10 on a machine that is not busy."""

# At the word that is the program's argument, it waits until the server has failed.
STEP = """
import sys
from pathlib import Path
from relay.tracking import Draft, Row, RunSpec, TrackingSettings, open_backend
from relay.util.errors import RelayError

file = Path("table.txt")
file.write_text("content")
backend = open_backend(TrackingSettings("wandb", "p"), Path("."))
run = backend.start_run(RunSpec("r1", "s", "s"))
status = "succeeded"

def do(name, action):
    global status
    if name == sys.argv[1]:
        print("ready", flush=True)
        sys.stdin.readline()
    try:
        action()
    except RelayError as error:
        status = "failed"
        print(name, "failed:", type(error).__name__, error, flush=True)

do("upload", lambda: next(run.log_artifacts([Draft("table", "t", file, "A table.", {})])))
if sys.argv[1] == "look":
    do("look", lambda: backend.find("table"))
run.log(Row({"rows": 1.0}))
do("finish", lambda: run.finish(status))
print(status, flush=True)
"""

SHARED = f"""
import os, subprocess, sys
from pathlib import Path
from relay.tracking import TrackingSettings, open_backend

open_backend(TrackingSettings("wandb", "p"), Path("."))
subprocess.run([sys.executable, "-c", {STEP!r}, *sys.argv[1:]], check=True)
"""


@dataclass(frozen=True)
class Case:
    """What happens to the server, when, and for how long; for good if `seconds` is None."""

    fail: Callable[[WandbServer], object]
    when: str = "upload"
    seconds: float | None = None
    code: str = STEP


@dataclass(frozen=True)
class Ended:
    """What a step printed, with the seconds since the server failed, and its exit status."""

    lines: list[tuple[float, str]]
    seconds: float
    status: int
    state: str

    @property
    def first(self) -> tuple[float, str]:
        """The first line and its seconds."""
        return self.lines[0]


def gone(server: WandbServer) -> None:
    server.stop()


def busy(server: WandbServer) -> None:
    server.faults.add(Fault(anything, status=429))


def dropping(server: WandbServer) -> None:
    server.faults.add(Fault(anything, "drop"))


def hanging(server: WandbServer) -> None:
    server.faults.add(Fault(anything, "delay", seconds=60))


def hanging_shortly(server: WandbServer) -> None:
    server.faults.add(Fault(anything, "delay", seconds=3))


OUTAGES = {
    "gone": Case(gone),
    "too many requests": Case(busy),
    "dropped": Case(dropping),
    "silent": Case(hanging),
    "service of a parent": Case(gone, code=SHARED),
    "while looking": Case(gone, "look"),
    "silent while looking": Case(hanging, "look"),
    "at the end": Case(gone, "finish"),
    "silent at the end": Case(hanging, "finish"),
}
SHORT = {
    "gone for a moment": Case(gone, seconds=3),
    "silent for a moment": Case(hanging_shortly, seconds=3),
    "dropped for a moment": Case(dropping, seconds=3),
    "gone for a moment at the end": Case(gone, "finish", seconds=3),
    "dropped for a moment at the end": Case(dropping, "finish", seconds=3),
}


def restore(server: WandbServer) -> None:
    server.faults.clear()
    server.start()


def run_step(case: Case, folder: Path) -> Ended:
    """Run a step whose server fails."""
    folder.mkdir()
    places = {f"WANDB_{name}": str(folder) for name in ("DIR", "DATA_DIR", "CACHE_DIR")}
    with WandbServer() as server:
        environ = {
            **os.environ,
            **places,
            "PYTHONPATH": str(ROOT / "src"),
            "WANDB_BASE_URL": server.url,
            "WANDB_API_KEY": server.key,
            "WANDB_ERROR_REPORTING": "false",
        }
        environ.pop("WANDB_SERVICE", None)
        step = subprocess.Popen(
            [sys.executable, "-c", case.code, case.when],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=environ,
        )
        assert step.stdin is not None and step.stdout is not None
        try:
            assert step.stdout.readline() == "ready\n"
            case.fail(server)
            began = time.monotonic()
            if case.seconds is not None:
                threading.Timer(case.seconds, restore, [server]).start()
            step.stdin.write("go on\n")
            step.stdin.flush()
            lines = [(time.monotonic() - began, line.strip()) for line in step.stdout]
            status = step.wait(timeout=300)
            state = str(server.snapshot("p")["runs"]["r1"]["state"])
            return Ended(lines, time.monotonic() - began, status, state)
        finally:
            step.kill()


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """Return the end of a step by the fault of its server; many at once, as they mostly wait."""
    folder = tmp_path_factory.mktemp("outage")
    cases = {**OUTAGES, **SHORT}
    with ThreadPoolExecutor(5) as pool:
        ends = {
            name: pool.submit(run_step, case, folder / name.replace(" ", "-"))
            for name, case in cases.items()
        }
    return {name: end.result() for name, end in ends.items()}


@pytest.mark.slow
@pytest.mark.parametrize("case", OUTAGES)
def test_an_outage_is_reported_soon_and_the_step_ends_soon(
    case: str, ended: dict[str, Ended]
) -> None:
    end = ended[case]
    seconds, text = end.first
    assert text.startswith(f"{OUTAGES[case].when} failed: ")
    assert seconds < LIMIT
    assert end.status == 0, end.lines
    assert end.lines[-1][1] == "failed"
    assert end.seconds - end.lines[-1][0] < END_LIMIT


@pytest.mark.slow
@pytest.mark.parametrize("case", SHORT)
def test_an_outage_of_a_moment_costs_nothing(case: str, ended: dict[str, Ended]) -> None:
    end = ended[case]
    assert [text for _, text in end.lines] == ["succeeded"]
    assert (end.status, end.state) == (0, "finished")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "error", "reason"),
    [
        ("gone", "UploadError W&B did not take table: ", "([Errno 111] Connection refused)"),
        ("too many requests", "UploadError W&B did not take table: ", "answered with HTTP 429"),
        ("dropped", "UploadError W&B did not take table: ", "cannot be reached"),
        ("silent", "UploadError W&B did not take table: ", "cannot be reached (timed out)"),
        ("at the end", "UploadError W&B did not take the end of the run: ", "refused"),
        ("while looking", "OutageError W&B: ", "cannot be reached"),
    ],
)
def test_the_error_names_the_server_and_what_is_wrong_with_it(
    case: str, error: str, reason: str, ended: dict[str, Ended]
) -> None:
    _, text = ended[case].first
    assert f"failed: {error}the server http://127.0.0.1:" in text
    assert reason in text


@pytest.mark.parametrize("store", ["wandb"], indirect=True)
def test_a_run_whose_artifact_is_refused_still_ends_on_the_server(store: Store) -> None:
    server = store.server
    assert server is not None
    path = store.folder / "file.txt"
    path.write_text("content")
    fault = server.faults.add(Fault(operation("CreateArtifact"), status=400))
    spec = store.spec()
    run = store.backend.start_run(spec)
    try:
        with pytest.raises(UploadError, match="a fault was asked for"):
            next(run.log_artifacts([Draft("table", "t", path, "A table.", {})]))
    finally:
        server.faults.clear()
    run.finish("failed", "not taken")
    assert fault.hits
    ended = server.snapshot(store.project)["runs"][spec.id]
    assert (ended["state"], ended["summary"]["error"]) == ("failed", "not taken")
