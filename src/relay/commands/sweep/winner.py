"""The winner of a sweep: its settings as an experiment, and the pipeline's run with them."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console

from relay.config import compose
from relay.config.composed import Config
from relay.config.overrides import override_for
from relay.pipeline import plan
from relay.pipeline.orchestrator import run_pipeline
from relay.pipeline.planned_step import PlannedStep, make_planned_steps
from relay.pipeline.preflight import Preflight
from relay.sweep.scoring_step import ScoringStep
from relay.sweep.search import Settings
from relay.sweep.winner import GROUP, experiment_text, is_about_how, write_experiment
from relay.tracking import TrackingSettings
from relay.util.errors import RelayError
from relay.util.paths import shown
from relay.util.project import Project


@dataclass(frozen=True)
class Winner:
    """The best trial of a sweep."""

    sweep: str
    """The name of the sweep's file."""
    settings: Settings
    about: str
    """What it is the best of, and its score."""


def configure_winner(
    scoring_step: ScoringStep, winner: Winner, registers: bool, console: Console
) -> Config:
    """Write the winner's settings down as an experiment, and return its configuration.

    Without `registers`, it leaves the step out that registers a model.
    """
    project = scoring_step.project
    overrides = [override_for(*item) for item in winner.settings.items()]
    config = compose.load(project.config, [*scoring_step.arguments, *overrides], scoring_step.start)
    config = _as_experiment(project, config, winner, console)
    register = scoring_step.spec.register_step
    if register is None or registers:
        return config
    return compose.load(
        project.config, [*config.overrides, f"exclude={register}"], scoring_step.start
    )


def run_winner(
    project: Project, config: Config, tracking: TrackingSettings, console: Console
) -> int:
    """Run the pipeline with `config`, and return the exit status."""
    the_plan = plan.build(config.settings.pipeline)
    planned_steps = make_planned_steps(project.components, config, the_plan)
    Preflight(planned_steps).check_settings()
    return run_pipeline(project, config, tracking, the_plan, planned_steps, console)


def _as_experiment(project: Project, config: Config, winner: Winner, console: Console) -> Config:
    """Write the experiment with the settings of `config`, and return its configuration.

    If it cannot be written, or other files override it, show a warning and return `config`.
    """
    name = f"{winner.sweep}-best"
    steps = _steps(project, config)
    try:
        path, kept = write_experiment(
            project.config / GROUP, name, experiment_text(config, winner.about)
        )
        how = [override for override in config.overrides if is_about_how(override)]
        again = compose.load(project.config, [f"{GROUP}={name}", *how], project.root)
        if [one.params for one in _steps(project, again)] != [one.params for one in steps]:
            raise RelayError(f"{shown(path)}: other files of config/ override its settings.")
    except RelayError as error:
        text = f"Warning: {error} The best settings: {config.command}"
        console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)
        return config
    console.print(
        f"The best settings are in {shown(path)}: ./relay run {GROUP}={name}",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
    if kept is not None:
        text = f"Those of an earlier sweep are kept: {GROUP}={kept.stem}"
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    return again


def _steps(project: Project, config: Config) -> list[PlannedStep]:
    return make_planned_steps(project.components, config, plan.build(config.settings.pipeline))
