"""What differs between two runs, from the files in their folders."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from relay.config.resolvers import register_resolvers
from relay.pipeline.run_folders import list_runs
from relay.pipeline.run_summary import SETTINGS, SUMMARY

_NOT_COMPARED = (
    "steps",
    "exclude",
    "jobs",
    "explain",
    "force",
    "cache",
    "keep_going",
    "tracking",
    "engine",
)
"""Settings that decide how a pipeline runs, not what it makes."""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Followed:
    """The value of a setting that follows from others, and how: `${data.name}_model`."""

    how: str
    value: str


_DATA = re.compile(r"^data:\n((?: .*\n?)+)", re.MULTILINE)
_DATA_KEY = re.compile(r"^  (?:name|url): .*(?:\n   .*)*", re.MULTILINE)


def find_previous(folder: Path) -> Path | None:
    """Return the folder of the newest earlier run on the same data as that in `folder`, or None."""
    data = _data_of(folder)
    for run in reversed(list_runs(folder.parent)):
        if run.folder.name < folder.name and run.has_ended and _data_of(run.folder) == data:
            return run.folder
    return None


def _data_of(folder: Path) -> tuple[str, ...]:
    """Return the lines of the settings that name the run's data; none if they cannot be read.

    They are searched for as text, since there may be thousands of runs.
    """
    try:
        block = _DATA.search((folder / SETTINGS).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return ()
    return tuple(_DATA_KEY.findall(block[1])) if block else ()


def compare_settings(
    before: Mapping[str, Any], now: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    """Return the key and both values, as texts, of each setting that differs.

    One that follows from the same other setting in both runs is left out: the other one is there.
    """
    first, second = dict(_flat("", before)), dict(_flat("", now))
    keys = dict.fromkeys([*second, *first])
    return [
        (key, _text(first.get(key, "")), _text(second.get(key, "")))
        for key in keys
        if key.partition(".")[0] not in _NOT_COMPARED
        and first.get(key) != second.get(key)
        and not _follows(first.get(key), second.get(key))
    ]


def _follows(first: object, second: object) -> bool:
    """Return whether both values follow from the same setting, in the same way."""
    return isinstance(first, Followed) and isinstance(second, Followed) and first.how == second.how


def _text(value: str | Followed) -> str:
    return value.value if isinstance(value, Followed) else value


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str | Followed]]:
    if isinstance(value, Followed):
        yield prefix, value
    elif isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else str(name), inner)
    else:
        yield prefix, _plain(value)


def read_settings(folder: Path) -> Mapping[str, Any]:
    """Return the settings of the run in `folder`, with references resolved; none if unreadable."""
    try:
        text = (folder / SETTINGS).read_text(encoding="utf-8")
        content = yaml.load(text, _LOADER)  # noqa: S506 - a safe loader, in C if there is one
        if not isinstance(content, Mapping):
            return {}
        register_resolvers()
        return dict(_resolved(OmegaConf.create(dict(content))))
    except (OSError, ValueError, yaml.YAMLError, OmegaConfBaseException):
        return {}


def _resolved(node: DictConfig) -> Iterator[tuple[str, Any]]:
    """Yield each value of `node` as it was used; one that is not set was not."""
    for name in node:
        try:
            value = node[name]
        except OmegaConfBaseException:
            continue
        if OmegaConf.is_interpolation(node, str(name)):
            raw: Any = OmegaConf.to_container(node, resolve=False)
            yield str(name), Followed(str(raw[name]), _plain(value))
        elif isinstance(value, DictConfig):
            yield str(name), dict(_resolved(value))
        else:
            yield str(name), OmegaConf.to_container(value) if OmegaConf.is_config(value) else value


def _plain(value: Any) -> str:
    """Return a value, as it was used, as text."""
    if OmegaConf.is_config(value):
        value = OmegaConf.to_container(value, resolve=True)
    return "null" if value is None else json.dumps(value, default=str).strip('"')


def is_same(one: Any, other: Any) -> bool:
    """Return whether two metrics, or versions, are the same."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12)
    return bool(one == other)


def read_metrics(folder: Path) -> dict[str, dict[str, float]]:
    """Return the metrics of the run in `folder`, by step."""
    try:
        content = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        return {step["name"]: step["metrics"] for step in content["steps"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
