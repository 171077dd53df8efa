"""A sweep from its file to its best trial: the checks, the inputs, the processes and the loop."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from relay.config.composed import Config
from relay.sweep.checks import check_space
from relay.sweep.display import SweepDisplay
from relay.sweep.distributions import Constant
from relay.sweep.format import SweepFile
from relay.sweep.inputs import Inputs, find_inputs
from relay.sweep.journal import Ended, Journal, quiet_optuna
from relay.sweep.loop import Loop, best_of
from relay.sweep.records import Records, SweepFacts
from relay.sweep.scoring_processes import TEMPORARY, ScoringProcesses, new_process_folder
from relay.sweep.scoring_step import ScoringStep
from relay.sweep.search import Search, Settings
from relay.sweep.space import Space
from relay.sweep.workers import Workers
from relay.tracking import Backend, RunStatus, TrackingSettings, open_backend
from relay.util.code_files import code_digests
from relay.util.errors import Interrupted
from relay.util.redact import redact
from relay.util.signals import StopSignals

if TYPE_CHECKING:  # it imports MLflow, which is slow
    from relay.tracking.mlflow.runs import MlflowRuns

LAG = 4
"""A trial knows the results of all but the last few before it, so that as many can run at once."""


@dataclass(frozen=True)
class Budget:
    """How long a sweep goes on."""

    trials: int | None
    minutes: float | None
    jobs: int


@dataclass
class Session:
    """One command's part in a sweep: the trials of `scoring_step` with settings of `space`."""

    sweep: SweepFile
    space: Space
    scoring_step: ScoringStep
    tracking: TrackingSettings
    seed: int
    budget: Budget
    console: Console
    signals: StopSignals
    show: Callable[[], None] = lambda: None
    """Is called before the first trial, and when one has ended."""
    journal: Journal | None = field(default=None, init=False)
    """The record of the trials, once the steps before them have run."""

    def run(self) -> list[Ended]:
        """Try settings until the budget is used, and return all trials of the sweep, best first.

        Raises ConfigError before the first trial if the file or a setting is wrong, RelayError if
        the steps before the trials fail or no trial can succeed, Interrupted if a signal arrives.
        """
        defaults = check_space(self.sweep, self.space, self.scoring_step)
        config = self.scoring_step.config(defaults[0] if defaults else {})
        backend = open_backend(self.tracking, self.scoring_step.project.root)
        inputs = find_inputs(self.scoring_step, config, self.tracking, backend, self.console)
        self.signals.install()  # the run of the steps before had its own
        folder = self._folder(config, inputs, defaults)
        with quiet_optuna():
            journal = Journal(folder, self.sweep.name, self._direction, max(LAG, self.budget.jobs))
            self.journal = journal
            search = Search(
                self.space,
                self.sweep.content.method,
                self._direction,
                self.seed,
                journal.lag,
                defaults,
            )
            try:
                return self._try(config, inputs, backend, journal, search)
            finally:
                journal.close()

    @property
    def _direction(self) -> Any:
        return self.sweep.content.metric.goal

    def _try(
        self, config: Config, inputs: Inputs, backend: Backend, journal: Journal, search: Search
    ) -> list[Ended]:
        """Try settings until the budget is used, and return all trials of the sweep, best first."""
        size = search.size()
        limits = [limit for limit in (self.budget.trials, size) if limit is not None]
        most = min(limits) if limits else None
        seconds = None if self.budget.minutes is None else self.budget.minutes * 60
        deadline = None if seconds is None else time.monotonic() + seconds
        display = self._display(journal.ended(), most, deadline)
        records = self._records(journal, backend)
        missing = records.missing(journal.orphaned())
        if missing or not journal.is_complete(most):
            status: RunStatus = "failed"
            # Its thread replaces sys.stdout for moments, to drop what a library prints.
            self.console.file = self.console.file
            records.open(missing)
            try:
                if not journal.is_complete(most):
                    self._loop(config, inputs, journal, search, display, records, most, deadline)
                status = "succeeded"
            except Interrupted:
                status = "killed"
                raise
            finally:
                best = self._best(journal)
                records.close(best[0] if best else None, status)
                display.warn(records.problems)
        display.done = journal.ended()  # those of other processes, too
        display.show_end()
        return self._best(journal)

    def _loop(
        self,
        config: Config,
        inputs: Inputs,
        journal: Journal,
        search: Search,
        display: SweepDisplay,
        records: Records,
        most: int | None,
        deadline: float | None,
    ) -> None:
        """Start the processes, and give them trials."""
        jobs = self.budget.jobs if most is None else min(self.budget.jobs, most)
        folder = new_process_folder(journal.folder)
        processes = ScoringProcesses.open(
            self.scoring_step, self.tracking, config, folder, jobs, self.console, self.signals
        )
        workers = Workers(lambda name, more: processes.start(inputs, name, more), processes.sockets)

        def record(trial: Ended) -> None:
            records.add(trial)
            self.show()

        try:
            loop = Loop(
                self.sweep,
                search,
                journal,
                workers,
                lambda settings: self._arguments(settings, inputs),
                processes.explain,
                display,
                self.signals,
                most,
                deadline,
                record,
            )
            self.show()
            display.open()
            loop.run(jobs)
        finally:
            display.close()
            workers.close()
            processes.close()
            shutil.rmtree(folder / TEMPORARY, ignore_errors=True)

    def _best(self, journal: Journal) -> list[Ended]:
        return best_of(journal.ended(), self._direction == "maximize")

    def _records(self, journal: Journal, backend: Backend) -> Records:
        """Return the writer of the runs of the sweep and its trials."""
        settings = {
            "sweep": self.sweep.name,
            "method": self.sweep.content.method,
            "metric": self.sweep.content.metric.name,
            "seed": self.seed,
            "settings": list(map(redact, self.scoring_step.plain.overrides)),
        }
        facts = SweepFacts(journal.folder.name, self.sweep.content.metric.name, settings)
        place = str(self.scoring_step.project.home / "mlruns")
        return Records(
            journal.folder,
            facts,
            backend,
            self.tracking,
            lambda: _connect(os.environ["MLFLOW_TRACKING_URI"]),
            lambda runs: runs.chosen_experiment(os.environ, place),
        )

    def _display(
        self, done: Sequence[Ended], most: int | None, deadline: float | None
    ) -> SweepDisplay:
        constant = [
            one.key for one in self.space.dimensions if isinstance(one.distribution, Constant)
        ]
        metric = self.sweep.content.metric
        return SweepDisplay(
            self.console,
            self.sweep.name,
            metric.name,
            metric.goal == "maximize",
            constant,
            most,
            deadline,
            list(done),
        )

    def _folder(self, config: Config, inputs: Inputs, defaults: Sequence[Settings]) -> Path:
        """Return the folder of this sweep: another one if anything that decides it is another."""
        content = self.sweep.content.model_dump(
            mode="json", include={"method", "metric", "parameters", "early_terminate"}
        )
        planned = self.scoring_step.plan_step(self.scoring_step.plain)
        component = self.scoring_step.plan_step(config).component
        project = self.scoring_step.project
        decides: Mapping[str, Any] = {
            "content": content,
            "searched": [one.name for one in self.space.dimensions],
            "seed": self.seed,
            "params": planned.content_params,
            "defaults": defaults,
            "inputs": inputs.digests,
            "code": code_digests(component.folder, project.root, component.environment_folder),
        }
        text = json.dumps(decides, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        return project.state / "sweeps" / f"{self.sweep.name}-{digest}"

    def _arguments(self, settings: Settings, inputs: Inputs) -> Mapping[str, str]:
        planned = self.scoring_step.plan_step(self.scoring_step.config(settings))
        return planned.arguments(inputs.references)


def _connect(uri: str) -> MlflowRuns:
    from relay.tracking.mlflow.connection import connect  # it takes seconds

    return connect(uri)
