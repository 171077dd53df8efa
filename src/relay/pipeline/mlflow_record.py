"""A pipeline's runs in MLflow, written in the background while its steps run.

MLflow's import, its connection and each of its requests take longer than many a step. All calls are
made by one thread, in their order, and nothing waits for it but the end of the run and steps that
use MLflow themselves. Times are those of the events, not those of their recording.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from relay.step.result import StepResult
from relay.tracking import RunStatus
from relay.util.errors import RelayError
from relay.util.files import write_text

if TYPE_CHECKING:  # it imports MLflow, which is slow
    from relay.tracking.mlflow.runs import MlflowRuns

T = TypeVar("T")


@dataclass(frozen=True)
class NewRun:
    """A run to be started: its name, tags and parameters."""

    name: str
    tags: Mapping[str, str]
    params: Mapping[str, str]


@dataclass
class _StepRecord:
    """The run of a step: its start, its end, and the file that gets its id."""

    run_id: Future[str]
    id_file: Path
    end: Future[None] | None = None


@dataclass
class MlflowRecord:
    """The MLflow run of a pipeline and those of its steps, in the store at `tracking_uri`."""

    tracking_uri: str
    _steps: dict[str, _StepRecord] = field(default_factory=dict)
    _pipeline: Future[str] | None = None

    def __post_init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "mlflow")
        self._connection: Future[MlflowRuns] | None = None

    @property
    def has_begun(self) -> bool:
        """Return whether the pipeline's run has been started, or is going to be."""
        return self._pipeline is not None

    def connect(self) -> Future[MlflowRuns]:
        """Import MLflow and open its store, unless that was begun; `check` raises its error."""
        if self._connection is None:
            self._connection = self._thread.submit(_connect, self.tracking_uri)
        return self._connection

    def in_background(self, work: Callable[[], None]) -> None:
        """Do `work` when all that was asked for before is recorded; errors are left out."""
        self._thread.submit(work)

    def ask(self, question: Callable[[MlflowRuns], T]) -> T:
        """Return the answer of the store, once all that was asked for before is recorded.

        Raises RelayError if the store does not open or refuses.
        """
        return self._submit(question).result()

    def begin(self, run: NewRun, outer: str | None, artifact_location: str) -> None:
        """Start the pipeline's run, or take over the run `outer` that `mlflow run` has started.

        The runs of processes that were killed before they could end them are ended first.
        """
        now = _now()

        def start(runs: MlflowRuns) -> str:
            runs.end_orphans()
            run_id = outer
            if run_id is None:
                experiment = runs.chosen_experiment(os.environ, artifact_location)
                run_id = runs.start(experiment, run.name, started=now)
            else:
                runs.take_over(run_id, run.name)
            runs.tag(run_id, run.tags)
            runs.log_params(run_id, run.params)
            return run_id

        self._pipeline = self._submit(start)

    def begin_step(self, step: str, run: NewRun, id_file: Path) -> None:
        """Start the run of `step`, and write its id into `id_file`: empty if it gets none."""
        now, pipeline = _now(), self._require_begun()

        def start(runs: MlflowRuns) -> str:
            parent = pipeline.result()
            return runs.start(
                runs.experiment_of(parent),
                run.name,
                parent=parent,
                tags=run.tags,
                params=run.params,
                started=now,
            )

        def note(done: Future[str]) -> None:
            # The step waits for this file, so it gets one even if there is no run.
            with contextlib.suppress(OSError):
                write_text(id_file, "" if done.exception() else done.result())

        run_id = self._submit(start)
        self._steps[step] = _StepRecord(run_id, id_file)
        run_id.add_done_callback(note)

    def step_run(self, step: str) -> str | None:
        """Return the id of the run of `step`; None while it is not known."""
        run_id = self._steps[step].run_id
        return run_id.result() if run_id.done() and run_id.exception() is None else None

    def end_step(self, step: str, status: RunStatus, result: StepResult | None) -> None:
        """Record the results of `step`, if it has any, and the end of its run."""
        record = self._steps.get(step)
        if record is None:  # a signal came before it had a run
            return
        now = _now()

        def end(runs: MlflowRuns) -> None:
            run_id = record.run_id.result()
            try:
                if result is not None:
                    runs.record(
                        run_id,
                        inputs=result.inputs,
                        outputs=result.outputs,
                        metrics=result.metrics,
                        images=result.images,
                        url=result.url,
                        recorded=now,
                    )
            finally:
                runs.end(run_id, status, ended=now)

        record.end = self._submit(end)

    def check(self) -> None:
        """Raise the error, if there is one, of what was tried so far to start a run.

        Raises RelayError.
        """
        starts = [self._connection, self._pipeline, *(one.run_id for one in self._steps.values())]
        for start in starts:
            if start is not None and start.done():
                start.result()

    def refused_ends(self) -> dict[str, str]:
        """Return, by step, why its end could not be recorded; of those known so far."""
        refused = {}
        for step, record in self._steps.items():
            if record.end is not None and record.end.done():
                try:
                    record.end.result()
                except (RelayError, OSError) as error:
                    refused[step] = str(error)
        return refused

    def finish(self) -> None:
        """Wait until all that was asked for is recorded, or could not be."""
        self._thread.submit(lambda: None).result()

    def pipeline_run(self) -> str | None:
        """Return the id of the pipeline's run, waiting for it; None if there is none."""
        if self._pipeline is None or self._pipeline.exception() is not None:
            return None
        return self._pipeline.result()

    def end(self, metrics: Mapping[str, float], files: list[Path], status: RunStatus) -> None:
        """Record the end of the pipeline's run, with metrics and files.

        Raises RelayError or OSError if that is not possible.
        """
        pipeline = self._require_begun()

        def end(runs: MlflowRuns) -> None:
            run_id = pipeline.result()
            runs.log_metrics(run_id, metrics)
            for file in files:
                runs.log_file(run_id, str(file))
            runs.end(run_id, status)

        self.ask(end)

    def close(self) -> None:
        """End the thread, once all is recorded."""
        self._thread.shutdown()

    def _submit(self, call: Callable[[MlflowRuns], T]) -> Future[T]:
        connection = self.connect()
        return self._thread.submit(lambda: call(connection.result()))

    def _require_begun(self) -> Future[str]:
        if self._pipeline is None:
            raise RuntimeError("the pipeline's run must be started first")
        return self._pipeline


def _connect(tracking_uri: str) -> MlflowRuns:
    from relay.tracking.mlflow.connection import connect

    return connect(tracking_uri)


def _now() -> int:
    """Return the time as MLflow counts it: in milliseconds since 1970."""
    return round(datetime.now(UTC).timestamp() * 1000)
