"""Processes of steps that have not begun: started ahead, so that they are loaded in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from relay.orchestrator.environment_builder import EnvironmentBuilder
from relay.orchestrator.jobs import Job
from relay.orchestrator.step_process import StepProcess
from relay.tracking import TrackingSettings


@dataclass
class ProcessPool:
    """Holds up to `limit` processes of steps to come, whose files will be in `folder`.

    A process loads what its step needs, which for a small step is most of its time, and waits.
    """

    folder: Path
    tracking: TrackingSettings
    environments: EnvironmentBuilder
    limit: int
    _processes: dict[str, StepProcess] = field(default_factory=dict)

    def load(self, jobs: Iterable[Job], places: int) -> None:
        """Start processes of the first of `jobs`, so that up to `places` of them are loading."""
        places -= sum(one.is_loading for one in self._processes.values())
        for job in jobs:
            if places <= 0 or len(self._processes) >= self.limit:
                return
            if job.name not in self._processes:
                self._processes[job.name] = self._start(job)
                places -= 1

    def take(self, job: Job) -> StepProcess:
        """The process of `job`, which is to begin."""
        return self._processes.pop(job.name, None) or self._start(job)

    def drop(self, job: Job) -> None:
        """End the process of `job`, which need not run."""
        process = self._processes.pop(job.name, None)
        if process is not None:
            process.stop()

    def close(self) -> None:
        """End all processes that are here."""
        for process in self._processes.values():
            process.ask_to_stop()
        for process in self._processes.values():
            process.stop()
        self._processes.clear()

    def _start(self, job: Job) -> StepProcess:
        activate = self.environments.of(job.component).activate
        return StepProcess(job, self.folder, self.tracking, activate)
