"""`relay diff`: what differs between two runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from relay.commands.look.arguments import Usage, parse, print_json, print_rows
from relay.pipeline.run_comparison import compare_settings, find_previous, read_settings
from relay.pipeline.run_folders import RunFolder, list_runs
from relay.util.errors import ConfigError
from relay.util.names import did_you_mean
from relay.util.project import Project

DIFF = Usage(
    "diff",
    "RUN [RUN]",
    "Shows the settings, steps and metrics that differ between two runs. A run is the name of a\n"
    "folder in outputs/, its beginning, or `latest`. With one name: from the run before it\n"
    "on the same data.",
    reads_store=False,
    has_limit=False,
)


def diff(project: Project, argv: Sequence[str], console: Console) -> int:
    """Show what differs between two runs; return the exit status.

    Raises ConfigError if there is no such run.
    """
    if "--help" in argv:
        console.print(DIFF.help, markup=False, highlight=False)
        return 0
    arguments = parse(DIFF, argv, fewest=1, most=2)
    folders = [run.folder for run in list_runs(project.outputs) if run.summary is not None]
    last = _find(folders, arguments.words[-1])
    if len(arguments.words) == 2:
        first = _find(folders, arguments.words[0])
    else:
        previous = find_previous(last)
        if previous is None:
            raise ConfigError(
                f"diff: {last.name} has no run before it on the same data. Name two runs."
            )
        first = previous
    lines = list(_differences(first, last))
    if arguments.as_json:
        print_json(console, [{"what": what, first.name: a, last.name: b} for what, a, b in lines])
        return 0
    rows = [
        {"what": what, first.name: "-" if a == "" else a, last.name: "-" if b == "" else b}
        for what, a, b in lines
    ]
    print_rows(console, rows, False, f"{first.name} and {last.name} do not differ.")
    return 0


def _differences(first: Path, last: Path) -> Iterator[tuple[str, Any, Any]]:
    """Yield each setting, output and metric that differs, with both values."""
    yield from compare_settings(read_settings(first), read_settings(last))
    one, other = RunFolder(first).summary or {}, RunFolder(last).summary or {}
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
