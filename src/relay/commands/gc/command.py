"""`relay gc`: list the old artifacts that nothing needs, ask, and remove them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from relay.commands.gc.selection import choose_removable
from relay.commands.open_store import open_store, place_of
from relay.commands.printing import print_json, print_rows
from relay.commands.store_arguments import STORE_HELP, Parser, require_settings
from relay.pipeline.run_folders import RunFolder, list_runs, remove_leftovers
from relay.tracking import ArtifactVersion, Backend
from relay.tracking.interface import Holding
from relay.util.disk import megabytes
from relay.util.errors import ConfigError, RelayError
from relay.util.files import remove_folder
from relay.util.project import Project

_COMMAND = "gc"
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_AGE = re.compile(r"(\d{1,6})([hdw])")
_SHOWN_RANGES = 8
HELP = f"""\
Usage: ./relay gc [options]

Removes artifact versions that are old and that nothing needs: it lists them and asks first. Kept
are versions with an alias (champion, latest, your own), everything that they were made from, their
evaluations, and the newest version of each artifact. A step whose cached outputs are removed runs
again when it is needed. While a run is active, nothing is removed.

Options:
  --older-than AGE  only what is older, such as 12h, 30d or 8w; default: 30d
  --outputs         also the folders of runs in outputs/ that are older, but the latest
  --dry-run         list only
  --yes             do not ask, for scripts
  --json            print JSON; with --yes, remove as well
{STORE_HELP}"""


@dataclass(frozen=True)
class _Arguments:
    settings: list[str]
    before: datetime
    outputs: bool
    dry_run: bool
    yes: bool
    as_json: bool


def gc(project: Project, argv: Sequence[str], console: Console) -> int:
    """Remove what nothing needs from the store, and old runs if asked to; return the exit status.

    Raises ConfigError if an argument is wrong or there is no terminal to ask, RelayError if a run
    is active or the store does not allow it.
    """
    if "--help" in argv:
        console.print(HELP, markup=False, highlight=False)
        return 0
    arguments = _parse(argv)
    if not (arguments.yes or arguments.dry_run or arguments.as_json or sys.stdin.isatty()):
        raise ConfigError("gc: cannot ask, as there is no terminal. Add --yes or --dry-run.")
    backend = open_store(project, arguments.settings)
    try:
        removable, unread = _find(backend, arguments.before), None
    except RelayError as error:  # a full disk: removing runs makes the room to read the store
        if not arguments.outputs:
            raise
        removable, unread = [], error
    runs = _old_runs(project.outputs, arguments.before) if arguments.outputs else []
    if arguments.as_json:
        print_json(console, _as_json(removable, runs))
        if not arguments.yes:
            return 0
    else:
        _show(console, backend, removable, runs)
    if unread is not None and not runs:
        raise unread
    if not (removable or runs) or arguments.dry_run:
        return 0
    if not (arguments.yes or _confirmed(console)):
        console.print("Nothing was removed.")
        return 0
    freed = _remove(backend, arguments.before, removable, runs)
    if not arguments.as_json:
        console.print(f"Removed. {megabytes(freed)} are free again.", highlight=False)
    if unread is not None:
        raise RelayError(f"Only runs were removed, no artifacts. {unread} Then run it again.")
    return 0


def _parse(argv: Sequence[str]) -> _Arguments:
    parser = Parser(prog=_COMMAND, allow_abbrev=False, add_help=False)
    parser.add_argument("settings", nargs="*")
    parser.add_argument("--older-than", default="30d")
    for flag in ("--outputs", "--dry-run", "--yes", "--json"):
        parser.add_argument(flag, action="store_true")
    given = parser.parse_intermixed_args(list(argv))
    require_settings(_COMMAND, given.settings)
    before = datetime.now(UTC) - _age(given.older_than)
    return _Arguments(given.settings, before, given.outputs, given.dry_run, given.yes, given.json)


def _age(text: str) -> timedelta:
    """Return the time in `text`, such as 30d. Raises ConfigError if it has another form."""
    match = _AGE.fullmatch(text)
    if match is None:
        raise ConfigError(
            f"gc: --older-than: not an age (got '{text}'). Write hours, days or weeks, such as "
            "12h, 30d or 8w."
        )
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _find(backend: Backend, before: datetime) -> list[Holding]:
    stamp = before.isoformat(timespec="seconds")
    return choose_removable(list(backend.holdings(stamp)), stamp)


def _old_runs(outputs: Path, before: datetime) -> list[RunFolder]:
    """Return the runs that began before `before` and have ended, but the latest."""
    latest = (outputs / "latest").resolve()
    return [
        run
        for run in list_runs(outputs)
        if run.began < before and run.folder.resolve() != latest and not run.is_active
    ]


def _remove(
    backend: Backend, before: datetime, listed: Sequence[Holding], runs: Sequence[RunFolder]
) -> int:
    """Remove what was listed and may still go; return the bytes freed.

    Runs go first: that needs no room on the disk, which the store does.
    """
    freed = 0
    for run in runs:
        size = run.size
        remove_folder(run.folder)
        freed += size
    if runs:
        remove_leftovers(runs[0].folder.parent)
    if listed:
        with backend.removal():
            # Since the list was made, a run may have used or made some of them again.
            now = {str(holding.version) for holding in _find(backend, before)}
            freed += backend.remove([one.version for one in listed if str(one.version) in now])
    return freed


def _show(
    console: Console, backend: Backend, removable: Sequence[Holding], runs: Sequence[RunFolder]
) -> None:
    """Print what may be removed: a row for each artifact, and one for the runs."""
    by_name: dict[str, list[Holding]] = {}
    for holding in removable:
        by_name.setdefault(holding.version.name, []).append(holding)
    rows: list[Mapping[str, object]] = [
        {
            "artifact": name,
            "versions": _ranges(holding.version for holding in group),
            "count": len(group),
            "size": megabytes(sum(holding.size for holding in group)),
            "oldest": min(holding.version.created for holding in group)[:10],
        }
        for name, group in sorted(by_name.items())
    ]
    if runs:
        rows.append(
            {
                "artifact": "outputs/",
                "versions": f"{runs[0].folder.name} to {runs[-1].folder.name}",
                "count": len(runs),
                "size": megabytes(sum(run.size for run in runs)),
                "oldest": runs[0].began.date().isoformat(),
            }
        )
    print_rows(console, rows, False, f"Nothing in {place_of(backend)} may go.")
    if rows:
        size = sum(holding.size for holding in removable) + sum(run.size for run in runs)
        parts = [f"{len(removable)} versions"] if removable else []
        parts += [f"{len(runs)} runs"] if runs else []
        console.print(f"{' and '.join(parts)}, {megabytes(size)}", style="bold", highlight=False)


def _ranges(versions: Iterable[ArtifactVersion]) -> str:
    """Return numbers of versions in a short form: `v0-v3, v7`."""
    numbers = sorted(int(version.version.removeprefix("v")) for version in versions)
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    texts = [f"v{first}" if first == last else f"v{first}-v{last}" for first, last in ranges]
    rest = len(texts) - _SHOWN_RANGES
    return ", ".join(texts[:_SHOWN_RANGES]) + (f" and {rest} more" if rest > 0 else "")


def _as_json(removable: Sequence[Holding], runs: Sequence[RunFolder]) -> dict[str, object]:
    return {
        "artifacts": [
            {
                "artifact": str(holding.version),
                "type": holding.version.type,
                "created": holding.version.created,
                "bytes": holding.size,
            }
            for holding in removable
        ],
        "runs": [{"run": run.folder.name, "bytes": run.size} for run in runs],
    }


def _confirmed(console: Console) -> bool:
    """Ask whether to remove; no is the answer to an empty line and to Ctrl-D."""
    try:
        answer = console.input("Remove them for good? [y/N] ", markup=False)
    except EOFError:
        return False
    return answer.strip().lower() in ("y", "yes")
