"""The display of a sweep: a live table on a terminal, plain lines elsewhere, a table at its end."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from relay.sweep.journal import Ended, Status
from relay.sweep.loop import best_of
from relay.sweep.search import Settings

_SHOWN = 5
_SHOWN_AT_END = 10
_MARKS: Mapping[Status, tuple[str, str]] = {
    "complete": ("green", "✔"),
    "stopped": ("yellow", "-"),
    "failed": ("red", "✘"),
}
_LONGEST_ERROR = 100


@dataclass
class SweepDisplay:
    """Shows the trials of a sweep as they start and end."""

    console: Console
    name: str
    metric: str
    maximizes: bool
    constant: Sequence[str]
    """Settings that are the same in all trials, and not shown."""
    most: int | None
    deadline: float | None
    done: list[Ended] = field(default_factory=list)
    """All trials that have ended, those of earlier commands included."""
    _running: dict[int, tuple[Settings, int]] = field(default_factory=dict)
    _live: Live | None = None

    def __post_init__(self) -> None:
        self._began = time.monotonic()
        self._own = 0
        self._refreshed = 0.0

    def open(self) -> None:
        """Begin to show."""
        if self.done:
            self._print(f"Continuing this sweep after {_count(self.done, 'trial')}")
        if self.console.is_terminal:
            self._live = Live(
                self._render(),
                console=self.console,
                auto_refresh=False,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()

    def close(self) -> None:
        """End the live table."""
        if self._live is not None:
            self._live.update(Text(""), refresh=True)
            self._live.stop()
            self._live = None

    def started(self, number: int, settings: Settings) -> None:
        """Show that a trial has started."""
        self._running[number] = (settings, 0)

    def advanced(self, number: int, fold: int, metrics: Mapping[str, float]) -> None:
        """Show that a fold of a trial is done."""
        settings, _ = self._running[number]
        self._running[number] = (settings, fold)

    def ended(self, trial: Ended) -> None:
        """Show how a trial ended."""
        self._running.pop(trial.number, None)
        self.done.append(trial)
        self._own += 1
        if self._live is None or trial.status == "failed":
            self._print_trial(trial)

    def idle(self) -> None:
        """Refresh the live table, a few times a second."""
        if self._live is not None and time.monotonic() > self._refreshed + 0.25:
            self._refreshed = time.monotonic()
            self._live.update(self._render(), refresh=True)

    def show_end(self) -> None:
        """Show the best trials."""
        best = best_of(self.done, self.maximizes)[:_SHOWN_AT_END]
        self.console.print(self._table(best))
        self._print(self._counts())

    def warn(self, problems: Sequence[str]) -> None:
        """Show why the runs of some trials could not be recorded."""
        for problem in problems:
            text = f"Warning: some runs of trials were not recorded: {problem}"
            self.console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)

    def _print_trial(self, trial: Ended) -> None:
        style, mark = _MARKS[trial.status]
        line = Text(f"{mark} trial {trial.number}", style=style)
        if trial.value is not None:
            line.append(f"  {self.metric}={_shown(trial.value)}", style="default")
            if trial.status == "stopped":  # not to be compared with those of all folds
                line.append(f" after {_count(trial.rows, 'fold')}", style="default")
        line.append(f"  {trial.seconds:.1f} s  ", style="dim")
        line.append(trial.error or self._words(trial.settings), style="default")
        self.console.print(line, soft_wrap=True, highlight=False)

    def _render(self) -> RenderableType:
        best = best_of(self.done, self.maximizes)[:_SHOWN]
        rows: list[RenderableType] = [Text(f"{self._counts()}{self._left()}", style="bold")]
        rows += [self._table(best)] if best else []
        for number, (settings, fold) in sorted(self._running.items()):
            text = f"  trial {number}, {_count_of(fold, 'fold')} done  {self._words(settings)}"
            rows.append(Text(text, style="dim", overflow="ellipsis", no_wrap=True))
        return Group(*rows)

    def _table(self, trials: Sequence[Ended]) -> Table:
        """Return a table with a column for each setting that all `trials` have, one for others."""
        keys = [
            key
            for key in dict.fromkeys(key for trial in trials for key in trial.settings)
            if key not in self.constant
        ]
        shared = [key for key in keys if all(key in trial.settings for trial in trials)]
        table = Table(box=None, pad_edge=False)
        for column in ("Trial", self.metric, "Time", *map(_short, shared)):
            table.add_column(column, no_wrap=True)
        if shared != keys:
            table.add_column("Other settings")
        for trial in trials:
            value = "" if trial.value is None else _shown(trial.value)
            cells = [str(trial.number), value, f"{trial.seconds:.1f} s"]
            cells += [_shown(trial.settings[key]) for key in shared]
            own = {key: trial.settings[key] for key in trial.settings if key not in shared}
            table.add_row(*cells, *([self._words(own, "")] if shared != keys else []))
        return table

    def _counts(self) -> str:
        is_part = self.most is not None and self.most >= len(self.done)
        of = f" of {self.most}" if is_part else ""
        parts = [f"{len(self.done)}{of} trials"]
        for status in ("failed", "stopped"):
            count = sum(trial.status == status for trial in self.done)
            parts += [f"{count} {status}"] if count else []
        best = best_of(self.done, self.maximizes)[:1]
        parts += [f"best {_shown(one.value)} (trial {one.number})" for one in best]
        return f"Sweep {self.name}: {', '.join(parts)}"

    def _left(self) -> str:
        """Return the time left, as far as it can be estimated."""
        now, estimates = time.monotonic(), []
        if self.deadline is not None:
            estimates.append(self.deadline - now)
        if self.most is not None and self._own:
            estimates.append((now - self._began) / self._own * (self.most - len(self.done)))
        if not estimates:
            return ""
        seconds = max(0, round(min(estimates)))
        return f"; {seconds // 60}:{seconds % 60:02d} left"

    def _words(self, settings: Settings, empty: str = "the settings without the sweep") -> str:
        words = (
            f"{_short(key)}={_shown(value)}"
            for key, value in settings.items()
            if key not in self.constant
        )
        return "  ".join(words) or empty

    def _print(self, line: str) -> None:
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)


def _short(key: str) -> str:
    """Return the last part of a setting's key, which distinguishes it in a table."""
    return key.rpartition(".")[2]


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return "nan" if math.isnan(value) else f"{value:.4g}"
    return "null" if value is None else str(value)


def _count(items: Sequence[Any], noun: str) -> str:
    return _count_of(len(items), noun)


def _count_of(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
