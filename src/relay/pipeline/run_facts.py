"""What a pipeline's own run is known by: its name, the settings it was made with, its numbers."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from relay.config.composed import Config
from relay.pipeline.summary import Summary
from relay.util.redact import redact

_ORCHESTRATION = (
    "steps", "exclude", "jobs", "keep_going", "cache", "force", "explain", "env_manager",
    "tracking", "pipeline", "experiment", "none_is_text",
)  # fmt: skip
"""Settings of how a pipeline is run, not of what it makes."""
_MOST_PARAMS = 200
_LONGEST = 250  # characters of a value
_MOST_KEYS = 30  # of a mapping whose settings get a parameter each
_LONGEST_NAME = 40  # W&B takes 128 characters for both and the time
_KEY = re.compile(r"[\w.-]+")
_COUNTED = ("ran", "cached", "failed")


def run_name(config: Config) -> str:
    """`diabetes / linear`: the names of what was chosen, such as data and model; may be empty."""
    chosen = [config.tree[key] for key in config.tree if str(key) not in _ORCHESTRATION]
    names = [OmegaConf.select(one, "name") for one in chosen if OmegaConf.is_dict(one)]
    return " / ".join(str(name)[:_LONGEST_NAME] for name in names if name)


def group_name(config: Config, folder: Path) -> str:
    """What a pipeline run's runs are grouped by: `tracking.group`, or data, model and folder."""
    words = [*run_name(config).split(" / "), folder.name]
    return config.settings.tracking.group or " ".join(filter(None, words))


def comparable_settings(config: Config, selected: Sequence[str]) -> dict[str, str]:
    """The settings that decide what a pipeline makes, one by one, without secrets.

    Left out are those that are not given, and those of steps on request that are not `selected`.
    """
    found: dict[str, str] = {}
    for section in config.tree:
        name = str(section)
        step = config.settings.pipeline.get(name)
        is_idle = step is not None and step.on_request and name not in selected
        if name in _ORCHESTRATION or is_idle:
            continue
        with contextlib.suppress(OmegaConfBaseException):  # what was not needed may be missing
            node = config.tree[name]
            is_group = OmegaConf.is_config(node)
            value = OmegaConf.to_container(node, resolve=True) if is_group else node
            found |= dict(_flat(name, value))
    return dict(list(found.items())[:_MOST_PARAMS])


def run_metrics(summary: Summary) -> dict[str, float]:
    """The numbers of all steps, cached ones included; of one name the later step's."""
    found: dict[str, float] = {}
    for step in summary.steps:
        if step.status in _COUNTED:
            found |= {name: value for name, value in step.metrics.items() if math.isfinite(value)}
    return found


def _flat(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if value is None or value in ({}, [], "???"):
        return
    is_open = isinstance(value, Mapping) and len(value) <= _MOST_KEYS
    if is_open and all(_KEY.fullmatch(str(name)) for name in value):
        for name, one in value.items():
            yield from _flat(f"{key}.{name}", one)
        return
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = redact(text)
    yield key, text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
