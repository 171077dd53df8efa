"""The command without a name: run the pipeline, or one trial of a sweep of it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from relay.config import compose as config
from relay.config.composed import Config
from relay.config.overrides import from_arguments
from relay.pipeline import plan
from relay.pipeline.planned_step import make_planned_steps
from relay.pipeline.preflight import Preflight
from relay.pipeline.sweep_trial import record_refused, with_trial_settings
from relay.pipeline.tracking_setup import choose_tracking
from relay.pipeline.writable_checkout import require_writable
from relay.tracking import Trial, open_backend
from relay.tracking.remote import is_remote, take_trial
from relay.util.errors import RelayError
from relay.util.paths import start_folder
from relay.util.private_folders import make_private
from relay.util.project import Project
from relay.util.redact import redact

_SHOW_SETTINGS = "--cfg"


def run(project: Project, argv: Sequence[str], console: Console) -> int:
    """Run the pipeline with the settings in `argv` and return the exit status.

    With `--cfg`, print the settings instead. If a sweep's agent started the command, run a trial.

    Raises ConfigError if a setting or the plan is wrong, so that no step was started.
    """
    arguments = from_arguments([word for word in argv if word != _SHOW_SETTINGS])
    trial = take_trial(os.environ)
    start = start_folder(project.root, os.environ)
    if _SHOW_SETTINGS in argv:
        settings = config.load(project.config, arguments, start)
        console.print(settings.as_yaml, markup=False, highlight=False)
        return 0
    if trial is not None:
        return _run_trial(project, trial, arguments, start, console)
    return _run(project, config.load(project.config, arguments, start), console)


def _run(project: Project, settings: Config, console: Console, trial: Trial | None = None) -> int:
    the_plan = plan.build(settings.settings.pipeline)
    planned_steps = make_planned_steps(project.components, settings, the_plan)
    Preflight(planned_steps).check_settings()
    project.prepare(os.environ)
    tracking = choose_tracking(settings.settings.tracking, os.environ)
    if not settings.settings.explain:
        require_writable(project)
        make_private(project, os.environ)
    # Imported late, as it takes time that a wrong command need not wait for.
    from relay.pipeline.orchestrator import run_pipeline

    return run_pipeline(project, settings, tracking, the_plan, planned_steps, console, trial)


def _run_trial(
    project: Project, trial: Trial, arguments: Sequence[str], start: Path, console: Console
) -> int:
    """Run a trial of a sweep; record it as failed if it is refused before it begins."""
    try:
        settings = config.load(project.config, with_trial_settings(arguments), start)
        return _run(project, settings, console, trial)
    except RelayError as error:
        project.prepare(os.environ)
        where = [argument for argument in arguments if argument.startswith("tracking")]
        with contextlib.suppress(RelayError):  # the error of the trial matters more
            spec = config.load(project.config, where, start).settings.tracking
            tracking = choose_tracking(spec, os.environ)
            if is_remote(tracking.backend):
                backend = open_backend(tracking, project.root)
                record_refused(trial, backend, tracking, redact(str(error)))
        raise
