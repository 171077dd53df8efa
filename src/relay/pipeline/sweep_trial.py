"""A trial of a sweep: its additional settings, and the run that the sweep reads.

The steps have runs of their own, as in any pipeline run. The trial's run, under the id that the
agent chose, has the trial's parameters and the metrics of all steps; the sweep reads those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from relay.pipeline.run_summary import Summary
from relay.tracking import Backend, Row, RunSpec, RunStatus, TrackingSettings, Trial

_NO_PROMOTION = "register.promote"


def with_trial_settings(arguments: Sequence[str]) -> list[str]:
    """Return `arguments` after the settings of a trial, which they override.

    A trial promotes no model, as the best of many trials by chance would become the champion.
    """
    return [f"{_NO_PROMOTION}=false", *arguments]


def record_trial(
    trial: Trial, backend: Backend, tracking: TrackingSettings, summary: Summary, group: str
) -> None:
    """Write the trial's run from the `summary` of its pipeline run.

    Raises RelayError if the backend does not take it.
    """
    metrics: dict[str, float] = {}
    for step in summary.steps:
        metrics |= step.metrics
    errors = [f"{step.name}: {step.error}" for step in summary.steps if step.error]
    message = summary.error or "; ".join(errors)
    _write(trial, backend, tracking, metrics, summary.status, message, group)


def record_refused(
    trial: Trial, backend: Backend, tracking: TrackingSettings, message: str
) -> None:
    """Write the trial's run as failed before any step.

    Raises RelayError if the backend does not take it.
    """
    _write(trial, backend, tracking, {}, "failed", message, None)


def _write(
    trial: Trial,
    backend: Backend,
    tracking: TrackingSettings,
    metrics: Mapping[str, float],
    status: RunStatus,
    message: str,
    group: str | None,
) -> None:
    run = backend.start_run(
        RunSpec(
            trial.run_id,
            f"trial {trial.run_id}",
            "trial",
            group,
            config=trial.params,
            tags=tracking.tags,
            notes=tracking.notes,
            sweep=trial.sweep,
        )
    )
    if metrics:
        run.log(Row(metrics))
    run.finish(status, message)
