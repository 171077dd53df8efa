"""The display of a run: a live table on a terminal, or plain lines; and the table at its end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.constrain import Constrain
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from relay.pipeline.run_summary import StepSummary, Summary, in_words
from relay.runtime.build_process import BuildDisplay
from relay.runtime.usage import Usage
from relay.tracking.remote import TITLE
from relay.util.number_text import number_text
from relay.util.paths import shown

_MARKS = {
    "ran": ("green", "✔"),
    "cached": ("cyan", "✔"),
    "failed": ("red", "✘"),
    "killed": ("red", "✘"),
    "not_started": ("yellow", "-"),
    "not_selected": ("dim", " "),
}
_ROOM = 3  # columns; without them, the ^C that a terminal shows would begin a new line
_SHOWN_METRICS = 3
_SHOWN_WARNINGS = 4
_SHOWN_LOG_LINES = 15
_TIME = re.compile(r"^\d\d:\d\d:\d\d ")
READ_LOG_LINES = 200
"""The number of lines of a log that `show_log` needs."""


class Display(BuildDisplay, Protocol):
    """A display of the events of a run."""

    def open(self, steps: Sequence[str], manager: str, folder: Path) -> None:
        """Show that the run of `steps` begins, with its files in `folder`."""

    def started(self, step: str) -> None:
        """Show that a step has started."""

    def running(self, step: str, usage: Usage, line: str) -> None:
        """Show the resources that a running step has used, and the last line of its log."""

    def ended(self, step: StepSummary) -> None:
        """Show how a step ended, or that it is cached."""

    def close(self) -> None:
        """End the display."""


def open_display(console: Console) -> Display:
    """Return a live table if `console` is a terminal, else plain lines."""
    return LiveDisplay(console) if console.is_terminal else PlainDisplay(console)


class PlainDisplay:
    """A line at each step's start and end: for CI and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def open(self, steps: Sequence[str], manager: str, folder: Path) -> None:
        self._print(
            f"Steps: {', '.join(steps)} (env_manager={manager}), logs in {shown(folder)}/logs"
        )

    def build_starts(self, line: str) -> None:
        self._print(line)

    def building(self, components: Sequence[str], usage: Usage, line: str) -> None:
        """Print nothing, as a line that changes is of no use in a log."""

    def built(self, components: Sequence[str], seconds: float) -> None:
        self._print(f"Built the environment of {', '.join(components)} in {seconds:.1f} s")

    def started(self, step: str) -> None:
        self._print(f"{step}: started")

    def running(self, step: str, usage: Usage, line: str) -> None:
        """Print nothing, as a line that changes is of no use in a log."""

    def ended(self, step: StepSummary) -> None:
        if step.status in ("not_started", "not_selected"):
            return
        text = f"{step.name}: {step.status} in {step.seconds:.1f} s"
        if step.outputs:
            text += f" -> {', '.join(step.outputs.values())}"
        self._print(text)

    def close(self) -> None:
        """Do nothing, as nothing is open."""

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class LiveDisplay:
    """A table that is drawn again as the run goes on."""

    def __init__(self, console: Console) -> None:
        self._steps: dict[str, StepSummary | None] = {}
        self._running: dict[str, tuple[Usage, str]] = {}
        self._notes: list[Text] = []
        self._building: Spinner | None = None
        self._spinners: dict[str, Spinner] = {}
        self._getting_ready = Spinner("dots", Text("getting ready", style="dim"))
        self._is_open = False
        self._live = Live(
            console=console,
            get_renderable=self._draw,
            refresh_per_second=8,
            transient=True,
            vertical_overflow="crop",  # its "..." would fill the last line
        )

    def open(self, steps: Sequence[str], manager: str, folder: Path) -> None:
        self._steps = dict.fromkeys(steps)
        self._is_open = True
        self._live.start()

    def build_starts(self, line: str) -> None:
        self._live.console.print(Text(line), soft_wrap=True)  # it stays, above the table

    def building(self, components: Sequence[str], usage: Usage, line: str) -> None:
        text = Text(f"Building the environment  {usage.seconds:.0f} s")
        text.append(f"  {line[:60]}", style="dim")
        if self._building is None:
            self._building = Spinner("dots", text)
        else:
            self._building.update(text=text)

    def built(self, components: Sequence[str], seconds: float) -> None:
        self._building = None
        self._notes.append(
            Text(f"✔ environment of {', '.join(components)} built in {seconds:.1f} s", style="dim")
        )

    def started(self, step: str) -> None:
        self._running[step] = (Usage(0, 0, 0), "")
        self._spinners[step] = Spinner("dots", Text(step, style="bold"))

    def running(self, step: str, usage: Usage, line: str) -> None:
        self._running[step] = (usage, line)

    def ended(self, step: StepSummary) -> None:
        self._running.pop(step.name, None)
        self._steps[step.name] = step

    def close(self) -> None:
        # Rich draws the table a last time; of a tall one, lines above the terminal would stay.
        self._is_open = False
        self._live.stop()

    def _draw(self) -> RenderableType:
        if not self._is_open:
            return Group()
        table = _new_table()
        for name, done in self._steps.items():
            if done is not None:
                table.add_row(*_cells(done))
            elif name in self._running:
                usage, line = self._running[name]
                table.add_row(self._spinners[name], *_numbers(usage), Text(line, style="dim"))
            else:
                table.add_row(Text(f"  {name}", style="dim"), "", "", "", "")
        parts: list[RenderableType] = [*self._notes, table]
        if self._building is not None:
            parts.append(self._building)
        elif not self._spinners:
            parts.append(self._getting_ready)
        return Constrain(Group(*parts), self._live.console.width - _ROOM)


def show_summary(console: Console, summary: Summary, path: str, logs: Mapping[str, str]) -> None:
    """Print the table of a finished run, its warnings and its errors.

    `path` is the summary's file; `logs` has the path of each step's log.
    """
    selected = [step for step in summary.steps if step.status != "not_selected"]
    table = _new_table()
    for step in selected:
        table.add_row(*_cells(step))
    console.print(table)
    for step in selected:
        for text in step.warnings[:_SHOWN_WARNINGS]:
            console.print(Text(f"Warning: {step.name}: {text}", style="yellow"), soft_wrap=True)
        more = len(step.warnings) - _SHOWN_WARNINGS
        if more > 0:
            console.print(
                Text(f"Warning: {step.name}: {more} more in {logs.get(step.name)}", style="yellow")
            )
    for step in selected:
        for text in step.notes:
            console.print(Text(f"{step.name}: {text}"), soft_wrap=True)
    for step in selected:
        if step.status == "failed":
            console.print(Text(f"{step.name} failed: {step.error}", style="red"), soft_wrap=True)
    if summary.error:
        console.print(Text(f"Error: {summary.error}", style="red"), soft_wrap=True)
    line = f"{summary.status} in {_duration(summary.seconds)}"
    if summary.environments_seconds >= 1:
        line += f", {_duration(summary.environments_seconds)} of it to build environments"
    if summary.libraries_cpu_seconds >= 0.1:
        line += f", {summary.libraries_cpu_seconds:.1f} s of CPU to load the steps' libraries"
    style = "green" if summary.status == "succeeded" else "red"
    console.print(Text(f"{line}; {path}", style=style), soft_wrap=True)
    for line in _last_lines(summary):
        console.print(Text(line, style="dim"), soft_wrap=True)


def _last_lines(summary: Summary) -> Iterator[str]:
    """Yield how a run that was stopped is continued, and where the project's page is."""
    if summary.status == "killed":
        yield f"To continue from what is finished: {summary.command}"
    if summary.url is not None:
        yield f"{TITLE}: {summary.url}"


def show_log(console: Console, lines: Sequence[str], step: StepSummary, place: str) -> None:
    """Print the last `lines` of a failed step's log, and the log's `place`.

    The step's error is left out, as `show_summary` prints it.
    """
    rest = _without(lines, f"Error: {step.error}")[-_SHOWN_LOG_LINES:]
    if rest:
        console.print(Text(f"Last lines of {place}:", style="red"), soft_wrap=True)
    for line in rest:
        console.print(Text(f"  {line}", style="dim"), soft_wrap=True)


def _without(lines: Sequence[str], text: str) -> list[str]:
    """Return `lines` without the last block that equals `text`, apart from times before lines."""
    block = [line.rstrip() for line in text.splitlines() if line.strip()]
    plain = [_TIME.sub("", line) for line in lines]
    for start in range(len(lines) - len(block), -1, -1):
        if plain[start : start + len(block)] == block:
            return [*lines[:start], *lines[start + len(block) :]]
    return list(lines)


def _new_table() -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", expand=False)
    table.add_column("Step", no_wrap=True, min_width=10)
    for name in ("Time", "CPU", "Memory"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Result", overflow="ellipsis", no_wrap=False)
    return table


def _cells(step: StepSummary) -> tuple[Text, str, str, str, Text]:
    style, mark = _MARKS[step.status]
    name = Text(f"{mark} {step.name}", style=style)
    if step.status == "not_started":
        return name, "", "", "", Text(in_words(step.status), style=style)
    outcome = Text(", ".join(step.outputs.values()))
    if step.metrics:
        outcome.append(f"  {_headline(step.metrics)}", style="dim")
    if step.status != "ran":
        outcome = Text(step.status, style=style) + Text("  ") + outcome
    if step.status == "cached":
        return name, "", "", "", outcome
    usage = Usage(step.seconds, step.cpu_seconds, step.max_rss_mb)
    return name, *_numbers(usage), outcome


def _numbers(usage: Usage) -> tuple[str, str, str]:
    return (
        f"{usage.seconds:.1f} s",
        f"{usage.cpu_seconds:.1f} s",
        f"{usage.max_rss_mb:.0f} MB",
    )


def _headline(metrics: Mapping[str, float]) -> str:
    shown = list(metrics.items())[:_SHOWN_METRICS]
    return "  ".join(f"{name}={number_text(value)}" for name, value in shown)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)} min {rest:.0f} s" if minutes else f"{rest:.1f} s"
