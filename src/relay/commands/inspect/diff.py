"""`relay diff`: what differs between two runs, or between two artifacts such as models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from relay.commands.inspect.artifacts import find_test, require_version
from relay.commands.inspect.model_diff import Found, compare_artifacts
from relay.commands.inspect.server import (
    differences,
    find_server_run,
    missing,
    not_in_both,
    run_of_folder,
)
from relay.commands.open_store import choose_server, open_store
from relay.commands.printing import print_json, print_rows
from relay.commands.store_arguments import Arguments, Usage, parse
from relay.pipeline.run_comparison import compare_settings, find_previous, is_same, read_settings
from relay.pipeline.run_folders import RunFolder, list_runs, name_of_group
from relay.pipeline.run_packages import LOCKS, compare_locks, read_locks
from relay.pipeline.run_summary import SUMMARY
from relay.tracking import TrackingSettings
from relay.tracking.remote import SETTING, TITLE
from relay.util.errors import ConfigError
from relay.util.names import did_you_mean
from relay.util.project import Project

DIFF = Usage(
    "diff",
    "A [B]",
    "Shows the settings, versions, packages and metrics that differ between two runs or models.\n"
    "A run is the name of a folder in outputs/, its beginning, or `latest`. With one name: from\n"
    f"the run before it on the same data. With {SETTING}, a run may be known to {TITLE} only.\n"
    "A model, or another artifact, is NAME:VERSION, such as NAME:v3 or NAME:champion.",
    has_limit=False,
)


def diff(project: Project, argv: Sequence[str], console: Console) -> int:
    """Show what differs between two runs or artifacts; return the exit status.

    Raises ConfigError if there is no such run or artifact.
    """
    if "--help" in argv:
        console.print(DIFF.help, markup=False, highlight=False)
        return 0
    arguments = parse(DIFF, argv, fewest=1, most=2)
    if any(":" in word for word in arguments.words):
        return _diff_artifacts(project, arguments, console)
    folders = [run.folder for run in list_runs(project.outputs) if run.has_ended]
    server = choose_server(project, arguments.settings)
    if server is not None and not all(_is_there(folders, word) for word in arguments.words):
        return _diff_on_server(server, folders, arguments, console)
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
    found = Found(list(_differences(first, last)))
    before, after = read_locks(first), read_locks(last)
    if before is None or after is None:
        found.notes.append(f"Packages are not compared, as one of the runs has no {LOCKS}.")
    else:
        found.lines += compare_locks(before, after)
    _print(console, (first.name, last.name), found, arguments.as_json)
    return 0


def _diff_artifacts(project: Project, arguments: Arguments, console: Console) -> int:
    """Show what differs between the runs that made two artifacts, and in their newest tests."""
    if len(arguments.words) != 2:
        raise ConfigError("diff: an artifact is compared with another one. Name two: NAME:VERSION.")
    backend = open_store(project, arguments.settings)
    first, last = (require_version(backend, "diff", word) for word in arguments.words)
    made = [find_test(backend, version) or version for version in (first, last)]
    found = compare_artifacts(project.root, made[0], made[1], backend.find)
    _print(console, (str(first), str(last)), found, arguments.as_json)
    return 0


def _diff_on_server(
    server: TrackingSettings, folders: Sequence[Path], arguments: Arguments, console: Console
) -> int:
    """Show what differs between two runs if a server alone knows one or both."""
    if len(arguments.words) != 2:
        raise ConfigError(
            f"diff: {arguments.words[0]}: is not in outputs/, so the run before it is unknown. "
            "Name two runs."
        )
    names = [
        _find(folders, word).name if _is_there(folders, word) else word for word in arguments.words
    ]
    found = [find_server_run(server, name) for name in names]
    runs, notes = [], ["Packages are not compared."]
    for name, run in zip(names, found, strict=True):
        if run is None and not _is_there(folders, name):
            raise missing(name)
        if run is None:
            notes.append(f"{name} is not on {TITLE}: parameters and versions are not compared.")
        runs.append(run or run_of_folder(_find(folders, name)))
    first, last = runs
    alone = not_in_both(first, last)
    if alone:
        notes.append(f"Steps that only one of the two ran are not compared: {', '.join(alone)}.")
    lines = list(differences(first, last, only_common=None in found))
    shown = (name_of_group(first.group), name_of_group(last.group))
    _print(console, shown, Found(lines, notes), arguments.as_json)
    return 0


def _print(console: Console, names: tuple[str, str], found: Found, as_json: bool) -> None:
    first, last = names
    if as_json:
        print_json(console, [{"what": what, first: a, last: b} for what, a, b in found.lines])
    else:
        rows = [
            {"what": what, first: "-" if a == "" else a, last: "-" if b == "" else b}
            for what, a, b in found.lines
        ]
        print_rows(console, rows, False, f"{first} and {last} do not differ.")
    # The notes are not part of the JSON, but whoever asked sees them.
    out = Console(stderr=True) if as_json else console
    for note in found.notes:
        out.print(note, style="dim", markup=False, highlight=False, soft_wrap=True)


def _differences(first: Path, last: Path) -> Iterator[tuple[str, Any, Any]]:
    """Yield each setting, output and metric that differs, with both values."""
    yield from compare_settings(read_settings(first), read_settings(last))
    one, other = _summary_of(first), _summary_of(last)
    for key in ("git_commit", "git_dirty", "status", "backend"):
        if one.get(key) != other.get(key):
            yield key, one.get(key), other.get(key)
    for kind in ("outputs", "metrics"):
        before, after = _by_step(one, kind), _by_step(other, kind)
        for name in dict.fromkeys([*after, *before]):
            if not is_same(before.get(name), after.get(name)):
                yield name, before.get(name), after.get(name)


def _summary_of(folder: Path) -> Mapping[str, Any]:
    """Return the summary of the run in `folder`. Raises ConfigError if it is damaged."""
    summary = RunFolder(folder).summary
    if summary is None:
        raise ConfigError(f"diff: {folder.name}: its {SUMMARY} is damaged. Name another run.")
    return summary


def _by_step(summary: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {
        f"{step['name']}.{key}": value
        for step in summary.get("steps", [])
        for key, value in step.get(kind, {}).items()
        if key != "fit_seconds"  # a time differs each time
    }


def _is_there(folders: Sequence[Path], name: str) -> bool:
    """Return whether `name` is the name of a run in outputs/, or its beginning."""
    return bool(folders) and (name == "latest" or any(p.name.startswith(name) for p in folders))


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
