"""From checked jobs to a finished run: settles what is there, runs the rest, shows the end."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from relay.config.composed import Config
from relay.pipeline.cache import StepCache
from relay.pipeline.display import READ_LOG_LINES, show_log, show_summary
from relay.pipeline.pages import collect_pages
from relay.pipeline.plan import Plan, names_in
from relay.pipeline.planned_step import Job
from relay.pipeline.preflight import Preflight
from relay.pipeline.preview import show_reasons, show_taken
from relay.pipeline.run_facts import group_name
from relay.pipeline.stale_inputs import MadeOtherwise
from relay.pipeline.state import Pipeline
from relay.pipeline.summary import (
    StepSummary,
    Summary,
    new_folder,
    write_settings,
    write_summary,
)
from relay.pipeline.sweep_trial import Trial, record_trial
from relay.runtime.limits import require_address_space
from relay.runtime.processes import tail
from relay.tracking import Backend, TrackingSettings, open_backend
from relay.tracking.outbox import bring_up
from relay.util.errors import ConfigError, RelayError
from relay.util.git import git_state
from relay.util.paths import shown
from relay.util.project import Project
from relay.util.redact import redact
from relay.util.signals import StopSignals


def launch(
    project: Project,
    config: Config,
    tracking: TrackingSettings,
    plan: Plan,
    jobs: Sequence[Job],
    console: Console,
    trial: Trial | None = None,
    scratch: bool = False,
) -> int:
    """Run `jobs`, those that the cache does not spare, and return the exit status.

    The commit of a `scratch` checkout, made for this one run, means nothing.

    ConfigError where the inputs, or a closer look at what has to run, show that something is
    wrong, RelayError where the shell's limits rule out any step: nothing was started then. In any
    other case the run's summary is written, however it ends.
    """
    began = time.monotonic()
    require_address_space()
    signals = StopSignals(at_once=False)
    signals.install()
    settings = config.settings
    try:
        backend = _open(project, tracking, console)
    except ConfigError:
        raise
    except RelayError as error:
        steps = [StepSummary(job.name, "skipped") for job in jobs]
        summary = _begin_summary(project, config, tracking, steps, redact(str(error)))
        folder = new_folder(project.outputs)
        write_summary(folder, summary)
        _show(console, project, folder, summary)
        return summary.exit_code
    forced = frozenset(names_in(plan, settings.force, "force"))
    cache = StepCache(backend, project.root, settings.cache, forced)
    pipeline = Pipeline(plan, jobs, backend, cache, Preflight(jobs))
    otherwise = MadeOtherwise(project.components, config, plan, cache)
    problem, warnings = _settle(pipeline, otherwise)
    show_taken(console, [str(version) for _, version in pipeline.taken], warnings)
    if settings.explain:
        if problem is not None:
            raise RelayError(problem)
        pipeline.preflight.look_ahead(pipeline.waiting)
        show_reasons(console, list(pipeline.steps.values()))
        return 0
    summary = _begin_summary(project, config, tracking, list(pipeline.steps.values()), problem)
    if summary.git_problem is not None and not scratch:
        text = f"No Git commit is recorded: {summary.git_problem}."
        console.print(text, style="dim", markup=False, highlight=False, soft_wrap=True)
    summary.url, summary.warnings = backend.url(), warnings
    summary.taken = [str(version) for _, version in pipeline.taken]
    folder = new_folder(project.outputs)
    write_settings(folder, config.command, config.as_yaml)
    if (problem is None and pipeline.waiting) or os.environ.get("MLFLOW_RUN_ID"):
        # What runs steps is not imported where there are none to run.
        from relay.pipeline.pipeline_run import Work

        work = Work(project, config, tracking, backend, folder, signals, console)
        work.run(pipeline, summary, began)
    else:
        _hand_on(pipeline, summary)
        summary.seconds = time.monotonic() - began
        write_summary(folder, summary)
    if trial is not None:
        _record_trial(trial, backend, config, tracking, summary, folder, console)
    _show(console, project, folder, summary)
    for line in collect_pages(backend, summary.steps, folder):
        console.print(line, style="dim", markup=False, highlight=False, soft_wrap=True)
    return summary.exit_code


def _open(project: Project, tracking: TrackingSettings, console: Console) -> Backend:
    """Open the store, and bring up to it what it did not take before."""
    backend = open_backend(tracking, project.root)
    place = backend.url() or "the local store"
    console.print(f"Tracking: {place}", markup=False, highlight=False, soft_wrap=True)
    for run in bring_up(project.kept, tracking, backend):
        console.print(f"Brought up '{run.spec.name}', which W&B had not taken.", markup=False)
    return backend


def _begin_summary(
    project: Project,
    config: Config,
    tracking: TrackingSettings,
    steps: list[StepSummary],
    problem: str | None,
) -> Summary:
    state = git_state(project.root)
    return Summary(
        status="succeeded" if problem is None else "failed",
        backend=tracking.backend,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        git_commit=state.commit,
        git_dirty=state.dirty,
        git_problem=state.problem,
        command=config.command,
        steps=steps,
        error=problem,
    )


def _hand_on(pipeline: Pipeline, summary: Summary) -> None:
    """Make what was taken from the cache the newest, where nothing has to run."""
    try:
        pipeline.hand_on()
    except RelayError as error:
        summary.status, summary.error = "failed", summary.error or redact(str(error))


def _record_trial(
    trial: Trial,
    backend: Backend,
    config: Config,
    tracking: TrackingSettings,
    summary: Summary,
    folder: Path,
    console: Console,
) -> None:
    """Write the trial's own run; one that the sweep does not get has failed."""
    if backend.name != "wandb":
        text = f"The sweep {trial.sweep} gets no result of this trial: its runs are not on W&B."
        console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)
        return
    try:
        record_trial(trial, backend, tracking, summary, group_name(config, folder))
    except RelayError as error:
        text = f"The sweep {trial.sweep} did not get the trial's result: {redact(str(error))}"
        summary.error = summary.error or text
        summary.status = "failed" if summary.status == "succeeded" else summary.status
        write_summary(folder, summary)


def _settle(pipeline: Pipeline, otherwise: MadeOtherwise) -> tuple[str | None, list[str]]:
    """Settle what can be before anything runs; what is missing for that, and warnings."""
    try:
        pipeline.settle()
        return None, otherwise.warnings(pipeline.taken)
    except ConfigError:
        raise
    except RelayError as error:
        return redact(str(error)), []


def _show(console: Console, project: Project, folder: Path, summary: Summary) -> None:
    logs = {one.name: project.home / one.log for one in summary.steps if one.log}
    for step in summary.steps:
        if step.status == "failed" and step.log:
            log = logs[step.name]
            show_log(console, tail(log, READ_LOG_LINES), step, shown(log))
    places = {name: shown(log) for name, log in logs.items()}
    show_summary(console, summary, shown(folder / "summary.json"), places)
