"""A trial of a W&B sweep: what `wandb agent` hands over, and the one run that it waits for.

The steps have runs of their own, as in any pipeline run. The trial's run, under the id that the
agent chose, has the trial's parameters and the metrics of all steps; the sweep reads those.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from relay.pipeline.summary import Summary
from relay.tracking import Backend, Row, RunSpec, RunStatus, TrackingSettings

_NO_PROMOTION = "register.promote"


@dataclass(frozen=True)
class Trial:
    """One trial: the sweep's id, that of the trial's run, and the parameters that it tries."""

    sweep: str
    run_id: str
    params: Mapping[str, Any]

    def with_settings(self, arguments: Sequence[str]) -> list[str]:
        """`arguments` with what each trial runs with, which they themselves may set otherwise.

        Of many trials the best by chance would become the champion.
        """
        return [f"{_NO_PROMOTION}=false", *arguments]


def take_trial(environ: MutableMapping[str, str]) -> Trial | None:
    """The trial that `environ` names, or None; its variables are taken out of `environ`.

    The SDK lets them win over all else: every step would write onto that one run.
    """
    sweep = environ.pop("WANDB_SWEEP_ID", "")
    run_id = environ.pop("WANDB_RUN_ID", "")
    path = environ.pop("WANDB_SWEEP_PARAM_PATH", "")
    if not sweep or not run_id:
        return None
    return Trial(sweep, run_id, _read_params(Path(path)) if path else {})


def record_trial(
    trial: Trial, backend: Backend, tracking: TrackingSettings, summary: Summary, group: str
) -> None:
    """Write the trial's run from the `summary` of its pipeline run; RelayError from `backend`."""
    metrics: dict[str, float] = {}
    for step in summary.steps:
        metrics |= step.metrics
    errors = [f"{step.name}: {step.error}" for step in summary.steps if step.error]
    message = summary.error or "; ".join(errors)
    _write(trial, backend, tracking, metrics, summary.status, message, group)


def record_refused(
    trial: Trial, backend: Backend, tracking: TrackingSettings, message: str
) -> None:
    """Write the trial's run as failed before any step; RelayError from `backend`."""
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


def _read_params(path: Path) -> dict[str, Any]:
    """The parameters in the file that the agent wrote, `{name: {value: ...}}`; none without it."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    if not isinstance(content, Mapping):
        return {}
    return {
        str(name): value["value"]
        for name, value in content.items()
        if isinstance(value, Mapping) and "value" in value
    }
