"""`relay runs`: the runs of this project, newest first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from relay.commands.look.arguments import Usage, parse, print_rows
from relay.pipeline.run_folders import RunFolder, list_runs
from relay.util.project import Project

RUNS = Usage(
    "runs",
    "",
    "Lists the runs in outputs/, newest first: how each ended, what it ran and its metrics. A run\n"
    "that is going on is `running`; one that ended without writing its summary is `killed`.",
    reads_store=False,
)
_SHOWN_METRICS = 3
_PROGRAM = re.compile(r"^(\./relay run|python main\.py) ?")
"""The beginning of a run's command, also as earlier versions wrote it."""


def runs(project: Project, argv: Sequence[str], console: Console) -> int:
    """List the runs in the project's outputs; return the exit status."""
    if "--help" in argv:
        console.print(RUNS.help, markup=False, highlight=False)
        return 0
    arguments = parse(RUNS, argv)
    newest = list_runs(project.outputs)[-arguments.limit :]
    rows = [run_row(run, whole=arguments.as_json) for run in reversed(newest)]
    print_rows(console, rows, arguments.as_json, "No run yet. Start one: ./relay run")
    return 0


def run_row(run: RunFolder, *, whole: bool = False) -> dict[str, Any]:
    """Return a run's row, with its first metrics or, for other programs, the `whole` of them."""
    summary = run.summary or {}
    steps = summary.get("steps", [])
    statuses: dict[str, int] = {}
    metrics: dict[str, float] = {}
    for step in steps:
        if step["status"] != "not_selected":
            statuses[step["status"]] = statuses.get(step["status"], 0) + 1
        if step["status"] in ("ran", "cached", "failed"):
            metrics |= step["metrics"]
    row = {
        "run": run.folder.name,
        "status": summary.get("status") or ("running" if run.is_active else "killed"),
        "seconds": summary.get("seconds"),
        "steps": ", ".join(f"{count} {status}" for status, count in statuses.items()) or "-",
        "command": _PROGRAM.sub("", str(summary.get("command") or run.command)) or "-",
    }
    if whole:
        return {**row, "metrics": metrics, "error": summary.get("error")}
    return {**row, "metrics": headline(steps)}


def headline(steps: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the first metrics of the last step that has any, but for the one that registers.

    It is the last of those that were to run.
    """
    ran = [step for step in steps if step["status"] != "not_selected"]
    named = [step for step in ran if step["metrics"]]
    if len(named) > 1 and named[-1] is ran[-1]:
        named.pop()
    return dict(list(named[-1]["metrics"].items())[:_SHOWN_METRICS]) if named else {}
