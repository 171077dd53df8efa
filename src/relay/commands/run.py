"""The command without a name: run the pipeline, or one trial of a sweep of it."""

from __future__ import annotations

import os
from collections.abc import Sequence

from rich.console import Console

from relay.config import compose as config
from relay.config.composed import Config
from relay.config.overrides import from_arguments
from relay.pipeline import plan
from relay.pipeline.planned_step import make_planned_steps
from relay.pipeline.preflight import Preflight
from relay.pipeline.tracking_setup import choose_tracking
from relay.pipeline.writable_checkout import require_writable
from relay.tracking import TrackingSettings, Trial
from relay.tracking.remote import take_trial
from relay.util.paths import start_folder
from relay.util.private_folders import make_private
from relay.util.project import Project

HELP = """\
Usage: ./relay run [key=value ...] [options]            (from any folder)

Runs the pipeline, or the steps that are named. A step whose code, parameters and inputs are the
same as before is cached, and does not run again.

  ./relay run                              all steps, on the default data set
  ./relay run steps=train,evaluate         these two, on the newest inputs
  ./relay run steps=train+                 train and everything downstream; +train: upstream
  ./relay run exclude=register             every step but this one
  ./relay run data=table data.url=FILE data.target=COLUMN
  ./relay run model=linear split.test_size=0.3 evaluate.thresholds.r2=0.4
  ./relay run experiment=quick             a named set of settings
  ./relay run explain=true                 show what would run and why; run nothing
  ./relay run force=train                  run train even if it is cached; cache=false: every step
  ./relay run keep_going=true              after a failure, run the steps that do not depend on it
  ./relay run tracking=local               the project's folder, also if there is a login
  ./relay run env_manager=docker           steps in containers; engine=slurm: on a cluster
  ./relay run -m model.params.max_depth=4,8   try each value, and make a model with the best
  ./relay run steps=predict predict.input=FILE predict.output=FILE.csv

Options:
  -m, --multirun  a value can be a list: every combination is tried, as in a sweep
  --cfg     print the composed configuration and exit
  --help    this text

Exit status: 0 success; 1 a step, a gate or the machine failed; 2 a setting is wrong, or names
something that does not exist; 128 + n ended by signal n, such as 130 for Ctrl-C.
Every setting is documented in config/ and docs/reference/settings.md.
"""
_SHOW_SETTINGS = "--cfg"
_MULTIRUN = ("-m", "--multirun")


def run(project: Project, argv: Sequence[str], console: Console) -> int:
    """Run the pipeline with the settings in `argv` and return the exit status.

    With `--cfg`, print the settings instead. With `-m`, try every combination of several values.
    If a sweep's agent started the command, run a trial.

    Raises ConfigError if a setting or the plan is wrong, so that no step was started.
    """
    if "--help" in argv:
        console.print(HELP, markup=False, highlight=False)
        return 0
    if any(flag in argv for flag in _MULTIRUN):
        # Imported late, as it takes time that most commands need not wait for.
        from relay.commands.sweep.multirun import multirun

        return multirun(project, argv, console)
    arguments = from_arguments([word for word in argv if word != _SHOW_SETTINGS])
    trial = take_trial(os.environ)
    start = start_folder(project.root, os.environ)
    if _SHOW_SETTINGS in argv:
        settings = config.load(project.config, arguments, start)
        console.print(settings.as_yaml, markup=False, highlight=False)
        return 0
    if trial is None:
        return _run(project, config.load(project.config, arguments, start), console)
    # Imported late, as it takes time that most commands need not wait for.
    from relay.commands.trial import run_trial

    def run_steps(settings: Config, tracking: TrackingSettings, trial: Trial) -> int:
        return _run(project, settings, console, tracking, trial)

    return run_trial(project, trial, arguments, start, console, run_steps)


def _run(
    project: Project,
    settings: Config,
    console: Console,
    tracking: TrackingSettings | None = None,
    trial: Trial | None = None,
) -> int:
    the_plan = plan.build(settings.settings.pipeline)
    planned_steps = make_planned_steps(project.components, settings, the_plan)
    Preflight(planned_steps).check_settings()
    project.prepare(os.environ)
    tracking = tracking or choose_tracking(settings.settings.tracking, os.environ)
    if not settings.settings.explain:
        require_writable(project)
        make_private(project, os.environ)
    # Imported late, as it takes time that a wrong command need not wait for.
    from relay.pipeline.orchestrator import run_pipeline

    return run_pipeline(project, settings, tracking, the_plan, planned_steps, console, trial)
