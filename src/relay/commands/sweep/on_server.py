"""A sweep on a server: make it, or run the pipeline with the best of its trials."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from relay.commands.sweep.arguments import SERVER_OPTION, WINNER_OPTION, Arguments
from relay.commands.sweep.planning import plan_sweep
from relay.commands.sweep.winner import Winner, configure_winner, run_winner
from relay.config.files import ConfigFiles
from relay.config.overrides import from_arguments
from relay.config.schema import TrackingSpec
from relay.pipeline.writable_checkout import require_writable
from relay.sweep.checks import check_space
from relay.sweep.format import SweepFile
from relay.sweep.scoring_step import ScoringStep
from relay.sweep.server_sweep import fixed_arguments, server_content, settings_of
from relay.tracking import ServerSweep, TrackingSettings, remote
from relay.util.errors import ConfigError, RelayError
from relay.util.git import git_remote, git_state
from relay.util.paths import shown, start_folder
from relay.util.private_folders import make_private
from relay.util.project import Project


def make_on_server(
    project: Project, file: SweepFile, arguments: Arguments, console: Console
) -> int:
    """Make the sweep `file` on the server, and print what to start for its trials.

    Raises ConfigError if the file, a setting or the login is wrong, RelayError if the server does
    not answer or does not take the sweep.
    """
    scoring_step, space = plan_sweep(project, file, arguments)
    content = server_content(file, space, scoring_step.arguments, arguments.trials)
    project.prepare(os.environ)
    tracking = _log_in(scoring_step.plain.settings.tracking)
    check_space(file, space, scoring_step)
    make_private(project, os.environ)
    sweep = remote.make_sweep(tracking, content)
    for line in _instructions(project, file, sweep):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return 0


def run_server_winner(
    project: Project, file: SweepFile, arguments: Arguments, console: Console
) -> int:
    """Run the pipeline with the best trial of a sweep on the server; return the exit status.

    The settings that all trials have are those of the sweep's command.

    Raises ConfigError if there is no such sweep or its trials are not of settings, RelayError if no
    trial has ended with a score.
    """
    path = arguments.winner_of or ""
    start = start_folder(project.root, os.environ)
    overrides = from_arguments(arguments.overrides)
    plain = ScoringStep(project, overrides, start)
    project.prepare(os.environ)
    tracking, name = _place(path, _log_in(plain.plain.settings.tracking))
    require_writable(project)
    make_private(project, os.environ)
    sweep = remote.read_sweep(tracking, name)
    best = remote.find_best(tracking, sweep)
    if best is None:
        raise RelayError(
            f"sweep {sweep.path}: no trial has ended with {sweep.metric or 'a metric'} yet. Start "
            f"an agent: {sweep.agent}"
        )
    options = ConfigFiles.read(project.config).option_names()
    settings = settings_of(sweep.path, sweep.content, best.params, options)
    about = f"The best of sweep {sweep.path}: {best.run_id}, {sweep.metric} {best.value:.6g}"
    console.print(about, markup=False, highlight=False, soft_wrap=True)
    scoring_step = ScoringStep(project, [*fixed_arguments(sweep.content), *overrides], start)
    winner = Winner(file.name, settings, about)
    config = configure_winner(scoring_step, winner, arguments.registers, console)
    return run_winner(project, config, tracking, console)


def _log_in(spec: TrackingSpec) -> TrackingSettings:
    """Return the settings of tracking on the server.

    Raises ConfigError if there is no login or it is refused, RelayError if nothing answers.
    """
    if spec.backend == "local":
        raise ConfigError(
            f"tracking={spec.backend}: {SERVER_OPTION} and {WINNER_OPTION} are for sweeps on "
            f"{remote.TITLE}. Leave the option out for a sweep on this machine, or set "
            f"{remote.SETTING}."
        )
    remote.resolve_backend(remote.BACKEND, os.environ)  # an error if it is switched off
    settings = replace(
        remote.target_settings(spec.project, spec.entity),
        registry=spec.registry,
        tags=spec.tags,
        notes=spec.notes,
    )
    return remote.log_in(settings, os.environ)


def _place(path: str, tracking: TrackingSettings) -> tuple[TrackingSettings, str]:
    """Return the project and the id in `path`: ID, PROJECT/ID or ENTITY/PROJECT/ID.

    Raises ConfigError if it is none of these.
    """
    *place, name = path.strip("/").split("/")
    if not name or len(place) > 2:
        raise ConfigError(
            f"sweep: {WINNER_OPTION}: not a sweep's id (got '{path}'). Give ENTITY/PROJECT/ID, as "
            f"{SERVER_OPTION} prints it."
        )
    project = place[-1] if place else tracking.project
    entity = place[0] if len(place) == 2 else tracking.entity
    return replace(tracking, project=project, entity=entity), name


def _instructions(project: Project, file: SweepFile, sweep: ServerSweep) -> list[str]:
    """Return what to start for the trials, here and elsewhere, and for the best of them."""
    here = "" if Path.cwd() == project.root else f"cd {shlex.quote(str(project.root))} && "
    state = git_state(project.root)
    origin = git_remote(project.root)
    commit = f" && git checkout {state.commit[:12]}" if state.commit else ""
    lines = [
        f"Sweep: {sweep.url}",
        "",
        "Start agents, as many as you like; each runs one trial at a time:",
        f"  {here}{sweep.agent}",
        "",
        "On another machine:",
        f"  git clone {origin or 'REPOSITORY'} relay && cd relay{commit} && make setup",
        *(f"  {command}" for command in (*sweep.login, sweep.agent)),
        "",
        "Afterwards, to train, evaluate and register the best:",
        f"  {here}./relay sweep {file.name} {WINNER_OPTION} {sweep.path}",
    ]
    if state.dirty:
        lines.append(
            f"Warning: {shown(project.root)} has uncommitted changes, which other machines do not "
            "have. Commit and push them first."
        )
    return lines
