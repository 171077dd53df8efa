"""What differs between two runs, from the files in their folders."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from relay.pipeline.run_summary import SETTINGS

_NOT_COMPARED = ("steps", "exclude", "jobs", "explain", "force", "cache", "keep_going", "tracking")
"""Settings that decide how a pipeline runs, not what it makes."""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def find_previous(folder: Path) -> Path | None:
    """Return the folder of the run before the one in `folder`, or None."""
    earlier = [
        path
        for path in folder.parent.iterdir()
        if path.name < folder.name and not path.is_symlink() and (path / "summary.json").is_file()
    ]
    return max(earlier, default=None, key=lambda path: path.name)


def compare_settings(
    before: Mapping[str, Any], now: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    """Return the key and both values, as texts, of each setting that differs."""
    first, second = dict(_flat("", before)), dict(_flat("", now))
    keys = dict.fromkeys([*second, *first])
    return [
        (key, first.get(key, ""), second.get(key, ""))
        for key in keys
        if first.get(key) != second.get(key) and key.partition(".")[0] not in _NOT_COMPARED
    ]


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else str(name), inner)
    else:
        yield prefix, "null" if value is None else json.dumps(value, default=str).strip('"')


def read_settings(folder: Path) -> Mapping[str, Any]:
    """Return the settings of the run in `folder`; none if they cannot be read."""
    try:
        text = (folder / SETTINGS).read_text(encoding="utf-8")
        content = yaml.load(text, _LOADER)  # noqa: S506 - a safe loader, in C if there is one
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return content if isinstance(content, Mapping) else {}


def read_metrics(folder: Path) -> dict[str, dict[str, float]]:
    """Return the metrics of the run in `folder`, by step."""
    try:
        content = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        return {step["name"]: step["metrics"] for step in content["steps"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
