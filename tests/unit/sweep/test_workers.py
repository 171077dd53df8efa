"""Processes that score trials: they answer, and one that ends is noticed."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from relay.runtime.processes import Process, SpawnedProcess
from relay.step.trial_link import Outcome, Progress
from relay.sweep.workers import Event, Lost, Worker, Workers, new_socket_folder
from tests.loading import ROOT

SCORER = """
import os, sys
from pathlib import Path
from relay import Params
from relay.step.trial_link import ADDRESS, Link
from relay.step.trial_scoring import serve

class Sizes(Params):
    size: float = 1.0

def grow(params):
    if params.size < 0:
        os.kill(os.getpid(), 9)
    yield {"score": params.size}
    yield {"score": params.size * 2}

if sys.argv[1] == "no-start":
    raise SystemExit(3)
serve(Link.to(Path(os.environ[ADDRESS])), sys.argv[1], Sizes, grow)
"""

Make = Callable[..., Workers]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made = []

    def _make(word: str = "") -> Workers:
        def start(name: str, more: Mapping[str, str]) -> Process:
            return SpawnedProcess(
                [sys.executable, "-c", SCORER, word or name],
                cwd=tmp_path,
                env={**os.environ, **more, "PYTHONPATH": str(ROOT / "src")},
                log=tmp_path / f"{name}.log",
            )

        made.append(Workers(start, new_socket_folder()))
        return made[-1]

    yield _make
    for workers in made:
        workers.close()


def until_idle(workers: Workers) -> Worker:
    """Return a process once it takes trials."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert workers.wait(0.1) == []
        for worker in workers.all:
            if worker.is_idle:
                return worker
    raise AssertionError("no process got ready")


def next_event(workers: Workers) -> Event:
    for _ in range(100):
        for _, event in workers.wait(0.1):
            return event
    raise AssertionError("no answer came")


def until_lost(workers: Workers) -> Lost:
    for _ in range(300):
        workers.wait(0.1)
        for lost in workers.lost():
            return lost
    raise AssertionError("no process ended")


def test_a_process_scores_one_trial_after_another(make: Make) -> None:
    workers = make()
    workers.add()
    worker = until_idle(workers)
    for number in (3, 4):
        workers.score(worker, number, {"size": "2"})
        assert not worker.is_idle
        assert next_event(workers) == Progress(number, 1, {"score": 2.0})
        workers.answer(worker, goes_on=True)
        assert next_event(workers) == Progress(number, 2, {"score": 4.0})
        workers.answer(worker, goes_on=True)
        assert next_event(workers) == Outcome(number, "complete")
        assert worker.is_idle


def test_a_process_that_is_killed_in_a_trial_is_noticed_and_can_be_replaced(make: Make) -> None:
    workers = make()
    workers.add()
    worker = until_idle(workers)
    workers.score(worker, 7, {"size": "-1"})
    lost = until_lost(workers)
    assert (lost.code, lost.trial) == (137, 7)
    assert workers.all == []
    workers.add()
    assert until_idle(workers).name != worker.name


def test_a_process_that_does_not_start_is_noticed(make: Make) -> None:
    workers = make("no-start")
    workers.add()
    lost = until_lost(workers)
    assert (lost.code, lost.trial) == (3, None)


def test_closing_ends_all_processes(make: Make) -> None:
    workers = make()
    workers.add()
    workers.add()
    until_idle(workers)
    processes = [worker.process for worker in workers.all]
    workers.close()
    assert all(process.poll() is not None for process in processes)
