"""`relay runs`: the runs of this project, newest first; `relay diff`: what differs between two."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from relay.commands.look.arguments import Usage, parse, print_json, print_rows
from relay.pipeline.run_comparison import compare_settings, read_settings
from relay.util.errors import ConfigError
from relay.util.names import did_you_mean
from relay.util.project import Project

RUNS = Usage(
    "runs",
    "",
    "Lists the runs in outputs/, newest first: how each ended, what it ran and its metrics.",
    reads_store=False,
)
DIFF = Usage(
    "diff",
    "RUN [RUN]",
    "Shows the settings, steps and metrics that differ between two runs. A run is the name of a\n"
    "folder in outputs/, its beginning, or `latest`. With one name: from the run before it.",
    reads_store=False,
    has_limit=False,
)
_SHOWN_METRICS = 3


def runs(project: Project, argv: Sequence[str], console: Console) -> int:
    """List the runs in the project's outputs; return the exit status."""
    if "--help" in argv:
        console.print(RUNS.help, markup=False, highlight=False)
        return 0
    arguments = parse(RUNS, argv)
    rows = []
    for folder in reversed(_folders(project.outputs)):
        summary = _read(folder)
        if summary is None:
            continue
        rows.append(_row(folder, summary, whole=arguments.as_json))
        if len(rows) == arguments.limit:
            break
    print_rows(console, rows, arguments.as_json, "No run yet. Start one: ./relay")
    return 0


def diff(project: Project, argv: Sequence[str], console: Console) -> int:
    """Show what differs between two runs; return the exit status.

    Raises ConfigError if there is no such run.
    """
    if "--help" in argv:
        console.print(DIFF.help, markup=False, highlight=False)
        return 0
    arguments = parse(DIFF, argv, fewest=1, most=2)
    folders = _folders(project.outputs)
    last = _find(folders, arguments.words[-1])
    if len(arguments.words) == 2:
        first = _find(folders, arguments.words[0])
    else:
        earlier = [folder for folder in folders if folder.name < last.name]
        if not earlier:
            raise ConfigError(f"diff: {last.name} has no run before it. Name two runs.")
        first = earlier[-1]
    lines = list(_differences(first, last))
    if arguments.as_json:
        print_json(console, [{"what": what, first.name: a, last.name: b} for what, a, b in lines])
        return 0
    rows = [{"what": what, first.name: a, last.name: b} for what, a, b in lines]
    print_rows(console, rows, False, f"{first.name} and {last.name} do not differ.")
    return 0


def _differences(first: Path, last: Path) -> Iterator[tuple[str, Any, Any]]:
    """Yield each setting, output and metric that differs, with both values."""
    yield from compare_settings(read_settings(first), read_settings(last))
    one, other = _read(first) or {}, _read(last) or {}
    for key in ("git_commit", "git_dirty", "status", "backend"):
        if one.get(key) != other.get(key):
            yield key, one.get(key), other.get(key)
    for kind in ("outputs", "metrics"):
        before, after = _by_step(one, kind), _by_step(other, kind)
        for name in dict.fromkeys([*after, *before]):
            if not _is_same(before.get(name), after.get(name)):
                yield name, before.get(name), after.get(name)


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12)
    return bool(one == other)


def _by_step(summary: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {
        f"{step['name']}.{key}": value
        for step in summary.get("steps", [])
        for key, value in step.get(kind, {}).items()
        if key != "fit_seconds"  # a time differs each time
    }


def _row(folder: Path, summary: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    steps = summary.get("steps", [])
    statuses: dict[str, int] = {}
    metrics: dict[str, float] = {}
    for step in steps:
        if step["status"] != "not_selected":
            statuses[step["status"]] = statuses.get(step["status"], 0) + 1
        if step["status"] in ("ran", "cached", "failed"):
            metrics |= step["metrics"]
    row = {
        "run": folder.name,
        "status": summary.get("status"),
        "seconds": summary.get("seconds"),
        "steps": ", ".join(f"{count} {status}" for status, count in statuses.items()),
        "command": str(summary.get("command", "")).removeprefix("python main.py").strip() or "-",
    }
    if whole:
        return {**row, "metrics": metrics, "error": summary.get("error")}
    return {**row, "metrics": _headline(steps)}


def _headline(steps: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the first metrics of the last step but one that has any: the last one registers."""
    named = [step["metrics"] for step in steps if step["metrics"]]
    chosen = named[-2] if len(named) > 1 else named[-1] if named else {}
    return dict(list(chosen.items())[:_SHOWN_METRICS])


def _folders(outputs: Path) -> list[Path]:
    """Return the folders of the runs that have a summary, oldest first."""
    if not outputs.is_dir():
        return []
    return sorted(
        path
        for path in outputs.iterdir()
        if not path.is_symlink() and (path / "summary.json").is_file()
    )


def _find(folders: Sequence[Path], name: str) -> Path:
    """Return the folder of the run `name`. Raises ConfigError unless there is exactly one."""
    if name == "latest" and folders:
        return folders[-1]
    matching = [path for path in folders if path.name.startswith(name)]
    exact = [path for path in matching if path.name == name]
    if len(exact or matching) == 1:
        return (exact or matching)[0]
    if matching:
        names = ", ".join(path.name for path in matching[:5])
        raise ConfigError(f"diff: {name}: several runs begin so ({names}). Write more of it.")
    raise ConfigError(
        f"diff: {name}: there is no such run in outputs/. See ./relay runs."
        + did_you_mean(name, [path.name for path in folders])
    )


def _read(folder: Path) -> dict[str, Any] | None:
    """Return the summary of the run in `folder`, or None if it is damaged."""
    try:
        content = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
