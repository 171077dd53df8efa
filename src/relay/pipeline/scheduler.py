"""Runs the steps of a pipeline: each as soon as its inputs are there, several at once."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from relay.pipeline.display import Display
from relay.pipeline.planned_step import Job
from relay.pipeline.state import Pipeline
from relay.pipeline.step_runner import StepRunner
from relay.runtime.processes import Process
from relay.tracking import RunStatus
from relay.util.signals import StopSignals

_TICK_SECONDS = 0.01
_LOOK_SECONDS = 0.1


@dataclass
class Scheduler:
    """Runs `pipeline`, up to `jobs` steps at once."""

    pipeline: Pipeline
    runner: StepRunner
    jobs: int
    keep_going: bool
    display: Display
    signals: StopSignals
    _running: dict[str, tuple[Job, Process]] = field(default_factory=dict)
    _looked: float = 0.0
    _warmed_up: threading.Thread | None = None

    def run(self) -> RunStatus:
        """Run all that has to be run and whose inputs come to be there.

        Where a step does not succeed, those that are running go on to their ends, and nothing
        more begins but, with `keep_going`, what does not depend on it. Interrupted where a signal
        ended the run: all process groups are ended, and the runs of the steps marked as killed.
        """
        try:
            self._begin()
            while self._running:
                self._look()
                time.sleep(_TICK_SECONDS)
                self.signals.check()
                ended = [
                    name
                    for name, (_, process) in self._running.items()
                    if process.poll() is not None
                ]
                for name in ended:
                    self._end(name)
                if ended:
                    self._begin()
        finally:
            for _, process in self._running.values():
                process.ask_to_stop()
            for name in list(self._running):
                self._end(name)
        return "failed" if self.pipeline.has_failed else "succeeded"

    def _begin(self) -> None:
        """Begin each step whose inputs are there, as far as there are places."""
        for job in self._coming():
            if not self.pipeline.has_inputs(job):
                continue
            done = self.pipeline.steps[job.name]
            if done.why is None:
                self.pipeline.settle_step(job)
            if done.status == "cached":
                self.pipeline.hand_on()
                self.display.ended(done)
            elif len(self._running) < self.jobs:
                self.signals.check()
                fingerprint = self.pipeline.fingerprints.get(job.name)
                self._running[job.name] = job, self.runner.begin(job, done, fingerprint)
                self.display.started(job.name)

    def _look(self) -> None:
        """Now and then: show how it goes."""
        now = time.monotonic()
        if now < self._looked + _LOOK_SECONDS:
            return
        self._looked = now
        if not self._coming() and self._warmed_up is None:
            # While the last steps work: what writing the run's summary will need.
            self._warmed_up = threading.Thread(target=self.pipeline.backend.warm_up, daemon=True)
            self._warmed_up.start()
        for name, (_, process) in self._running.items():
            self.display.running(name, process.usage, "".join(process.tail(1)))

    def _coming(self) -> list[Job]:
        """The steps that have not begun and still may, in the plan's order."""
        if self.pipeline.has_failed and not self.keep_going:
            return []
        return [
            job
            for job in self.pipeline.waiting
            if job.name not in self._running and not self.pipeline.is_cut_off(job)
        ]

    def _end(self, name: str) -> None:
        done = self.pipeline.steps[name]
        job, process = self._running.pop(name)
        self.runner.end(job, process, done)
        self.pipeline.cache.note(done.outputs)
        self.display.ended(done)
