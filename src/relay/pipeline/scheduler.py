"""The scheduler: starts each step as soon as its inputs exist, several at once."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from relay.pipeline.display import Display
from relay.pipeline.planned_step import PlannedStep
from relay.pipeline.state import RunState
from relay.pipeline.step_runner import StepRunner
from relay.runtime.processes import Process
from relay.tracking import RunStatus
from relay.util.signals import StopSignals

_TICK_SECONDS = 0.01
_SHOW_SECONDS = 0.1


@dataclass
class Scheduler:
    """Runs the steps of `state`, up to `jobs` at once."""

    state: RunState
    runner: StepRunner
    jobs: int
    keep_going: bool
    display: Display
    signals: StopSignals
    _running: dict[str, tuple[PlannedStep, Process]] = field(default_factory=dict)
    _shown_at: float = 0.0
    _warmed_up: threading.Thread | None = None

    def run(self) -> RunStatus:
        """Run every step that is not cached and gets its inputs; return the status.

        After a step has failed, running steps go on to their ends. No further step starts, or
        with `keep_going` none that depends on the failed one.

        Raises Interrupted if a signal arrives, after all process groups have been ended and their
        steps' runs are marked as killed.
        """
        try:
            self._start_ready()
            while self._running:
                self._show_progress()
                time.sleep(_TICK_SECONDS)
                self.signals.check()
                ended = [
                    name
                    for name, (_, process) in self._running.items()
                    if process.poll() is not None
                ]
                for name in ended:
                    self._record_end(name)
                if ended:
                    self._start_ready()
        finally:
            for _, process in self._running.values():
                process.ask_to_stop()
            for name in list(self._running):
                self._record_end(name)
        return "failed" if self.state.has_failed else "succeeded"

    def _start_ready(self) -> None:
        """Start each step that is ready, up to the limit."""
        for planned in self._startable():
            if not self.state.has_inputs(planned):
                continue
            done = self.state.steps[planned.name]
            if done.why is None:
                self.state.settle_step(planned)
            if done.status == "cached":
                self.state.move_latest()
                self.display.ended(done)
            elif len(self._running) < self.jobs:
                self.signals.check()
                fingerprint = self.state.fingerprints.get(planned.name)
                self._running[planned.name] = planned, self.runner.begin(planned, done, fingerprint)
                self.display.started(planned.name)

    def _show_progress(self) -> None:
        """Show the progress of the running steps, at most every `_SHOW_SECONDS`."""
        now = time.monotonic()
        if now < self._shown_at + _SHOW_SECONDS:
            return
        self._shown_at = now
        if not self._startable() and self._warmed_up is None:
            # While the last steps run, load the libraries for the summary.
            self._warmed_up = threading.Thread(target=self.state.backend.warm_up, daemon=True)
            self._warmed_up.start()
        for name, (_, process) in self._running.items():
            self.display.running(name, process.usage, "".join(process.tail(1)))

    def _startable(self) -> list[PlannedStep]:
        """Return the steps that have not started and still can, in the plan's order."""
        if self.state.has_failed and not self.keep_going:
            return []
        return [
            planned
            for planned in self.state.waiting
            if planned.name not in self._running and not self.state.is_cut_off(planned)
        ]

    def _record_end(self, name: str) -> None:
        done = self.state.steps[name]
        planned, process = self._running.pop(name)
        self.runner.end(planned, process, done)
        self.state.cache.note(done.outputs)
        self.display.ended(done)
