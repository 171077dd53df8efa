"""The runs of a sweep and of its trials, in the tracking backend and in MLflow.

They are written by one thread while trials go on: no trial waits for a store. A trial leaves its
settings and a row of metrics after each fold, no files.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from relay.sweep.journal import Ended, Status
from relay.tracking import Backend, Row, RunSpec, RunStatus, TrackingSettings
from relay.tracking.interface import SECONDS
from relay.util.files import write_text
from relay.util.redact import redact

if TYPE_CHECKING:  # it imports MLflow, which is slow
    from relay.tracking.mlflow.runs import MlflowRuns

_STATUS: Mapping[Status, RunStatus] = {
    "complete": "succeeded",
    "stopped": "succeeded",
    "failed": "failed",
}
_PARENT = "mlflow_run"
"""The file in the sweep's folder with the id of its MLflow run."""
_RECORDED = "recorded"
"""The folder in the sweep's folder with an empty file for each trial that has its runs."""


@dataclass(frozen=True)
class SweepFacts:
    """What the runs of a sweep have in common."""

    id: str
    """The name of the sweep and the digest of what decides it."""
    metric: str
    settings: Mapping[str, Any]
    """Of the sweep's own run."""


@dataclass
class Records:
    """Writes the runs of the sweep in `folder`; `connect` opens MLflow's store."""

    folder: Path
    facts: SweepFacts
    backend: Backend
    tracking: TrackingSettings
    connect: Callable[[], MlflowRuns]
    experiment: Callable[[MlflowRuns], str]
    problems: list[str] = field(default_factory=list)
    """Why runs could not be written; one line for each reason."""
    _rows: list[tuple[int, Mapping[str, float]]] = field(default_factory=list)
    _parent: tuple[MlflowRuns, str, str] | None = None

    def __post_init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "records")
        self._began = time.monotonic()
        (self.folder / _RECORDED).mkdir(exist_ok=True)

    def open(self, missing: Sequence[Ended] = ()) -> None:
        """Begin to open the stores, start the sweep's MLflow run, and write the `missing` runs."""
        self._in_background(self._open)
        for trial in missing:
            self._in_background(partial(self._complete, trial))

    def add(self, trial: Ended) -> None:
        """Write the runs of a trial that has ended."""
        self._in_background(lambda: self._record(trial))

    def missing(self, trials: Sequence[Ended]) -> list[Ended]:
        """Return those `trials` that have no runs, as their process was killed before."""
        return [trial for trial in trials if not self._mark(trial.number).exists()]

    def close(self, best: Ended | None, status: RunStatus) -> None:
        """Wait until all is written, and end the sweep's own run with its `best` trial so far."""
        self._in_background(lambda: self._end(best, status))
        self._thread.shutdown()

    def _in_background(self, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                work()
            except Exception as error:  # a record that fails does not end the sweep
                line = redact(" ".join(str(error).split()) or type(error).__name__)
                if line not in self.problems:
                    self.problems.append(line)

        self._thread.submit(guarded)

    def _mark(self, number: int) -> Path:
        return self.folder / _RECORDED / str(number)

    def _open(self) -> None:
        self.backend.warm_up()
        # Trackio drops numbers that are logged while another thread is about to load this.
        importlib.import_module("matplotlib.figure")
        runs = self.connect()
        path = self.folder / _PARENT
        with FileLock(path.with_suffix(".lock")):  # one for all processes of the sweep
            known = path.read_text(encoding="utf-8") if path.exists() else ""
            if known and runs.exists(known):
                runs.take_over(known, "")
                self._parent = (runs, runs.experiment_of(known), known)
                return
            experiment = self.experiment(runs)
            params = {name: json.dumps(value) for name, value in self.facts.settings.items()}
            run_id = runs.start(
                experiment,
                f"sweep {self.facts.id}",
                tags={"relay.sweep": self.facts.id},
                params=params,
            )
            write_text(path, run_id)
            self._parent = (runs, experiment, run_id)

    def _complete(self, trial: Ended) -> None:
        """Write what is missing of the runs of a trial that another command has tried."""
        with FileLock(self.folder / f"{_RECORDED}.lock"):  # several commands may find it missing
            if not self.missing([trial]):
                return
            is_in_mlflow = False
            if self._parent is not None:
                runs, experiment, _ = self._parent
                is_in_mlflow = runs.has_whole(experiment, self._tags(trial))
            self._record(trial, is_in_mlflow=is_in_mlflow)

    def _tags(self, trial: Ended) -> dict[str, str]:
        """Return the tags of a trial's MLflow run that no other run has."""
        return {"relay.sweep": self.facts.id, "relay.trial": str(trial.number)}

    def _record(self, trial: Ended, *, is_in_mlflow: bool = False) -> None:
        self._rows.append((trial.number, trial.metrics))
        try:
            self._track(trial)
        finally:
            if self._parent is not None and not is_in_mlflow:
                runs, experiment, parent = self._parent
                runs.record_whole(
                    experiment,
                    f"trial {trial.number}",
                    parent=parent,
                    tags={
                        **self._tags(trial),
                        "relay.trial_status": trial.status,
                        **({"relay.error": trial.error} if trial.error else {}),
                    },
                    params=trial.settings,
                    rows=trial.rows,
                    status=_STATUS[trial.status],
                    started=trial.started,
                    ended=trial.ended,
                )
        self._mark(trial.number).touch()

    def _track(self, trial: Ended) -> None:
        """Write the trial's run in the tracking backend."""
        run = self.backend.start_run(
            RunSpec(
                self._run_id(str(trial.number)),
                f"trial {trial.number} {self.facts.id}",
                "trial",
                self._group,
                config={**trial.settings, "trial": trial.number, "trial_status": trial.status},
                tags=self.tracking.tags,
                notes=self.tracking.notes,
            )
        )
        for fold, metrics in enumerate(trial.rows, start=1):
            run.log(Row(metrics, step=fold, time=trial.ended / 1000))
        run.log(Row({SECONDS: trial.seconds}, time=trial.ended / 1000))
        run.finish(_STATUS[trial.status], trial.error)

    def _end(self, best: Ended | None, status: RunStatus) -> None:
        """Write the sweep's own run: a row for each trial, and the best."""
        result: dict[str, float] = {}
        if best is not None and best.value is not None:
            result = {f"best_{self.facts.metric}": best.value, "best_trial": best.number}
        if self._rows:
            run = self.backend.start_run(
                RunSpec(
                    self._run_id("sweep"),
                    f"sweep {self.facts.id}",
                    "sweep",
                    self._group,
                    config=self.facts.settings,
                    tags=self.tracking.tags,
                    notes=self.tracking.notes,
                )
            )
            for number, metrics in sorted(self._rows):
                run.log(Row(metrics, step=number))
            run.log(Row({**result, SECONDS: time.monotonic() - self._began}))
            run.finish(status)
        if self._parent is not None:
            runs, _, parent = self._parent
            runs.log_metrics(parent, result)
            runs.end(parent, status)

    @property
    def _group(self) -> str:
        return f"sweep {self.facts.id}"

    def _run_id(self, part: str) -> str:
        text = f"{self.facts.id}/{self.tracking.project}/{part}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]
