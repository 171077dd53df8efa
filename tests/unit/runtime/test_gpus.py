"""The GPUs of this machine, with a stand-in for the driver's tool."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from relay.runtime.gpus import GpuSampler, StepGpus, list_gpus

TOOL = """#!/bin/sh
case "$*" in
  *index,uuid*) printf '0, GPU-a\\n1, GPU-b\\n';;
  *) echo "$*" > {folder}/asked
     printf '20, 100\\n40, 300\\n[N/A], 350\\n60, 250\\n80, 60\\n'
     touch {folder}/sampled; exec sleep 60;;
esac
"""


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a driver with two GPUs, the only ones of this machine."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text(TOOL.format(folder=tmp_path))
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tmp_path


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 10
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_without_a_driver_there_is_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert list_gpus({}) == []


def test_only_visible_gpus_are_listed(driver: Path) -> None:
    assert list_gpus({}) == ["GPU-a", "GPU-b"]
    assert list_gpus({"CUDA_VISIBLE_DEVICES": "1"}) == ["GPU-b"]
    assert list_gpus({"CUDA_VISIBLE_DEVICES": "GPU-a,7"}) == ["GPU-a"]
    assert list_gpus({"CUDA_VISIBLE_DEVICES": ""}) == []


def test_two_steps_never_have_the_same_gpu(driver: Path) -> None:
    gpus = StepGpus()
    assert gpus.reserve("train", 1)
    assert gpus.reserve("train", 1)  # it was asked before
    assert gpus.reserve("tune", 1)
    assert not gpus.reserve("last", 1)
    assert gpus.begin("train") == {"CUDA_VISIBLE_DEVICES": "GPU-a"}
    assert gpus.begin("tune") == {"CUDA_VISIBLE_DEVICES": "GPU-b"}
    gpus.end("train")
    assert gpus.reserve("last", 1)
    assert gpus.begin("last") == {"CUDA_VISIBLE_DEVICES": "GPU-a"}
    for step in ("tune", "last"):
        gpus.end(step)


def test_a_step_without_gpus_starts_nothing(driver: Path) -> None:
    gpus = StepGpus()
    assert gpus.reserve("split", 0)
    assert gpus.begin("split") == {}
    assert gpus.end("split") is None
    assert os.listdir(driver) == ["nvidia-smi"]  # noqa: PTH208


def test_use_is_the_mean_share_and_the_most_memory_of_all(driver: Path) -> None:
    sampler = GpuSampler(["GPU-a", "GPU-b"])
    wait_for(driver / "sampled")
    time.sleep(0.1)
    use = sampler.end()
    assert use is not None
    assert (use.percent, use.memory_mb) == (50.0, 600.0)
    assert "--id=GPU-a,GPU-b" in (driver / "asked").read_text()
