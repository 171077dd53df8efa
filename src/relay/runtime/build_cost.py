"""The cost of building an environment: measured once, and kept beside its lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from relay.runtime.environments import LOCK

MEASURED = "measured.yaml"
"""The file beside a lock; tools/measure_environments.py writes it."""


@dataclass(frozen=True)
class BuildCost:
    """The disk and the time that a build takes, as measured on another machine."""

    megabytes: int
    """Of 10^6 bytes, without the manager's cache."""
    seconds: int
    """With nothing in the manager's cache."""

    def in_words(self) -> str:
        """Return it as a phrase: `about 1.6 GB of disk and 2 minutes`."""
        if not self.megabytes:
            return "its disk and time were not measured"
        size = f"{self.megabytes} MB"
        if self.megabytes >= 950:
            size = f"{self.megabytes / 1000:.1f} GB"
        minutes = max(1, round(self.seconds / 60))
        return f"about {size} of disk and {minutes} minute{'s' * (minutes > 1)}"


def read_cost(environment: Path) -> BuildCost | None:
    """Return the cost of the environment of a folder, or None if it was not measured.

    The folder's lock can be a link to that of a folder in environments/, where the file is.
    """
    path = (environment / LOCK).resolve().with_name(MEASURED)
    if not path.is_file():
        return None
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return BuildCost(int(content["megabytes"]), int(content["seconds"]))


def sum_costs(environments: Iterable[Path]) -> BuildCost:
    """Return the cost of building several environments; one that was not measured counts as 0."""
    locks = {(environment / LOCK).resolve() for environment in environments}
    costs = [cost for lock in locks if (cost := read_cost(lock.parent)) is not None]
    return BuildCost(sum(one.megabytes for one in costs), sum(one.seconds for one in costs))


def announce_build(components: Sequence[str], environment: Path) -> str:
    """Return the line before a build of the environment that `components` share."""
    cost = read_cost(environment)
    line = f"Building the environment of {', '.join(components)}"
    return f"{line} ..." if cost is None else f"{line}: {cost.in_words()} ..."
