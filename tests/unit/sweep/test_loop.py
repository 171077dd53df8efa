"""The loop of a sweep: who tries what, and when it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import optuna
import pytest

from relay.step.trial_link import Outcome, Progress
from relay.sweep.format import SweepFile
from relay.sweep.journal import Ended
from relay.sweep.loop import Loop, best_of
from relay.sweep.search import Settings
from relay.sweep.workers import Event, Lost, Worker, Workers
from relay.util.errors import ConfigError, Interrupted, RelayError
from relay.util.signals import StopSignals
from tests.unit.sweep.made_sweeps import journal, search, sweep_file

optuna.logging.set_verbosity(optuna.logging.ERROR)

Scorer = Callable[[int, float], Iterable[Mapping[str, float]]]


class Inside(Workers):
    """Workers without processes: `scorer` gets the number and the value `a` of a trial.

    It yields the metrics of the folds; KeyError means that the process ends.
    """

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer
        self.workers: list[Worker] = []
        self.rows: dict[str, Any] = {}
        self.events: list[tuple[Worker, Event]] = []
        self.dead: list[Lost] = []
        self.added = 0

    @property
    def all(self) -> list[Worker]:
        return list(self.workers)

    def add(self) -> None:
        self.added += 1
        link: Any = object()
        process: Any = object()
        self.workers.append(Worker(f"w{self.added}", process, link))

    def score(self, worker: Worker, number: int, params: Mapping[str, str]) -> None:
        worker.trial = number
        self.rows[worker.name] = enumerate(self.scorer(number, float(params["a"])), 1)
        self._next(worker)

    def answer(self, worker: Worker, goes_on: bool) -> None:
        if goes_on:
            self._next(worker)
        else:
            self._end(worker, Outcome(worker.trial or 0, "stopped"))

    def wait(self, seconds: float) -> list[tuple[Worker, Event]]:
        events, self.events = self.events, []
        for worker, event in events:
            if isinstance(event, Outcome):
                worker.trial = None
        return events

    def lost(self) -> list[Lost]:
        dead, self.dead = self.dead, []
        return dead

    def _next(self, worker: Worker) -> None:
        number = worker.trial or 0
        try:
            fold, metrics = next(self.rows[worker.name])
            self.events.append((worker, Progress(number, fold, metrics)))
        except StopIteration:
            self._end(worker, Outcome(number, "complete"))
        except KeyError:
            self.workers.remove(worker)
            self.dead.append(Lost(worker, 137, number))
        except RelayError as error:
            self._end(worker, Outcome(number, "failed", str(error)))

    def _end(self, worker: Worker, outcome: Outcome) -> None:
        self.events.append((worker, outcome))


class Notes:
    """A watcher that keeps the trials that ended."""

    def __init__(self) -> None:
        self.trials: list[Ended] = []
        self.on_idle: Callable[[], None] = lambda: None

    def started(self, number: int, settings: Settings) -> None: ...

    def advanced(self, number: int, fold: int, metrics: Mapping[str, float]) -> None: ...

    def ended(self, trial: Ended) -> None:
        self.trials.append(trial)

    def idle(self) -> None:
        self.on_idle()


def twice(number: int, a: float) -> Iterable[Mapping[str, float]]:
    yield {"score": a}
    yield {"score": a, "more": 2 * a}


def run(
    folder: Path,
    scorer: Scorer = twice,
    most: int | None = 6,
    jobs: int = 1,
    file: SweepFile | None = None,
    seconds: float | None = None,
    watcher: Notes | None = None,
) -> list[Ended]:
    loop = Loop(
        file or sweep_file(),
        search(file),
        journal(folder),
        Inside(scorer),
        lambda settings: {"a": str(settings["a"])},
        lambda lost: f"killed by signal {lost.code - 128}",
        watcher or Notes(),
        StopSignals(at_once=False),
        most,
        None if seconds is None else time.monotonic() + seconds,
    )
    loop.run(jobs)
    return journal(folder).ended()


def statuses(trials: list[Ended]) -> list[str]:
    return [trial.status for trial in trials]


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_trials_are_the_same_with_any_number_of_jobs(tmp_path: Path, jobs: int) -> None:
    trials = run(tmp_path, jobs=jobs)
    assert [trial.number for trial in trials] == list(range(6))
    assert [trial.settings for trial in trials] == [
        search().propose(number, []).settings for number in range(6)
    ]
    assert trials[0].metrics == {"score": trials[0].value, "more": 2 * (trials[0].value or 0)}
    assert len(trials[0].rows) == 2


def test_an_interrupted_sweep_goes_on_without_repeating_a_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def scorer(number: int, a: float) -> Iterable[Mapping[str, float]]:
        tried.append(number)
        if len(tried) == 4:
            raise Interrupted(15)
        return twice(number, a)

    with pytest.raises(Interrupted):
        run(tmp_path, scorer)
    monkeypatch.setattr("relay.sweep.journal.is_gone", lambda owner: True)
    again = run(tmp_path, scorer)
    assert tried == [0, 1, 2, 3, 3, 4, 5]
    assert [trial.settings for trial in again] == [
        search().propose(number, []).settings for number in range(6)
    ]


def test_a_failed_trial_is_counted_and_does_not_end_the_sweep(tmp_path: Path) -> None:
    def scorer(number: int, a: float) -> Iterable[Mapping[str, float]]:
        if number == 2:
            raise RelayError("no room")
        yield from twice(number, a)

    trials = run(tmp_path, scorer)
    assert statuses(trials) == ["complete"] * 2 + ["failed"] + ["complete"] * 3
    assert trials[2].error == "no room"


def test_a_process_that_dies_fails_its_trial_and_is_replaced(tmp_path: Path) -> None:
    def scorer(number: int, a: float) -> Iterable[Mapping[str, float]]:
        if number == 1:
            raise KeyError
        yield from twice(number, a)

    trials = run(tmp_path, scorer)
    assert trials[1].error == "killed by signal 9"
    assert statuses(trials).count("complete") == 5


def test_processes_that_end_without_a_trial_end_the_sweep(tmp_path: Path) -> None:
    watcher = Notes()

    class Dying(Inside):
        def lost(self) -> list[Lost]:
            return [Lost(self.workers.pop(), 137, None)] if self.added < 20 else []

    loop = Loop(
        sweep_file(),
        search(),
        journal(tmp_path),
        Dying(twice),
        lambda settings: {"a": str(settings["a"])},
        lambda lost: "no memory",
        watcher,
        StopSignals(at_once=False),
        0,
        None,
    )
    loop._ready = {f"w{number}" for number in range(30)}
    loop.journal.claim(loop.search, None)  # another process's: there is something to wait for
    with pytest.raises(RelayError, match="sweep: processes end without a trial: no memory"):
        loop.run(1)


def test_trials_that_all_fail_alike_end_the_sweep_early(tmp_path: Path) -> None:
    def scorer(number: int, a: float) -> Iterable[Mapping[str, float]]:
        raise RelayError("data: wrong.")
        yield {}

    with pytest.raises(RelayError, match="the first 5 trials all failed: data: wrong"):
        run(tmp_path, scorer, most=50)
    assert len(journal(tmp_path).ended()) == 5


def test_a_metric_that_no_step_logs_ends_the_sweep_at_once(tmp_path: Path) -> None:
    file = sweep_file(metric="scor")
    problem = r"line 2: metric\.name: trials have no metric 'scor'\. Did you mean 'score'"
    with pytest.raises(ConfigError, match=problem):
        run(tmp_path, file=file)


def test_a_score_that_is_not_a_number_fails_the_trial(tmp_path: Path) -> None:
    def scorer(number: int, a: float) -> Iterable[Mapping[str, float]]:
        yield {"score": float("nan") if number == 0 else a}

    trials = run(tmp_path, scorer, most=2)
    assert statuses(trials) == ["failed", "complete"]
    assert trials[0].error == "score is nan after fold 1"


def test_the_sweep_ends_when_its_target_is_reached(tmp_path: Path) -> None:
    file = sweep_file()
    metric = file.content.metric.model_copy(update={"target": 0.0})
    content = file.content.model_copy(update={"metric": metric})
    reached = SweepFile(file.name, file.place, content, file.lines)
    assert len(run(tmp_path, most=50, file=reached)) == 1


def test_bad_trials_are_stopped_by_the_rule(tmp_path: Path) -> None:
    file = sweep_file(more="early_terminate: {type: median, min_iter: 1}\n")
    trials = run(tmp_path, most=30, file=file)
    stopped = [trial for trial in trials if trial.status == "stopped"]
    assert any(len(trial.rows) == 1 for trial in stopped)
    best = best_of(trials, maximize=True)[0]
    assert (best.value or 0) > max(trial.value or 0 for trial in stopped)


def test_the_time_ends_the_sweep(tmp_path: Path) -> None:
    def slow(number: int, a: float) -> Iterable[Mapping[str, float]]:
        time.sleep(0.05)
        return twice(number, a)

    assert 1 <= len(run(tmp_path, slow, most=None, seconds=0.2)) < 20


def test_of_equal_trials_the_earlier_is_the_best() -> None:
    trials = [
        Ended(number, "complete", {}, value, {}, [], 0.0, "")
        for number, value in enumerate([0.1, 0.3, 0.3, 0.2])
    ]
    assert [trial.number for trial in best_of(trials, maximize=True)] == [1, 2, 3, 0]
    assert [trial.number for trial in best_of(trials, maximize=False)] == [0, 3, 1, 2]
