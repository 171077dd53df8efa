"""The limits of a step: what this machine has, and what a running step may not exceed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from relay.pipeline.step_limits import find_excess, require_resources
from relay.runtime.usage import Usage
from relay.step.resources import Resources
from relay.util.errors import ConfigError


def step(**resources: Any) -> Any:
    return SimpleNamespace(name="train", resources=Resources(**resources))


def test_a_step_within_its_limits_goes_on() -> None:
    used = Usage(seconds=59, cpu_seconds=500, max_rss_mb=1024)
    assert find_excess(step(), used) is None
    assert find_excess(step(minutes=1, memory_gb=1), used) is None


def test_one_that_takes_longer_is_over_time() -> None:
    error = find_excess(step(minutes=0.5), Usage(31, 1, 1))
    assert error is not None
    assert error.startswith("over time: stopped after 0.5 min")
    assert "pipeline.steps.train.resources.minutes" in error


def test_one_that_holds_more_memory_is_over_memory() -> None:
    error = find_excess(step(memory_gb=0.5), Usage(1, 1, 1536))
    assert error is not None
    assert error.startswith("over memory: stopped with 1.5 GB, above its limit of 0.5 GB")


def test_more_than_this_machine_has_is_an_error_before_the_run() -> None:
    require_resources([step(), step(cpus=1, memory_gb=0.001)])
    with pytest.raises(ConfigError, match=r"cpus: this machine has .* \(got 9999\)") as caught:
        require_resources([step(cpus=9999), step(memory_gb=1e6)])
    assert len(str(caught.value).splitlines()) == 2
    assert "resources.memory_gb" in str(caught.value)


def test_processors_limit_the_threads_of_libraries() -> None:
    assert Resources().variables() == {}
    assert Resources(cpus=3).variables()["OMP_NUM_THREADS"] == "3"
    assert not Resources(memory_gb=1, minutes=5).needs_own_start
    assert Resources(cpus=1).needs_own_start


def test_a_gpu_that_is_not_there_is_an_error_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=r"resources\.gpus: this machine has 0 \(got 1\)"):
        require_resources([step(gpus=1), step()])


def test_a_gpu_for_a_step_in_a_container_is_an_error_before_the_run() -> None:
    require_resources([step()], in_containers=True)
    with pytest.raises(ConfigError, match=r"gpus: steps in containers get no GPU \(got 1\)"):
        require_resources([step(gpus=1), step()], in_containers=True)
