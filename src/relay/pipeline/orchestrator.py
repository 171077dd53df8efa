"""The orchestrator: look up the cached steps of a plan, run the others, record and show the end."""

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
from relay.pipeline.plan import Plan, names_in
from relay.pipeline.planned_step import PlannedStep
from relay.pipeline.preflight import Preflight
from relay.pipeline.preview import show_reasons, show_store
from relay.pipeline.run_facts import group_name, run_name
from relay.pipeline.run_folders import marked_active
from relay.pipeline.run_packages import write_locks
from relay.pipeline.run_state import RunState
from relay.pipeline.run_summary import (
    StepSummary,
    Summary,
    new_folder,
    write_settings,
    write_summary,
)
from relay.pipeline.server_trial import record_trial
from relay.pipeline.stale_inputs import StaleInputs
from relay.runtime.limits import require_address_space
from relay.tracking import Backend, TrackingSettings, Trial, open_backend
from relay.tracking.outbox import flush_outbox
from relay.util.errors import ConfigError, RelayError
from relay.util.files import read_tail
from relay.util.git import git_state
from relay.util.paths import shown
from relay.util.project import Project
from relay.util.redact import redact
from relay.util.signals import StopSignals


def run_pipeline(
    project: Project,
    config: Config,
    tracking: TrackingSettings,
    plan: Plan,
    planned_steps: Sequence[PlannedStep],
    console: Console,
    trial: Trial | None = None,
    scratch: bool = False,
) -> int:
    """Run the planned steps that are not cached, and return the exit status.

    `scratch` is a checkout for this run alone, so that a missing commit is not mentioned. The
    summary is written however the run ends, unless one of these errors is raised.

    Raises ConfigError if inputs or settings are wrong, so that no step was started, and RelayError
    if the limits of the shell do not allow a step to run.
    """
    began = time.monotonic()
    require_address_space()
    signals = StopSignals(at_once=False)
    signals.install()
    try:
        backend = _open(project, tracking, console)
    except ConfigError:
        raise
    except RelayError as error:
        return _end_unopened(project, config, tracking, planned_steps, console, redact(str(error)))
    forced = frozenset(names_in(plan, config.settings.force, "force"))
    cache = StepCache(backend, project.root, config.settings.cache, forced)
    state = RunState(plan, planned_steps, backend, cache, Preflight(planned_steps))
    problem, warnings = _settle(state, StaleInputs(project.components, config, plan, cache))
    inputs = [str(version) for _, version in state.taken]
    if config.settings.explain:
        if problem is not None:
            raise RelayError(problem)
        state.preflight.inspect_sources(state.waiting)
        show_store(console, backend, inputs, warnings)
        show_reasons(console, list(state.steps.values()))
        return 0
    summary = _begin_summary(project, config, tracking, list(state.steps.values()), problem)
    if summary.git_problem is not None and not scratch:
        _print_dim(console, f"No Git commit is recorded: {summary.git_problem}.")
    summary.url, summary.warnings, summary.taken = backend.url(), warnings, inputs
    folder = new_folder(project.outputs)
    with marked_active(folder):
        write_settings(folder, config.command, config.as_yaml)
        write_locks(folder, planned_steps)
        from relay.pipeline.run_page import RunPage  # slow to import, and not needed before

        page = RunPage(folder, run_name(config, planned_steps), plan, summary, config.overrides)
        if (problem is None and state.waiting) or os.environ.get("MLFLOW_RUN_ID"):
            # Not imported for a run in which every step is cached.
            from relay.pipeline.pipeline_run import PipelineRun

            run = PipelineRun(project, config, tracking, backend, folder, signals, console, page)
            lines = run.run(state, summary, began)
        else:
            show_store(console, backend, inputs, warnings)
            _move_latest(state, summary)
            summary.seconds = time.monotonic() - began
            write_summary(folder, summary)
            lines = page.finish(backend)
    if trial is not None:
        group = group_name(config, planned_steps, folder)
        _record_trial(trial, backend, tracking, summary, folder, group)
    _show(console, project, folder, summary)
    for line in lines:
        _print_dim(console, line)
    return summary.exit_code


def _end_unopened(
    project: Project,
    config: Config,
    tracking: TrackingSettings,
    planned_steps: Sequence[PlannedStep],
    console: Console,
    problem: str,
) -> int:
    """Write the summary of a run whose store could not be opened, and return its exit status."""
    steps = [StepSummary(planned.name, "not_started") for planned in planned_steps]
    summary = _begin_summary(project, config, tracking, steps, problem)
    folder = new_folder(project.outputs)
    write_summary(folder, summary)
    _show(console, project, folder, summary)
    return summary.exit_code


def _print_dim(console: Console, line: str) -> None:
    console.print(line, style="dim", markup=False, highlight=False, soft_wrap=True)


def _open(project: Project, tracking: TrackingSettings, console: Console) -> Backend:
    """Open the store, and upload the kept runs of earlier commands to it."""
    backend = open_backend(tracking, project.root)
    for run in flush_outbox(project.kept, tracking, backend):
        console.print(f"Uploaded '{run.spec.name}', kept by an earlier command", markup=False)
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


def _move_latest(state: RunState, summary: Summary) -> None:
    """Make the cached outputs the latest versions of their artifacts."""
    try:
        state.move_latest()
    except RelayError as error:
        summary.status, summary.error = "failed", summary.error or redact(str(error))


def _record_trial(
    trial: Trial,
    backend: Backend,
    tracking: TrackingSettings,
    summary: Summary,
    folder: Path,
    group: str,
) -> None:
    """Write the trial's own run; if that fails, so has the pipeline's run."""
    try:
        record_trial(trial, backend, tracking, summary, group)
    except RelayError as error:
        text = f"sweep {trial.sweep}: the trial's metrics were not uploaded: {redact(str(error))}"
        summary.error = summary.error or text
        summary.status = "failed" if summary.status == "succeeded" else summary.status
        write_summary(folder, summary)


def _settle(state: RunState, stale: StaleInputs) -> tuple[str | None, list[str]]:
    """Settle the steps, and return the problem, if an input is missing, and the warnings."""
    try:
        state.settle()
        return None, stale.warnings(state.taken)
    except ConfigError:
        raise
    except RelayError as error:
        return redact(str(error)), []


def _show(console: Console, project: Project, folder: Path, summary: Summary) -> None:
    logs = {step.name: project.home / step.log for step in summary.steps if step.log}
    for step in summary.steps:
        if step.status == "failed" and step.log:
            log = logs[step.name]
            show_log(console, read_tail(log, READ_LOG_LINES), step, shown(log))
    places = {name: shown(log) for name, log in logs.items()}
    show_summary(console, summary, shown(folder / "summary.json"), places)
