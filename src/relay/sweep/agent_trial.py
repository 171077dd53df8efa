"""One trial whose settings are chosen elsewhere, such as by a sweep's server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console

from relay.step.trial_link import Progress
from relay.sweep.inputs import find_inputs
from relay.sweep.scoring_processes import ScoringProcesses
from relay.sweep.scoring_step import ScoringStep
from relay.sweep.workers import Workers
from relay.tracking import Backend, TrackingSettings
from relay.util.errors import RelayError
from relay.util.signals import StopSignals

_WAIT_SECONDS = 0.1
_NUMBER = 1

Report = Callable[[int, Mapping[str, float]], None]
"""Is called with the number of each fold, and the metrics of the folds so far."""


def score_trial(
    scoring_step: ScoringStep,
    tracking: TrackingSettings,
    backend: Backend,
    folder: Path,
    report: Report,
    console: Console,
    signals: StopSignals,
) -> None:
    """Score the settings that `scoring_step` is configured with; logs are written into `folder`.

    Raises ConfigError if a setting is wrong, RelayError if a step before fails or the settings
    cannot be scored, Interrupted if a signal arrives. No process is left then.
    """
    config = scoring_step.plain
    processes = ScoringProcesses.open(scoring_step, tracking, config, folder, 1, console, signals)
    try:
        inputs = find_inputs(scoring_step, config, tracking, backend, console, inspects=False)
        signals.install()  # the run of the steps before had its own
        workers = Workers(lambda name, more: processes.start(inputs, name, more), processes.sockets)
        try:
            arguments = scoring_step.plan_step(config).arguments(inputs.references)
            _score(workers, arguments, processes, report, signals)
        finally:
            workers.close()
    finally:
        processes.close()


def _score(
    workers: Workers,
    arguments: Mapping[str, str],
    processes: ScoringProcesses,
    report: Report,
    signals: StopSignals,
) -> None:
    workers.add()
    has_started = has_metrics = False
    while True:
        signals.check()
        for worker in workers.all:
            if worker.is_idle and not has_started:
                has_started = True
                workers.score(worker, _NUMBER, arguments)
        for worker, event in workers.wait(_WAIT_SECONDS):
            if isinstance(event, Progress):
                has_metrics = True
                report(event.fold, event.metrics)
                workers.answer(worker, goes_on=True)
            elif event.status == "failed":
                raise RelayError(event.error)
            elif not has_metrics:
                raise RelayError("the trial has no metrics: there was nothing to score on.")
            else:
                return
        for lost in workers.lost():
            raise RelayError(processes.explain(lost))
