"""`relay runs`: the runs of this project, newest first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from relay.commands.inspect.headline import headline
from relay.commands.open_store import choose_server
from relay.commands.printing import print_rows
from relay.commands.store_arguments import Usage, parse
from relay.pipeline.run_folders import RunFolder, list_runs
from relay.pipeline.run_summary import in_words
from relay.tracking.remote import SETTING, TITLE
from relay.util.project import Project

RUNS = Usage(
    "runs",
    "",
    "Lists the runs in outputs/, newest first: how each ended, what it ran and its metrics. A run\n"
    "that is going on is `running`; one that ended without writing its summary is `killed`.\n"
    f"With {SETTING}, also the runs of the project on {TITLE}.",
)
_NOTE = (
    f"{TITLE} does not have the command of a run, its time as a whole, and the steps that were "
    "cached."
)
_PROGRAM = re.compile(r"^(\./relay run|python main\.py) ?")
"""The beginning of a run's command, also as earlier versions wrote it."""


def runs(project: Project, argv: Sequence[str], console: Console) -> int:
    """List the runs in the project's outputs; return the exit status."""
    if "--help" in argv:
        console.print(RUNS.help, markup=False, highlight=False)
        return 0
    arguments = parse(RUNS, argv)
    newest = list_runs(project.outputs)[-arguments.limit :][::-1]
    rows = [run_row(run, whole=arguments.as_json) for run in newest]
    server = choose_server(project, arguments.settings)
    if server is not None:
        # Imported late, as it takes longer than all else of the command.
        from relay.commands.inspect.server import list_server_runs

        found = list_server_runs(server, arguments.limit, whole=arguments.as_json)
        names = {run.folder.name for run in newest}
        dated = [(run.began, row) for run, row in zip(newest, rows, strict=True)]
        dated += [(began, row) for began, row in found if row["run"] not in names]
        dated.sort(key=lambda pair: pair[0], reverse=True)
        rows = [row for _, row in dated[: arguments.limit]]
    empty = f"No run yet. Start one: ./relay run. Runs on {TITLE}: ./relay runs {SETTING}"
    print_rows(console, rows, arguments.as_json, empty)
    if server is not None and not arguments.as_json and any(row["seconds"] is None for row in rows):
        console.print(_NOTE, style="dim", markup=False, highlight=False, soft_wrap=True)
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
        "steps": ", ".join(f"{count} {in_words(word)}" for word, count in statuses.items()) or "-",
        "command": _PROGRAM.sub("", str(summary.get("command") or run.command)) or "-",
    }
    if whole:
        return {**row, "metrics": metrics, "error": summary.get("error")}
    return {**row, "metrics": headline(steps)}
