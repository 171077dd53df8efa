"""A server that fails in mid-run: the reason is named, and the run is over within seconds."""

from __future__ import annotations

import os
import subprocess
import sys
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

LIMIT = 25.0
"""Seconds between a failed upload and the end of the process: 15 on a machine that is not busy."""

STEP = """
import sys
from pathlib import Path
from relay.tracking import Draft, Row, RunSpec, TrackingSettings, UploadError, open_backend

file = Path("table.txt")
file.write_text("content")
run = open_backend(TrackingSettings("wandb", "p"), Path(".")).start_run(RunSpec("r1", "s", "s"))
print("started", flush=True)
sys.stdin.readline()
try:
    run.log_artifact(Draft("table", "t", file, "A table.", {}))
except UploadError as error:
    print(error, flush=True)
run.log(Row({"rows": 1.0}))
try:
    run.finish("failed", "not taken")
except UploadError:
    print("not finished", flush=True)
"""

SHARED = f"""
import os, subprocess, sys
from pathlib import Path
from relay.tracking import TrackingSettings, open_backend

open_backend(TrackingSettings("wandb", "p"), Path("."))
subprocess.run([sys.executable, "-c", {STEP!r}], check=True)
"""


@dataclass(frozen=True)
class Ended:
    """What a step printed after its upload failed, and the seconds from there to its end."""

    lines: list[str]
    seconds: float
    status: int


FAULTS: dict[str, Callable[[WandbServer], object]] = {
    "gone": lambda server: server.stop(),
    "too many requests": lambda server: server.faults.add(Fault(anything, status=429)),
    "dropped": lambda server: server.faults.add(Fault(anything, "drop")),
}
CASES = {**{name: (name, STEP) for name in FAULTS}, "service of a parent": ("gone", SHARED)}


def run_step(fault: str, code: str, folder: Path) -> Ended:
    """Run a step whose server fails before the upload of its artifact."""
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
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=environ,
        )
        assert step.stdin is not None and step.stdout is not None
        try:
            assert step.stdout.readline() == "started\n"
            FAULTS[fault](server)
            step.stdin.write("go on\n")
            step.stdin.flush()
            lines = [step.stdout.readline().strip()]
            failed = time.monotonic()
            lines += step.stdout.read().splitlines()
            status = step.wait(timeout=300)
            return Ended(lines, time.monotonic() - failed, status)
        finally:
            step.kill()


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """Return the end of a step by the fault of its server; all run at once, as they mostly wait."""
    folder = tmp_path_factory.mktemp("outage")
    with ThreadPoolExecutor(len(CASES)) as pool:
        ends = {
            name: pool.submit(run_step, fault, code, folder / name.replace(" ", "-"))
            for name, (fault, code) in CASES.items()
        }
    return {name: end.result() for name, end in ends.items()}


@pytest.mark.parametrize("case", CASES)
def test_a_step_ends_soon_after_its_upload_has_failed(case: str, ended: dict[str, Ended]) -> None:
    end = ended[case]
    assert end.status == 0, end.lines
    assert end.lines[-1] == "not finished"
    assert end.seconds < LIMIT


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("gone", "cannot be reached ([Errno 111] Connection refused)"),
        ("too many requests", "answered with HTTP 429"),
        ("dropped", "cannot be reached"),
    ],
)
def test_the_error_names_the_server_and_what_is_wrong_with_it(
    case: str, reason: str, ended: dict[str, Ended]
) -> None:
    text = ended[case].lines[0]
    assert text.startswith("W&B did not take table: The W&B server http://127.0.0.1:")
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
            run.log_artifact(Draft("table", "t", path, "A table.", {}))
    finally:
        server.faults.clear()
    run.finish("failed", "not taken")
    assert fault.hits
    ended = server.snapshot(store.project)["runs"][spec.id]
    assert (ended["state"], ended["summary"]["error"]) == ("failed", "not taken")
