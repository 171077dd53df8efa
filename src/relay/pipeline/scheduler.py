"""The scheduler: starts each step as soon as its inputs exist, several at once.

The order of the steps is that of plan.py; run_state.py decides which of them are ready.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from relay.pipeline.display import Display
from relay.pipeline.planned_step import PlannedStep
from relay.pipeline.run_state import RunState
from relay.pipeline.step_limits import find_excess
from relay.pipeline.step_runner import StepRunner
from relay.runtime.processes import Process
from relay.tracking import RunStatus
from relay.util.signals import StopSignals

_TICK_SECONDS = 0.01
_SHOW_SECONDS = 0.1


@dataclass
class _Running:
    """A step whose process has not ended."""

    step: PlannedStep
    process: Process
    has_stored: bool = False
    """Whether its outputs are stored: the steps that use them need not wait for its end."""
    excess: str | None = None
    """The error if it was stopped because it exceeded a limit."""


@dataclass
class Scheduler:
    """Runs the steps of `state`, up to `jobs` at once."""

    state: RunState
    runner: StepRunner
    jobs: int
    keep_going: bool
    display: Display
    signals: StopSignals
    _announced: list[PlannedStep] = field(default_factory=list)
    """Steps that are ready, and whose MLflow runs are being started."""
    _running: dict[str, _Running] = field(default_factory=dict)
    _shown_at: float = 0.0
    _has_warmed_up: bool = False

    def run(self) -> RunStatus:
        """Run every step that is not cached and gets its inputs; return the status.

        After a step has failed, running steps go on to their ends. No further step starts, or
        with `keep_going` none that depends on the failed one.

        Raises RelayError if MLflow cannot start the runs, and Interrupted if a signal arrives,
        after all process groups have been ended and their steps' runs are marked as killed.
        """
        try:
            self._start_ready()
            while self._running or self._announced:
                self._show_progress()
                time.sleep(_TICK_SECONDS)
                self.signals.check()
                self.runner.mlflow.check()
                changes = [self._has_changed(running) for running in list(self._running.values())]
                if any(changes) or self._announced:
                    self._start_ready()
        finally:
            self._drop_announced()
            for running in self._running.values():
                running.process.ask_to_stop()
            for running in list(self._running.values()):
                self._record_end(running)
        self._require_records()
        return "failed" if self.state.has_failed else "succeeded"

    def _has_changed(self, running: _Running) -> bool:
        """Record what has become of a running step; return whether another may start for it."""
        if running.process.poll() is not None:
            self._record_end(running)
            return True
        done = self.state.steps[running.step.name]
        self._keep_limits(running)
        if running.has_stored or not self.runner.note_outputs(running.step, running.process, done):
            return False
        running.has_stored = True
        self.state.cache.note(done.outputs)
        self.display.ended(done)
        return True

    def _keep_limits(self, running: _Running) -> None:
        """Ask a step that exceeds a limit to stop, unless its outputs are stored."""
        if running.excess is None and not running.has_stored:
            running.excess = find_excess(running.step, running.process.usage)
            if running.excess is not None:
                running.process.ask_to_stop()

    def _start_ready(self) -> None:
        """Start each step that is ready, up to the limit."""
        self._announce_ready()
        for step in list(self._announced):
            self.signals.check()
            if self.runner.can_begin(step):
                self._announced.remove(step)
                done = self.state.steps[step.name]
                fingerprint = self.state.fingerprints.get(step.name)
                process = self.runner.begin(step, done, fingerprint)
                self._running[step.name] = _Running(step, process)
                self.display.started(step.name)

    def _announce_ready(self) -> None:
        """Settle the steps whose inputs exist; announce those that are to run, up to the limit."""
        if self.state.has_failed and not self.keep_going:
            self._drop_announced()
        for step in self._startable():
            if not self.state.has_inputs(step):
                continue
            done = self.state.steps[step.name]
            if done.why is None:
                self.state.settle_step(step)
            if done.status == "cached":
                self.state.move_latest()
                self.display.ended(done)
            elif self._count_busy() < self.jobs:
                self.runner.announce(step, done)
                self._announced.append(step)

    def _drop_announced(self) -> None:
        """End the MLflow runs of steps that will not start."""
        for step in self._announced:
            self.runner.mlflow.end_step(step.name, "killed", None)
        self._announced.clear()

    def _count_busy(self) -> int:
        working = [running for running in self._running.values() if not running.has_stored]
        return len(working) + len(self._announced)

    def _show_progress(self) -> None:
        """Show the progress of the running steps, at most every `_SHOW_SECONDS`."""
        now = time.monotonic()
        if now < self._shown_at + _SHOW_SECONDS:
            return
        self._shown_at = now
        if not self._startable() and not self._announced and not self._has_warmed_up:
            # While the last steps run: load what writing the summary needs.
            self._has_warmed_up = True
            self.runner.mlflow.in_background(self.state.backend.warm_up)
        for name, running in self._running.items():
            if not running.has_stored:
                process = running.process
                self.display.running(name, process.usage, "".join(process.tail(1)))

    def _startable(self) -> list[PlannedStep]:
        """Return the steps that have not started and still can, in the plan's order."""
        if self.state.has_failed and not self.keep_going:
            return []
        begun = {*self._running, *(step.name for step in self._announced)}
        return [
            step
            for step in self.state.waiting
            if step.name not in begun and not self.state.is_cut_off(step)
        ]

    def _record_end(self, running: _Running) -> None:
        name = running.step.name
        done = self.state.steps[name]
        del self._running[name]
        self.runner.end(running.step, running.process, done, running.excess)
        if not running.has_stored or done.status != "ran":
            self.state.cache.note(done.outputs)
            self.display.ended(done)

    def _require_records(self) -> None:
        """Wait for MLflow: a step whose results it did not record has failed."""
        self.runner.mlflow.finish()
        self.runner.mlflow.check()
        for name, problem in self.runner.mlflow.refused_ends().items():
            done = self.state.steps[name]
            done.status = "failed"
            done.error = done.error or f"MLflow did not record its results: {problem}"
            self.display.ended(done)
