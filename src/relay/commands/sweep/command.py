"""`relay sweep NAME`: try many settings, and make a model with the best."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from filelock import FileLock, Timeout
from rich.console import Console

from relay.commands.sweep.arguments import DEFAULT_TRIALS, HELP, Arguments, parse
from relay.commands.sweep.on_server import make_on_server, run_server_winner
from relay.commands.sweep.planning import plan_sweep
from relay.commands.sweep.report import SweepReport
from relay.commands.sweep.winner import Winner, configure_winner, run_winner
from relay.config.composed import Config
from relay.pipeline.tracking_setup import choose_tracking
from relay.pipeline.writable_checkout import require_writable
from relay.sweep.format import SweepFile, read_sweep
from relay.sweep.session import Budget, Session
from relay.util.errors import Interrupted, RelayError
from relay.util.private_folders import make_private
from relay.util.project import Project
from relay.util.setting_text import shell_word
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
    if arguments.is_for_server:
        return make_on_server(project, file, arguments, console)
    if arguments.winner_of is not None:
        return run_server_winner(project, file, arguments, console)
    return run_sweep(
        project, file, arguments, console, " ".join(["./relay", "sweep", *map(shell_word, argv)])
    )


def run_sweep(
    project: Project, file: SweepFile, arguments: Arguments, console: Console, command: str
) -> int:
    """Run the sweep `file`; `command` starts it again. Returns and raises as `sweep` does."""
    scoring_step, space = plan_sweep(project, file, arguments)
    project.prepare(os.environ)
    tracking = choose_tracking(scoring_step.plain.settings.tracking, os.environ)
    require_writable(project)
    make_private(project, os.environ)
    signals = StopSignals(at_once=False)
    signals.install()
    session = Session(
        file, space, scoring_step, tracking, _seed(arguments, scoring_step.plain),
        _budget(file, arguments), console, signals,
    )  # fmt: skip
    report = SweepReport(session, command)
    session.show = report.refresh
    report.begin()
    try:
        best = session.run()
    except Interrupted as interrupted:
        report.write(is_running=True)
        console.print(
            f"Stopped. The same command continues the sweep: {command}",
            style="yellow", markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
        return interrupted.exit_code
    except RelayError:
        report.write(is_running=True)
        raise
    if not best:
        report.write()
        raise RelayError(
            "sweep: no trial succeeded. Correct what they report, then start it again."
        )
    trial, metric = best[0], file.content.metric.name
    about = f"The best of {file.place}: trial {trial.number}, {metric} {trial.value:.6g}"
    winner = Winner(file.name, trial.settings, about)
    config = configure_winner(scoring_step, winner, arguments.registers, console)
    try:
        with _alone(session, console):
            return run_winner(project, config, tracking, console)
    except Interrupted as interrupted:
        return interrupted.exit_code
    finally:
        report.write(winner=report.find_run(config))


@contextmanager
def _alone(session: Session, console: Console) -> Iterator[None]:
    """Wait for other commands of the sweep that make its winner: all is cached then.

    Raises Interrupted if a signal arrives meanwhile.
    """
    if session.journal is None:
        raise RuntimeError("the sweep must have run first")
    lock = FileLock(session.journal.folder / "winner.lock")
    is_waiting = False
    while not lock.is_locked:
        try:
            lock.acquire(timeout=0.2)
        except Timeout:
            session.signals.check()
            if not is_waiting:
                is_waiting = True
                console.print("Another command of this sweep runs the best settings; waiting")
    try:
        yield
    finally:
        lock.release()


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
