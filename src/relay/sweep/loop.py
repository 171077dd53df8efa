"""The loop of a sweep: trials go to processes, results to the journal, until the budget is used."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from relay.step.trial_link import Outcome, Progress
from relay.sweep.format import SweepFile
from relay.sweep.journal import Claim, Ended, Journal, Status
from relay.sweep.search import Search, Settings
from relay.sweep.stopping import is_stopped
from relay.sweep.workers import Lost, Worker, Workers
from relay.util.errors import ConfigError, RelayError
from relay.util.names import did_you_mean
from relay.util.signals import StopSignals

_WAIT_SECONDS = 0.1
_MOST_ALIKE = 5
"""A sweep ends if its first trials, so many, all fail with one message."""


class Watcher(Protocol):
    """Gets the events of a sweep."""

    def started(self, number: int, settings: Settings) -> None:
        """Note that a trial has started."""

    def advanced(self, number: int, fold: int, metrics: Mapping[str, float]) -> None:
        """Note the metrics of a trial after a fold."""

    def ended(self, trial: Ended) -> None:
        """Note that a trial has ended."""

    def idle(self) -> None:
        """Is called several times a second."""


@dataclass
class _Running:
    """A trial that a process scores."""

    claim: Claim
    started: float
    rows: list[Mapping[str, float]] = field(default_factory=list)
    problem: str = ""


@dataclass
class Loop:
    """Tries settings until `most` trials have ended, or the time is over."""

    sweep: SweepFile
    search: Search
    journal: Journal
    workers: Workers
    arguments: Callable[[Settings], Mapping[str, str]]
    """Returns the parameters of the scoring step, as text; raises ConfigError if one is wrong."""
    explain_loss: Callable[[Lost], str]
    """Returns why a process has ended."""
    watcher: Watcher
    signals: StopSignals
    most: int | None
    deadline: float | None
    """In `time.monotonic()`."""
    record: Callable[[Ended], None] = lambda trial: None
    """Writes down a trial that has ended."""

    def __post_init__(self) -> None:
        self._running: dict[str, _Running] = {}
        self._ready: set[str] = set()
        metric = self.sweep.content.metric
        self._metric = metric.name
        self._sign = 1 if metric.goal == "maximize" else -1
        self._is_over = False
        self._lost_idle = 0

    def run(self, jobs: int) -> None:
        """Try settings with so many processes at once.

        Raises ConfigError if no step logs the metric, RelayError if no trial can succeed, and
        Interrupted if a signal arrives.
        """
        for _ in range(jobs):
            self.workers.add()
        while not self._is_over or self._running:
            self.signals.check()
            self.journal.give_sign()
            self._assign()
            for worker, event in self.workers.wait(_WAIT_SECONDS):
                if isinstance(event, Progress):
                    self._advance(worker, event)
                else:
                    self._end(worker, event)
            for lost in self.workers.lost():
                self._replace(lost)
            self.watcher.idle()

    def _assign(self) -> None:
        """Give each idle process a trial, if there are more."""
        if self.deadline is not None and time.monotonic() > self.deadline:
            self._is_over = True
            self._stop_running()
        for worker in self.workers.all:
            if worker.is_idle:
                self._ready.add(worker.name)
                while worker.is_idle and not self._is_over and self._give_trial(worker):
                    continue

    def _stop_running(self) -> None:
        """Stop the running trials, as the time is over, if there is a result without them."""
        if any(trial.status == "complete" for trial in self.journal.ended()):
            for running in self._running.values():
                self._finish(running, "stopped", "the time was over")
            self._running.clear()

    def _give_trial(self, worker: Worker) -> bool:
        """Give `worker` the next trial; return False if none can start now."""
        claim = self.journal.claim(self.search, self.most)
        if not isinstance(claim, Claim):
            self._is_over = claim == "none"
            return False
        self.watcher.started(claim.number, claim.settings)
        running = _Running(claim, time.monotonic())
        try:
            arguments = self.arguments(claim.settings)
        except RelayError as error:
            self._finish(running, "failed", str(error))
            return True
        self._running[worker.name] = running
        self.workers.score(worker, claim.number, arguments)
        return True

    def _advance(self, worker: Worker, progress: Progress) -> None:
        running = self._running.get(worker.name)
        if running is None:  # stopped meanwhile
            return
        running.rows.append(progress.metrics)
        self.watcher.advanced(progress.number, progress.fold, progress.metrics)
        if self._metric not in progress.metrics:
            raise ConfigError(self._unknown_metric(progress.metrics))
        value = progress.metrics[self._metric]
        if not math.isfinite(value):
            running.problem = f"{self._metric} is {value} after fold {progress.fold}"
            self.workers.answer(worker, goes_on=False)
            return
        others = self.journal.report(running.claim, progress.fold, value)
        rule = self.sweep.content.early_terminate
        compared = [self._sign * other for other in others]
        stops = is_stopped(rule, progress.fold, self._sign * value, compared)
        self.workers.answer(worker, goes_on=not stops)

    def _end(self, worker: Worker, outcome: Outcome) -> None:
        running = self._running.pop(worker.name, None)
        if running is None:
            return
        if running.problem:
            self._finish(running, "failed", running.problem)
        elif outcome.status == "complete" and not running.rows:
            self._finish(running, "failed", "it has no metrics: there was nothing to score on")
        else:
            self._finish(running, outcome.status, outcome.error)

    def _finish(self, running: _Running, status: Status, error: str = "") -> None:
        value = running.rows[-1][self._metric] if running.rows and not running.problem else None
        seconds = time.monotonic() - running.started
        claim, rows = running.claim, running.rows
        ended = self.journal.finish(claim, status, value, rows, seconds, error)
        self.watcher.ended(ended)
        self.record(ended)
        if status == "failed":
            self._require_hope()
        target = self.sweep.content.metric.target
        if status == "complete" and target is not None and value is not None:
            self._is_over |= self._sign * value >= self._sign * target

    def _replace(self, lost: Lost) -> None:
        """Note the end of a process, and start another one in its place.

        Raises RelayError if it never took a trial.
        """
        why = self.explain_loss(lost)
        if lost.worker.name not in self._ready:
            raise RelayError(why)
        running = self._running.pop(lost.worker.name, None)
        if running is not None:
            self._finish(running, "failed", why)
        else:
            self._lost_idle += 1
            if self._lost_idle >= _MOST_ALIKE:
                raise RelayError(f"sweep: processes end without a trial: {why}")
        self.workers.add()

    def _require_hope(self) -> None:
        """Raise RelayError if many trials have failed with one message, and none else has ended."""
        ended = self.journal.ended()
        if len(ended) < _MOST_ALIKE or any(trial.status != "failed" for trial in ended):
            return
        message, count = Counter(trial.error for trial in ended).most_common(1)[0]
        if count == len(ended):
            raise RelayError(
                f"sweep: the first {count} trials all failed: {message} Correct that, then start "
                "the sweep again."
            )

    def _unknown_metric(self, metrics: Mapping[str, Any]) -> str:
        hint = did_you_mean(self._metric, list(metrics))
        return self.sweep.locate("metric.name", f"trials have no metric '{self._metric}'.{hint}")


def best_of(trials: Sequence[Ended], maximize: bool) -> list[Ended]:
    """Return the complete trials, the best first; of equal ones the earlier."""
    complete = [trial for trial in trials if trial.status == "complete" and trial.value is not None]
    sign = -1 if maximize else 1
    return sorted(complete, key=lambda trial: (sign * (trial.value or 0.0), trial.number))
