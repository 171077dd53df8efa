"""The inputs of a sweep's scoring step: the steps upstream of it run once, before all trials."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console

from relay.config.composed import Config
from relay.pipeline.cache import StepCache
from relay.pipeline.orchestrator import run_pipeline
from relay.pipeline.planned_step import PlannedStep
from relay.pipeline.preflight import Preflight
from relay.pipeline.run_state import RunState
from relay.sweep.scoring_step import ScoringStep
from relay.tracking import Backend, TrackingSettings
from relay.util.errors import Interrupted, RelayError


@dataclass(frozen=True)
class Inputs:
    """The exact inputs of the scoring step, and their digests, by key."""

    references: dict[str, str]
    digests: dict[str, str]


class UpstreamFailed(RelayError):
    """A step upstream of the scoring step failed; its run has shown why."""

    def __init__(self, status: int) -> None:
        super().__init__("the steps before the trials failed. Correct that, then start it again.")
        self.exit_code = status


def find_inputs(
    scoring_step: ScoringStep,
    config: Config,
    tracking: TrackingSettings,
    backend: Backend,
    console: Console,
    *,
    inspects: bool = True,
) -> Inputs:
    """Return the inputs of the scoring step; run the steps that make them if they are not cached.

    Without `inspects`, the last checks of the scoring step are left to the process that scores, as
    they may load large libraries.

    Raises ConfigError if an input does not fit the settings, RelayError if a step fails, and
    Interrupted if a signal stops one.
    """
    planned = scoring_step.plan_step(config)
    upstream = scoring_step.plan_upstream(config)
    Preflight([*upstream, planned]).check_settings()
    state = _settled(scoring_step, config, backend, [*upstream, planned])
    if any(state.steps[step.name].status != "cached" for step in upstream):
        status = run_pipeline(
            scoring_step.project, config, tracking, scoring_step.plan, upstream, console
        )
        if status > 128:
            raise Interrupted(status - 128)
        if status != 0:
            raise UpstreamFailed(status)
        state = _settled(scoring_step, config, backend, [*upstream, planned])
        if any(state.steps[step.name].status != "cached" for step in upstream):
            # a step that runs every time: its newest outputs are those of this run
            state = _settled(scoring_step, config, backend, [planned])
    elif inspects:
        state.preflight.inspect_sources([planned])
    references = dict(state.steps[planned.name].inputs)
    versions = {key: state.cache.version(name) for key, name in references.items()}
    digests = {key: version.digest for key, version in versions.items() if version is not None}
    return Inputs(references, digests)


def _settled(
    scoring_step: ScoringStep, config: Config, backend: Backend, steps: list[PlannedStep]
) -> RunState:
    """Return the state of a run of `steps` before anything runs."""
    cache = StepCache(backend, scoring_step.project.root, config.settings.cache, frozenset())
    state = RunState(scoring_step.plan, steps, backend, cache, Preflight(steps))
    state.settle()
    return state
