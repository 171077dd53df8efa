"""A component's process as a scorer of trials: it reads its inputs once, and scores many settings.

No run, artifact or alias is recorded for a trial: the sweep records what it wants of the answers.
"""

from __future__ import annotations

import logging
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from relay.step.params import ParamsT, validate
from relay.step.run import StepRun
from relay.step.trial_link import Link, Outcome, Progress, Ready, Trial, Verdict
from relay.tracking import ArtifactVersion, Backend, Draft, Row, RunStatus
from relay.tracking.not_found import hint_on_missing
from relay.util.disk import explain
from relay.util.errors import RelayError
from relay.util.redact import redact

Scorer = Callable[[ParamsT], Iterable[Mapping[str, float]]]
"""Yields the metrics of parameters so far, after each fold; the last are those of the trial."""

Score = Callable[[StepRun[ParamsT]], Scorer[ParamsT]]
"""Reads the inputs of a step, once, and returns its scorer."""

log = logging.getLogger("relay")


class _Reading:
    """The run of a process that only reads: it records nothing."""

    url = None

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def use_artifact(self, reference: str) -> ArtifactVersion:
        version = self._backend.find(reference)
        if version is None:
            hint = hint_on_missing(self._backend, reference)
            raise RelayError(f"{reference}: there is no such artifact.{hint} Make it again.")
        return version

    def download(self, artifact: ArtifactVersion, folder: Path) -> None:
        self._backend.download(artifact, folder)

    def log_artifacts(self, drafts: Sequence[Draft]) -> Iterator[ArtifactVersion]:
        raise NotImplementedError("a trial stores no artifact")

    def log(self, row: Row) -> None:
        """Leave it out."""

    def update_config(self, values: Mapping[str, Any]) -> None:
        """Leave it out."""

    def finish(self, status: RunStatus, message: str = "") -> None:
        """Leave it out."""


def reading_run(params: ParamsT, backend: Backend, workspace: Path) -> StepRun[ParamsT]:
    """Return the interface of a step's code that reads inputs and stores nothing."""
    return StepRun(params, backend, _Reading(backend), workspace)


def score_by_step(
    step: Callable[[StepRun[ParamsT]], None], backend: Backend, workspace: Path
) -> Scorer[ParamsT]:
    """Return a scorer for a component without one: it runs `step`, whose metrics are the score."""

    def score(params: ParamsT) -> Iterable[Mapping[str, float]]:
        with tempfile.TemporaryDirectory(dir=workspace) as folder:
            run = reading_run(params, backend, Path(folder))
            step(run)
            return [run.metrics]

    return score


def serve(link: Link, worker: str, params_type: type[ParamsT], scorer: Scorer[ParamsT]) -> None:
    """Score the trials that arrive on `link`, as `worker`, until the sweep closes it."""
    link.send(Ready(worker))
    while (trial := link.receive()) is not None:
        outcome = _score(link, trial, params_type, scorer)
        if outcome is None:
            return
        link.send(outcome)


def _score(
    link: Link, trial: Trial, params_type: type[ParamsT], scorer: Scorer[ParamsT]
) -> Outcome | None:
    """Score `trial` and return its outcome; None if the sweep has ended."""
    log.info("trial %d", trial.number)
    try:
        params = validate(params_type, trial.params)
        for fold, metrics in enumerate(scorer(params), start=1):
            numbers = {name: float(value) for name, value in metrics.items()}
            link.send(Progress(trial.number, fold, numbers))
            verdict: Verdict | None = link.receive()
            if verdict is None:
                return None
            if not verdict.goes_on:
                return Outcome(trial.number, "stopped")
    except ConnectionError:
        return None
    except Exception as error:  # a trial that fails does not end the others
        message = _message(error)
        log.error("trial %d failed: %s", trial.number, message)
        return Outcome(trial.number, "failed", message)
    return Outcome(trial.number, "complete")


def _message(error: Exception) -> str:
    """Return the message of `error`; print the traceback if it is a bug's."""
    if isinstance(error, RelayError):
        return redact(str(error))
    if problem := explain(error, [Path(tempfile.gettempdir())]):
        return redact(problem)
    traceback.print_exception(error)
    return redact(f"{type(error).__name__}: {error}")
