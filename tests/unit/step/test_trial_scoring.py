"""A component's process scores the trials of a sweep."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from relay import Params, RelayError, StepRun
from relay.step.trial_link import Link, Outcome, Progress, Ready, Trial, Verdict
from relay.step.trial_scoring import reading_run, score_by_step, serve
from relay.tracking import Backend
from tests.memory import Memory

Scorer = Callable[["Sizes"], Iterable[Mapping[str, float]]]


class Sizes(Params):
    folds: int = 2
    size: float = 1.0


def grow(params: Sizes) -> Iterator[Mapping[str, float]]:
    for fold in range(1, params.folds + 1):
        yield {"score": params.size * fold}


@contextmanager
def served(scorer: Scorer) -> Iterator[Link]:
    """Yield the sweep's end of the link to a process that serves trials."""
    mine, theirs = (Link(one) for one in socket.socketpair())
    thread = threading.Thread(target=serve, args=(theirs, "one", Sizes, scorer))
    thread.start()
    try:
        assert mine.receive() == Ready("one")
        yield mine
    finally:
        mine.close()
        thread.join(10)
        assert not thread.is_alive()


def test_each_fold_waits_for_its_verdict() -> None:
    with served(grow) as link:
        link.send(Trial(7, {"folds": "2", "size": "1.5"}))
        assert link.receive() == Progress(7, 1, {"score": 1.5})
        link.send(Verdict(True))
        assert link.receive() == Progress(7, 2, {"score": 3.0})
        link.send(Verdict(True))
        assert link.receive() == Outcome(7, "complete")


def test_a_trial_can_be_stopped_after_a_fold_and_the_next_one_starts() -> None:
    with served(grow) as link:
        link.send(Trial(0, {"folds": "9"}))
        link.receive()
        link.send(Verdict(False))
        assert link.receive() == Outcome(0, "stopped")
        link.send(Trial(1, {"size": "4"}))
        assert link.receive() == Progress(1, 1, {"score": 4.0})


def test_a_trial_with_wrong_parameters_has_failed_with_their_message() -> None:
    with served(grow) as link:
        link.send(Trial(0, {"folds": "many"}))
        assert link.receive() == Outcome(0, "failed", "folds: must be a whole number (got 'many').")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RelayError("x: wrong. Correct it."), "x: wrong. Correct it."),
        (MemoryError("no room"), "MemoryError: no room"),
    ],
)
def test_an_error_fails_its_trial_only(error: Exception, message: str) -> None:
    def fail(params: Sizes) -> Iterator[Mapping[str, float]]:
        if params.size < 1:
            raise error
        yield from grow(params)

    with served(fail) as link:
        link.send(Trial(0, {"size": "0"}))
        assert link.receive() == Outcome(0, "failed", message)
        link.send(Trial(1, {}))
        assert link.receive() == Progress(1, 1, {"score": 1.0})


def test_a_sweep_that_ends_in_the_middle_of_a_trial_ends_the_process() -> None:
    with served(grow) as link:
        link.send(Trial(0, {"folds": "3"}))
        link.receive()


def test_a_component_without_a_score_is_scored_by_its_step(memory: Memory, tmp_path: Path) -> None:
    def step(run: StepRun[Sizes]) -> None:
        (run.workspace / "file").write_text("x")
        run.finally_do(lambda: pytest.fail("a trial must have no effect"))
        run.output("made", run.workspace / "file", type="text", description="A text.")
        run.log_metrics({"size": run.params.size})

    class Named(Sizes):
        made_artifact: str = "made"

    scorer = score_by_step(step, cast(Backend, memory), tmp_path)
    assert [list(scorer(Named(size=size))) for size in (2, 3)] == [[{"size": 2}], [{"size": 3}]]
    assert memory.collections() == []


def test_inputs_are_read_without_a_record(memory: Memory, tmp_path: Path) -> None:
    run: StepRun[Any] = reading_run(Sizes(), cast(Backend, memory), tmp_path)
    with pytest.raises(RelayError, match="nothing:v1: there is no such artifact"):
        run.use("left", "nothing:v1")
