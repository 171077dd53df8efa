"""The command without a name if a sweep's agent has started it: one trial of the sweep."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console

from relay.config import compose
from relay.config.composed import Config
from relay.pipeline.server_trial import (
    require_metric,
    start_trial,
    with_trial_settings,
    without_prefixes,
)
from relay.pipeline.tracking_setup import choose_tracking
from relay.pipeline.writable_checkout import require_writable
from relay.runtime.preloading import CAN_FORK
from relay.sweep.agent_trial import score_trial
from relay.sweep.inputs import UpstreamFailed
from relay.sweep.scoring_step import DECIDED, ScoringStep
from relay.tracking import Row, Run, RunStatus, TrackingSettings, Trial, open_backend
from relay.tracking.remote import SETTING, TITLE, is_remote, read_sweep
from relay.util.child import run_in_child
from relay.util.errors import ConfigError, Interrupted, RelayError
from relay.util.private_folders import make_private
from relay.util.project import Project
from relay.util.redact import redact
from relay.util.signals import StopSignals, end_by

RunSteps = Callable[[Config, TrackingSettings, Trial], int]
"""Runs the steps that a configuration selects, and returns the exit status."""


def run_trial(
    project: Project,
    trial: Trial,
    arguments: Sequence[str],
    start: Path,
    console: Console,
    run_steps: RunSteps,
) -> int:
    """Run a trial of a sweep with the overrides `arguments`, and return the exit status.

    Its run gets a row for each fold. If the command has `steps`, it gets the metrics of these steps
    when all have ended. A trial that a signal stops ends by that signal, as agents count exit
    statuses above 0 as failures, and quit after a few. An agent may also kill its trial at once:
    that is why it works in a child process, where that is possible, which then ends the run.

    Raises RelayError if the trial fails; its run has the error, too.
    """
    words = without_prefixes(arguments, trial)

    def work() -> int:
        return _run(project, trial, words, start, console, run_steps)

    return run_in_child(work) if CAN_FORK else work()


def _run(
    project: Project,
    trial: Trial,
    arguments: Sequence[str],
    start: Path,
    console: Console,
    run_steps: RunSteps,
) -> int:
    signals = StopSignals(at_once=False)
    signals.install()
    project.prepare(os.environ)
    config, problem = _load(project, arguments, start)
    tracking = _tracking(config, trial)
    require_writable(project)
    make_private(project, os.environ)
    backend = open_backend(tracking, project.root)
    sweep = read_sweep(tracking, trial.sweep)
    trial = replace(trial, metric=sweep.metric)
    if problem is None and (config.settings.sweep is None or _chooses_steps(arguments)):
        if sweep.content.get("early_terminate"):
            _warn_of_no_rows(trial, console)
        try:
            words = with_trial_settings(arguments, config)
            status = run_steps(compose.load(project.config, words, start), tracking, trial)
        except RelayError as error:
            with contextlib.suppress(RelayError):  # the error of the trial matters more
                start_trial(trial, backend, tracking).finish("failed", redact(str(error)))
            raise
    else:
        run = TrialRun(trial, start_trial(trial, backend, tracking), console)
        try:
            if problem is not None:
                raise problem
            folder = project.state / "sweeps" / trial.sweep / trial.run_id
            folder.mkdir(parents=True, exist_ok=True)
            scoring_step = ScoringStep(project, arguments, start, {(): config})
            score_trial(scoring_step, tracking, backend, folder, run.report, console, signals)
            signals.ignore()
            status = run.end("succeeded")
        except BaseException as error:
            signals.ignore()
            status = run.end_by_error(error)
    if status > 128:
        end_by(status - 128)
    return status


def _load(
    project: Project, arguments: Sequence[str], start: Path
) -> tuple[Config, RelayError | None]:
    """Return the configuration, or that of tracking and the error if it is wrong."""
    try:
        return compose.load(project.config, arguments, start), None
    except RelayError as error:  # the trial's run must have it
        where = [argument for argument in arguments if argument.startswith("tracking")]
        return compose.load(project.config, where, start), error


def _tracking(config: Config, trial: Trial) -> TrackingSettings:
    """Return the settings of tracking, in the project of the sweep.

    Raises ConfigError if runs are not kept where the sweep is.
    """
    tracking = choose_tracking(config.settings.tracking, os.environ)
    if not is_remote(tracking.backend):
        raise ConfigError(
            f"tracking={tracking.backend}: sweep {trial.sweep} would get no metrics, as its runs "
            f"must be on {TITLE}. Set {SETTING}, or leave it out."
        )
    return replace(
        tracking,
        project=trial.project or tracking.project,
        entity=trial.entity or tracking.entity,
    )


def _warn_of_no_rows(trial: Trial, console: Console) -> None:
    text = (
        f"Warning: sweep {trial.sweep}: early_terminate has no effect, as a trial of chosen steps "
        "has no row before its end. Leave `steps` out to end trials after a fold."
    )
    console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)


def _chooses_steps(arguments: Sequence[str]) -> bool:
    return any(argument.lstrip("+~").partition("=")[0] in DECIDED for argument in arguments)


@dataclass
class TrialRun:
    """The run of a trial, and what its agent's console shows of it."""

    trial: Trial
    run: Run
    console: Console
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        if self.run.url is not None:
            self._print(self.run.url)

    def report(self, fold: int, metrics: Mapping[str, float]) -> None:
        """Add the metrics after a fold.

        Raises ConfigError if the sweep's metric is not among them, RelayError if it is not finite.
        """
        require_metric(self.trial, metrics)
        name = self.trial.metric or next(iter(metrics))
        if not math.isfinite(metrics[name]):
            raise RelayError(f"{name} is {metrics[name]} after fold {fold}.")
        self.run.log(Row(metrics))
        self._print(f"fold {fold}: {name}={metrics[name]:.6g}")

    def end(self, status: RunStatus, message: str = "", exit_code: int = 0) -> int:
        """End the run, and return `exit_code`.

        Raises RelayError if the server has not received everything.
        """
        self.run.finish(status, message)
        self._print(f"{status} in {time.monotonic() - self._began:.1f} s")
        return exit_code

    def end_by_error(self, error: BaseException) -> int:
        """End the run after `error`; return the exit status if a signal was the cause.

        Raises `error` itself for any other cause.
        """
        code = error.exit_code if isinstance(error, Interrupted | UpstreamFailed) else 1
        message = redact(str(error)) or type(error).__name__
        if code > 128:
            return self.end("killed", message, code)
        with contextlib.suppress(RelayError):  # the error of the trial matters more
            self.end("failed", message)
        raise error

    def _print(self, line: str) -> None:
        self.console.print(
            f"trial {self.trial.run_id}: {line}", markup=False, highlight=False, soft_wrap=True
        )
