"""The packages of each run's environments: written into its folder, and compared between runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from relay.runtime.environments import LOCK
from relay.runtime.package_locks import read_packages
from relay.util.files import write_text

if TYPE_CHECKING:  # a command that looks does not plan
    from relay.pipeline.planned_step import PlannedStep

LOCKS = "locks.json"
"""The file in a run's folder with the packages of its locks."""

Packages = Mapping[str, str]
"""The version of each package of a lock, by name."""


def write_locks(folder: Path, planned_steps: Sequence[PlannedStep]) -> None:
    """Write the packages of the locks of `planned_steps` into `folder`, by environment."""
    locks = {planned.component.environment_folder / LOCK for planned in planned_steps}
    packages = {
        environment_of(lock): read_packages(lock.read_text(encoding="utf-8"))
        for lock in sorted(locks)
        if lock.is_file()
    }
    write_text(folder / LOCKS, json.dumps(packages, indent=1, sort_keys=True) + "\n")


def read_locks(folder: Path) -> dict[str, Packages] | None:
    """Return the packages of the run in `folder`, by environment; None if they are not known."""
    try:
        content = json.loads((folder / LOCKS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def environment_of(lock: Path) -> str:
    """Return the name of the environment that `lock`, perhaps a link, belongs to."""
    return lock.resolve().parent.name


def compare_packages(
    environment: str, before: Packages, after: Packages
) -> Iterator[tuple[str, str, str]]:
    """Yield each package whose version differs, with both versions; "" if one lacks it."""
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield f"lock {environment}: {name}", before.get(name, ""), after.get(name, "")


def compare_locks(
    before: Mapping[str, Packages], after: Mapping[str, Packages]
) -> Iterator[tuple[str, str, str]]:
    """Yield each package whose version differs, of the environments that both runs used."""
    for environment in sorted(before.keys() & after.keys()):
        yield from compare_packages(environment, before[environment], after[environment])
