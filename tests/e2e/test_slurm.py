"""The pipeline on a real Slurm cluster of two nodes, and each way in which a job can end."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.conftest import new_checkout, wait_for
from tests.e2e.toy import STEPS, Toy
from tests.slurm_cluster import SlurmCluster, is_installed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.slurm,
    pytest.mark.skipif(not is_installed(), reason="Slurm is not installed, or this is not root"),
]
SECONDS = 3


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmCluster]:
    with SlurmCluster(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory, cluster: SlurmCluster) -> Toy:
    return Toy(tmp_path_factory.mktemp("toy"), SLURM_CONF=str(cluster.conf))


def start(toy: Toy, *arguments: str) -> subprocess.Popen[str]:
    """Return a run on the cluster whose step `apart` has just begun to work for a minute."""
    words = toy.settings(("engine=slurm", "steps=apart", "apart.seconds=60", *arguments))
    os.environ["SLURM_CONF"] = toy.environ["SLURM_CONF"]
    try:
        return toy.checkout.start_until("apart", *toy.arguments, *words)
    finally:
        del os.environ["SLURM_CONF"]


def test_the_pipeline_makes_the_same_as_on_this_machine(toy: Toy, cluster: SlurmCluster) -> None:
    slow = (f"left.seconds={SECONDS}", f"right.seconds={SECONDS}")
    assert toy.ran("engine=slurm", *slow) == STEPS
    there = toy.digests()
    (left_began, left_ended), (right_began, right_ended) = toy.span("left"), toy.span("right")
    assert max(left_began, right_began) < min(left_ended, right_ended)
    step = toy.checkout.step("left")
    assert step["cpu_seconds"] > 0
    assert step["max_rss_mb"] > 10
    assert step["seconds"] >= SECONDS
    assert cluster.jobs() == []
    assert toy.ran(*slow, "cache=false") == STEPS
    assert toy.digests() == there


def test_the_default_pipeline_has_the_metrics_of_this_machine(
    tmp_path: Path, cluster: SlurmCluster
) -> None:
    checkout = new_checkout(tmp_path / "relay")
    quick = ("model=linear", "train.folds=2", "cache=false")
    done = checkout.main("engine=slurm", *quick, SLURM_CONF=str(cluster.conf))
    assert done.status == 0, done.output
    there = checkout.measured()
    runs = {run.info.run_name: run.info for run in checkout.mlflow_children()}
    check, split = runs["check"], runs["split"]
    assert max(check.start_time, split.start_time) < min(check.end_time, split.end_time)
    assert cluster.jobs() == []
    done = checkout.main(*quick, "register.force=true")
    assert done.status == 0, done.output
    assert there == checkout.measured()


def test_ctrl_c_ends_the_job_and_leaves_no_version(toy: Toy, cluster: SlurmCluster) -> None:
    before = toy.checkout.versions()
    running = start(toy)
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=120)
    assert running.returncode == 130, output
    assert toy.checkout.statuses()["apart"] == "killed"
    assert cluster.jobs() == []
    assert toy.checkout.versions() == before


def test_when_the_orchestrator_is_killed_nothing_stays(toy: Toy, cluster: SlurmCluster) -> None:
    before = toy.checkout.versions()
    running = start(toy)
    children = psutil.Process(running.pid).children(recursive=True)
    running.kill()
    running.communicate()
    wait_for(lambda: not cluster.jobs())
    wait_for(lambda: not any(child.is_running() for child in children))
    assert toy.checkout.versions() == before


def test_when_srun_is_killed_its_job_is_ended(toy: Toy, cluster: SlurmCluster) -> None:
    before = toy.checkout.versions()
    running = start(toy)
    for child in psutil.Process(running.pid).children():
        if child.name() == "srun":
            child.kill()
    output, _ = running.communicate(timeout=120)
    assert running.returncode == 1, output
    assert toy.checkout.statuses()["apart"] == "failed"
    assert cluster.jobs() == []
    assert toy.checkout.versions() == before


def test_over_time_and_over_memory_are_reported_as_such(toy: Toy, cluster: SlurmCluster) -> None:
    done = toy.run(
        *("engine=slurm", "steps=apart,+left", "apart.seconds=60", "left.seconds=60"),
        "pipeline.steps.apart.resources.minutes=0.05",
        "pipeline.steps.left.resources.memory_gb=0.01",
        "keep_going=true",
    )
    assert done.status == 1, done.output
    assert "over time: stopped after 0.05 min" in toy.checkout.step("apart")["error"]
    assert "over memory: Slurm killed it" in toy.checkout.step("left")["error"]
    assert cluster.jobs() == []


def test_a_lost_node_is_reported_and_its_step_stores_nothing(
    toy: Toy, cluster: SlurmCluster
) -> None:
    before = toy.checkout.versions()
    running = start(toy)
    node = cluster.ask("squeue", "--noheader", "--format=%N").strip()
    step = next(
        process
        for process in psutil.process_iter(["cmdline"])
        if "run.py" in (process.info["cmdline"] or ())
        and process.cwd().startswith(str(toy.checkout.root))
    )
    stepd = next(parent for parent in step.parents() if parent.name().startswith("slurmstepd"))
    cluster.signal(node, signal.SIGKILL)
    for process in (stepd, step):
        process.kill()
    output, _ = running.communicate(timeout=180)
    assert running.returncode == 1, output
    assert toy.checkout.statuses()["apart"] == "failed"
    assert "node was lost" in toy.checkout.step("apart")["error"]
    assert toy.checkout.versions() == before
    assert cluster.jobs() == []
    cluster.start_node(node)
