"""The page of a sweep, `outputs/sweeps/NAME.html`: what the sweep's session knows, put together."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relay.config.composed import COMMAND, Config
from relay.config.overrides import override_for
from relay.sweep.journal import Ended, Journal, quiet_optuna
from relay.sweep.loop import best_of
from relay.sweep.page import PageFacts, Winner, sweep_page
from relay.sweep.session import Session
from relay.util.files import write_text
from relay.util.paths import shown
from relay.util.setting_text import shell_word

_FOLDER = "sweeps"
_COMMANDS = 10
"""The number of the best trials whose commands are on the page."""


_SHARE = 0.02
"""The share of a sweep's time in which its page is written while trials run."""


@dataclass
class SweepReport:
    """Writes the page of the sweep of `session`; `command` starts it."""

    session: Session
    command: str
    _next: float = 0.0
    """When the page may be written again, in `time.monotonic()`; 0 before the first time."""

    def refresh(self) -> None:
        """Write the page of a sweep that goes on, unless it was written a short time ago.

        It has the course of the scores only. Prints its path the first time.
        """
        journal, began = self.session.journal, time.monotonic()
        if journal is None or began < self._next:
            return
        is_first = self._next == 0
        facts = self._facts(journal.ended(), is_running=True)
        path = self._write(journal, facts, is_whole=False)
        if is_first and path is not None:
            self._print(f"The page of the sweep, while it goes on: {shown(path)}")
        ended = time.monotonic()
        self._next = ended + (ended - began) / _SHARE

    def write(self, *, is_running: bool = False, winner: dict[str, Any] | None = None) -> None:
        """Write the page, if there is a trial, and print its path.

        `winner` is the summary of the run with the best settings.
        """
        journal = self.session.journal
        if journal is None or not (trials := journal.ended()):
            return
        facts = self._facts(trials, is_running=is_running, winner=winner)
        path = self._write(journal, facts, is_whole=True)
        if path is not None:
            self._print(f"sweep: {shown(path)}")

    def _facts(
        self, trials: Sequence[Ended], *, is_running: bool, winner: dict[str, Any] | None = None
    ) -> PageFacts:
        """Return what the page shows besides the study."""
        content = self.session.sweep.content
        best = best_of(trials, content.metric.goal == "maximize")
        return PageFacts(
            name=self.session.sweep.name,
            place=self.session.sweep.place,
            method=content.method,
            metric=content.metric.name,
            command=self.command,
            seed=self.session.seed,
            budget=self._budget(),
            is_running=is_running,
            commands={trial.number: self._command(trial) for trial in best[:_COMMANDS]},
            errors={trial.number: trial.error for trial in trials},
            deviations=_deviations(best, content.metric.name),
            seconds={trial.number: trial.seconds for trial in trials},
            winner=None if winner is None else Winner(**winner),
        )

    def _write(self, journal: Journal, facts: PageFacts, *, is_whole: bool) -> Path | None:
        """Write the page and return its path; None, with a warning, if that is not possible."""
        path = self._path(journal.folder.name)
        try:
            with quiet_optuna():
                study, space = journal.study(), self.session.space
                text = sweep_page(study, space, facts, is_whole=is_whole)
            path.parent.mkdir(exist_ok=True, parents=True)
            write_text(path, text)
        except OSError as error:
            self._print(f"Warning: {shown(path)}: could not be written ({error.strerror}).")
            return None
        return path

    def find_run(self, config: Config) -> dict[str, Any] | None:
        """Return what the page shows of the newest run, if that is the one of `config`."""
        scoring_step = self.session.scoring_step
        folder = (scoring_step.project.outputs / "latest").resolve()
        try:
            summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if summary.get("command") != config.command:
            return None
        step = scoring_step.spec.step
        shown_steps = {step, *scoring_step.plan.downstream(step)}
        page = folder / "index.html"
        return {
            "command": config.command,
            "status": summary["status"],
            "metrics": {
                one["name"]: one["metrics"]
                for one in summary["steps"]
                if one["name"] in shown_steps
            },
            "page": f"../{folder.name}/{page.name}" if page.is_file() else "",
        }

    def _path(self, name: str) -> Path:
        return self.session.scoring_step.project.outputs / _FOLDER / f"{name}.html"

    def begin(self) -> None:
        """Print what is going to be tried: the checks and the inputs take seconds."""
        content = self.session.sweep.content
        self._print(
            f"Sweep {self.session.sweep.name}: {content.method}, {self._budget()}; checking the "
            "settings and finding the inputs"
        )

    def _budget(self) -> str:
        budget = self.session.budget
        parts = [] if budget.trials is None else [f"{budget.trials} trials"]
        parts += [] if budget.minutes is None else [f"{budget.minutes:g} minutes"]
        parts += [f"{budget.jobs} at once"] if budget.jobs > 1 else []
        return ", ".join(parts) or "the whole grid"

    def _command(self, trial: Ended) -> str:
        """Return the command of a run with the settings of `trial`."""
        settings = [override_for(*item) for item in trial.settings.items()]
        words = [*self.session.scoring_step.arguments, *settings]
        return " ".join([COMMAND, *map(shell_word, words)])

    def _print(self, line: str) -> None:
        self.session.console.print(line, style="dim", markup=False, highlight=False, soft_wrap=True)


def _deviations(trials: Sequence[Ended], metric: str) -> dict[int, float]:
    """Return the standard deviation of each trial's metric over the folds, if it is logged."""
    name = f"{metric.removesuffix('_mean')}_std"
    return {trial.number: trial.metrics[name] for trial in trials if name in trial.metrics}
