"""A trial of a sweep on a server: its settings, and the run that the sweep reads.

The run has the id that the agent chose. The steps have runs of their own, as in any pipeline run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from omegaconf import OmegaConf

from relay.config.composed import Config
from relay.pipeline.run_summary import Summary
from relay.tracking import Backend, Row, Run, RunSpec, TrackingSettings, Trial
from relay.util.errors import ConfigError
from relay.util.names import did_you_mean

_PROMOTION = "register.promote"


def with_trial_settings(arguments: Sequence[str], config: Config) -> list[str]:
    """Return the `arguments` of `config` after the settings of a trial, which they override.

    A trial promotes no model, as the best of many trials by chance would become the champion.
    """
    has_promotion = OmegaConf.select(config.tree, _PROMOTION) is not None
    return [*([f"{_PROMOTION}=false"] if has_promotion else []), *arguments]


def without_prefixes(arguments: Sequence[str], trial: Trial) -> list[str]:
    """Return `arguments` with `key=value` for each parameter written `+key=value` or `++key=value`.

    Agents can write all parameters in these forms, but Hydra has them for new keys, and not for an
    option of a group.
    """
    return [
        argument.lstrip("+") if argument.lstrip("+").partition("=")[0] in trial.params else argument
        for argument in arguments
    ]


def record_trial(
    trial: Trial, backend: Backend, tracking: TrackingSettings, summary: Summary, group: str
) -> None:
    """Write the trial's run from the `summary` of its pipeline run.

    Raises ConfigError if the sweep's metric is not among those of a run that succeeded, and
    RelayError if the backend does not take it.
    """
    metrics: dict[str, float] = {}
    for step in summary.steps:
        metrics |= step.metrics
    errors = [f"{step.name}: {step.error}" for step in summary.steps if step.error]
    message = summary.error or "; ".join(errors)
    run = _start(trial, backend, tracking, group)
    if metrics:
        run.log(Row(metrics))
    try:
        if summary.status == "succeeded":
            require_metric(trial, metrics)
    except ConfigError as error:
        run.finish("failed", str(error))
        raise
    run.finish(summary.status, message)


def require_metric(trial: Trial, metrics: Mapping[str, float]) -> None:
    """Check that the sweep's metric is among the `metrics` of its trial.

    Raises ConfigError, with the nearest name, if it is not: the sweep would search for nothing.
    """
    if trial.metric is not None and trial.metric not in metrics:
        raise ConfigError(
            f"sweep {trial.sweep}: its trials have no metric '{trial.metric}'."
            f"{did_you_mean(trial.metric, list(metrics))} Correct metric.name in the sweep's file, "
            "or let its command run the step that has it, with steps=NAME."
        )


def start_trial(trial: Trial, backend: Backend, tracking: TrackingSettings) -> Run:
    """Start the trial's run. Raises RelayError if the backend does not take it."""
    return _start(trial, backend, tracking, None)


def _start(trial: Trial, backend: Backend, tracking: TrackingSettings, group: str | None) -> Run:
    return backend.start_run(
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
