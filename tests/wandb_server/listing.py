"""Lists as the SDK asks for them: pages, orders and MongoDB-like filters."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tests.wandb_server.model import ApiError, Run

Key = Callable[[Any, str], Any]

_RUN_COLUMNS = {
    "name": "name",
    "displayName": "display_name",
    "display_name": "display_name",
    "group": "group",
    "jobType": "job_type",
    "job_type": "job_type",
    "state": "state",
    "tags": "tags",
    "notes": "notes",
    "description": "description",
    "commit": "commit",
    "host": "host",
    "sweep": "sweep",
    "createdAt": "created_at",
    "created_at": "created_at",
    "heartbeatAt": "heartbeat_at",
    "heartbeat_at": "heartbeat_at",
}


def snake_case(name: str) -> str:
    """Return Python's word for a name of the schema: `artifact_id` for `artifactID`."""
    return re.sub("(?<=[a-z])([A-Z])", r"_\1", name).lower()


def page(
    items: Sequence[Any], after: str | None = None, first: int | None = None, **_: Any
) -> dict[str, Any]:
    """Return one page as a connection; the cursor is the position of an item."""
    start = int(after) + 1 if after else 0
    stop = len(items) if first is None else start + first
    edges = [
        {"cursor": str(number), "node": item}
        for number, item in enumerate(items[start:stop], start)
    ]
    return {
        "total_count": len(items),
        "page_info": {
            "end_cursor": edges[-1]["cursor"] if edges else None,
            "has_next_page": stop < len(items),
        },
        "edges": edges,
    }


def run_value(run: Run, key: str) -> Any:
    """Return what a filter or an order of runs means by a key."""
    section, _, name = key.partition(".")
    if section == "config" and name:
        entry = run.config.get(name.removesuffix(".value"))
        return entry.get("value") if isinstance(entry, dict) else entry
    if section == "summary_metrics" and name:
        return run.summary.get(name)
    if key not in _RUN_COLUMNS:
        raise ApiError(f"invalid filter: unknown key {key!r}")
    return getattr(run, _RUN_COLUMNS[key])


def attribute(item: Any, key: str) -> Any:
    """Return what a filter or an order of anything else means by a key: its attribute."""
    name = snake_case(key)
    if not hasattr(item, name):
        raise ApiError(f"invalid filter: unknown key {key!r}")
    return getattr(item, name)


def select(
    items: Iterable[Any],
    filters: str | None = None,
    order: str | None = None,
    value: Key = attribute,
) -> list[Any]:
    """Return the items that pass the filters, in order: `+created_at`, `-summary_metrics.r2`."""
    wanted = json.loads(filters) if filters else {}
    matches = [item for item in items if _passes(item, wanted, value)]
    if order:
        key = order.lstrip("+-")
        present = [item for item in matches if value(item, key) is not None]
        absent = [item for item in matches if value(item, key) is None]
        present.sort(key=lambda item: value(item, key), reverse=order.startswith("-"))
        matches = present + absent
    return matches


def _passes(item: Any, wanted: dict[str, Any], value: Key) -> bool:
    return all(_passes_one(item, key, test, value) for key, test in wanted.items())


def _passes_one(item: Any, key: str, test: Any, value: Key) -> bool:
    if key == "$and":
        return all(_passes(item, part, value) for part in test)
    if key == "$or":
        return any(_passes(item, part, value) for part in test)
    if key == "$not":
        return not _passes(item, test, value)
    actual = value(item, key)
    if isinstance(test, dict) and test and all(name.startswith("$") for name in test):
        return all(_compare(actual, name, operand) for name, operand in test.items())
    return _equal(actual, test)


def _equal(actual: Any, test: Any) -> bool:
    # as MongoDB has it: a list has a value if one of its items is that value
    return bool(actual == test) or (isinstance(actual, list) and test in actual)


def _compare(actual: Any, name: str, operand: Any) -> bool:
    if name not in _OPERATORS:
        raise ApiError(f"invalid filter: unknown operator {name!r}")
    return _OPERATORS[name](actual, operand)


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(actual: Any, operand: Any) -> bool:
        try:
            return test(actual, operand)
        except TypeError:  # nothing there, or of another kind
            return False

    return compare


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "$eq": _equal,
    "$ne": lambda actual, operand: not _equal(actual, operand),
    "$gt": _ordered(lambda actual, operand: bool(actual > operand)),
    "$gte": _ordered(lambda actual, operand: bool(actual >= operand)),
    "$lt": _ordered(lambda actual, operand: bool(actual < operand)),
    "$lte": _ordered(lambda actual, operand: bool(actual <= operand)),
    "$in": lambda actual, operand: any(_equal(actual, option) for option in operand),
    "$nin": lambda actual, operand: not any(_equal(actual, option) for option in operand),
    "$exists": lambda actual, operand: (actual is not None) == operand,
    "$regex": lambda actual, operand: bool(re.search(operand, actual or "")),
}
