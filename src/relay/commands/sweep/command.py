"""`relay sweep NAME`: try many settings, and make a model with the best."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence

from rich.console import Console

from relay.commands.sweep.arguments import DEFAULT_TRIALS, HELP, Arguments, parse
from relay.commands.sweep.report import SweepReport
from relay.config import compose
from relay.config.composed import Config
from relay.config.files import ConfigFiles
from relay.config.overrides import from_arguments, override_for
from relay.pipeline import plan
from relay.pipeline.orchestrator import run_pipeline
from relay.pipeline.planned_step import make_planned_steps
from relay.pipeline.preflight import Preflight
from relay.pipeline.tracking_setup import choose_tracking
from relay.pipeline.writable_checkout import require_writable
from relay.sweep.format import SweepFile, read_sweep
from relay.sweep.journal import Ended
from relay.sweep.session import Budget, Session
from relay.sweep.space import read_space
from relay.sweep.subject import Subject
from relay.sweep.winner import GROUP, experiment_text, is_about_how, write_experiment
from relay.tracking import TrackingSettings
from relay.util.errors import ConfigError, Interrupted, RelayError
from relay.util.paths import shown, start_folder
from relay.util.private_folders import make_private
from relay.util.project import Project
from relay.util.signals import StopSignals

FOLDER = "sweep"


def sweep(project: Project, argv: Sequence[str], console: Console) -> int:
    """Run the sweep in `argv`, then the pipeline with its best settings; return the exit status.

    Raises ConfigError if the command, the sweep's file or a setting is wrong, and RelayError if all
    trials or a step before them fail.
    """
    if "--help" in argv or "-h" in argv:
        console.print(HELP, markup=False, highlight=False)
        return 0
    arguments = parse(argv)
    file = read_sweep(project.config / FOLDER, arguments.name)
    return run_sweep(project, file, arguments, console, f"./relay sweep {shlex.join(argv)}")


def run_sweep(
    project: Project, file: SweepFile, arguments: Arguments, console: Console, command: str
) -> int:
    """Run the sweep `file`; `command` starts it again. Returns and raises as `sweep` does."""
    start = start_folder(project.root, os.environ)
    subject = Subject(project, from_arguments(arguments.overrides), start)
    space = read_space(file, ConfigFiles.read(project.config).option_names())
    given = {override.lstrip("+").partition("=")[0] for override in subject.plain.overrides}
    choices = {} if subject.plain.origin is None else subject.plain.origin.choices
    space = space.without(given, choices)
    if not space.dimensions:
        raise ConfigError(f"{file.place}: parameters: the command sets all of them. Set fewer.")
    project.prepare(os.environ)
    tracking = choose_tracking(subject.plain.settings.tracking, os.environ)
    require_writable(project)
    make_private(project, os.environ)
    signals = StopSignals(at_once=False)
    signals.install()
    session = Session(
        file, space, subject, tracking, _seed(arguments, subject.plain), _budget(file, arguments),
        console, signals,
    )  # fmt: skip
    report = SweepReport(session, command)
    try:
        best = session.run()
    except Interrupted as interrupted:
        report.write(is_running=True)
        console.print(
            f"Stopped. The same command continues the sweep: {command}",
            style="yellow", markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
        return interrupted.exit_code
    if not best:
        report.write()
        raise RelayError(
            "sweep: no trial succeeded. Correct what they report, then start it again."
        )
    return _run_winner(project, session, best[0], arguments, tracking, console, report)


def _seed(arguments: Arguments, config: Config) -> int:
    seed = config.tree.get("seed") if arguments.seed is None else arguments.seed
    return int(seed) if isinstance(seed, int) else 0


def _budget(file: SweepFile, arguments: Arguments) -> Budget:
    """Return the budget: that of the command, else of the file, else a number of trials."""
    trials = arguments.trials
    if trials is None and file.content.method != "grid" and arguments.minutes is None:
        trials = file.content.run_cap or DEFAULT_TRIALS
    if trials is None and file.content.method == "grid":
        trials = file.content.run_cap
    return Budget(trials, arguments.minutes, arguments.jobs)


def _run_winner(
    project: Project,
    session: Session,
    winner: Ended,
    arguments: Arguments,
    tracking: TrackingSettings,
    console: Console,
    report: SweepReport,
) -> int:
    """Run the pipeline with the winner's settings, and write them down as an experiment."""
    subject, file = session.subject, session.sweep
    overrides = [override_for(*item) for item in winner.settings.items()]
    config = compose.load(project.config, [*subject.arguments, *overrides], subject.start)
    config = _as_experiment(project, config, file, winner, console)
    register = subject.spec.register_step
    if register is not None and not arguments.registers:
        config = compose.load(
            project.config, [*config.overrides, f"exclude={register}"], subject.start
        )
    the_plan = plan.build(config.settings.pipeline)
    planned_steps = make_planned_steps(project.components, config, the_plan)
    Preflight(planned_steps).check_settings()
    try:
        return run_pipeline(project, config, tracking, the_plan, planned_steps, console)
    finally:
        report.write(winner=report.find_run(config))


def _as_experiment(
    project: Project, config: Config, file: SweepFile, winner: Ended, console: Console
) -> Config:
    """Write the experiment with the settings of `config`, and return its configuration.

    If it cannot be written, or other files override it, show a warning and return `config`.
    """
    name = f"{file.name}-best"
    metric = file.content.metric.name
    about = f"The best of {file.place}: trial {winner.number}, {metric} {winner.value:.6g}"
    steps = make_planned_steps(project.components, config, plan.build(config.settings.pipeline))
    try:
        path = write_experiment(project.config / GROUP, name, experiment_text(config, about))
        how = [override for override in config.overrides if is_about_how(override)]
        again = compose.load(project.config, [f"{GROUP}={name}", *how], project.root)
        again_steps = make_planned_steps(
            project.components, again, plan.build(again.settings.pipeline)
        )
        if [one.params for one in again_steps] != [one.params for one in steps]:
            raise RelayError(f"{shown(path)}: other files of config/ override its settings.")
    except RelayError as error:
        text = f"Warning: {error} The best settings: {config.command}"
        console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)
        return config
    console.print(
        f"The best settings are in {shown(path)}: python main.py {GROUP}={name}",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
    return again
