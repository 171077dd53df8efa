"""The facts in the MLflow run of a whole pipeline: its name, its settings and its metrics."""

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
from relay.pipeline.planned_step import PlannedStep
from relay.pipeline.run_summary import Summary
from relay.util.redact import redact

_ORCHESTRATION = (
    "steps", "exclude", "jobs", "keep_going", "cache", "force", "explain", "env_manager",
    "tracking", "engine", "container", "pipeline", "experiment", "none_is_text",
)  # fmt: skip
"""Settings that decide how a pipeline runs, not what it makes."""
_MOST_PARAMS = 200
_LONGEST = 250  # characters of a value
_MOST_KEYS = 30  # of a mapping whose settings get a parameter each
_LONGEST_NAME = 40  # a store takes 128 characters for two names and the time
_KEY = re.compile(r"[\w.-]+")
_REFERRED = re.compile(r"\$\{(\w+)")
_COUNTED = ("ran", "cached", "failed")


def run_name(config: Config, planned_steps: Sequence[PlannedStep]) -> str:
    """Return the names of the chosen groups that `planned_steps` read, such as `diabetes / linear`.

    Empty if none has a name. A run that only predicts does not read the group `model`.
    """
    read = {group for planned in planned_steps for group in _groups_of(config, planned)}
    chosen = [config.tree[key] for key in config.tree if str(key) in read - {*_ORCHESTRATION}]
    names = [OmegaConf.select(group, "name") for group in chosen if OmegaConf.is_dict(group)]
    return " / ".join(str(name)[:_LONGEST_NAME] for name in names if name)


def _groups_of(config: Config, planned: PlannedStep) -> set[str]:
    """Return the groups of settings that a step reads."""
    fields = planned.component.params_type.model_fields
    keys = {config.key_of(planned.name, name).partition(".")[0] for name in fields}
    given = config.settings.pipeline[planned.name].params
    return keys | set(_REFERRED.findall(str(given)))


def group_name(config: Config, planned_steps: Sequence[PlannedStep], folder: Path) -> str:
    """Return the group of a pipeline's runs: `tracking.group`, or data, model and folder."""
    words = [*run_name(config, planned_steps).split(" / "), folder.name]
    return config.settings.tracking.group or " ".join(filter(None, words))


def comparable_settings(config: Config, selected: Sequence[str]) -> dict[str, str]:
    """Return the settings that decide a pipeline's outputs, by key, without secrets.

    Empty settings, and those of steps on request that are not `selected`, are left out.
    """
    settings: dict[str, str] = {}
    for section in config.tree:
        name = str(section)
        step = config.settings.pipeline.get(name)
        is_idle = step is not None and step.on_request and name not in selected
        if name in _ORCHESTRATION or is_idle:
            continue
        with contextlib.suppress(
            OmegaConfBaseException
        ):  # a setting that was not needed may be missing
            node = config.tree[name]
            is_group = OmegaConf.is_config(node)
            value = OmegaConf.to_container(node, resolve=True) if is_group else node
            settings |= dict(_flat(name, value))
    return dict(list(settings.items())[:_MOST_PARAMS])


def run_metrics(summary: Summary) -> dict[str, float]:
    """Return the finite metrics of all steps, cached ones included; the later step wins."""
    metrics: dict[str, float] = {}
    for step in summary.steps:
        if step.status in _COUNTED:
            metrics |= {name: value for name, value in step.metrics.items() if math.isfinite(value)}
    return metrics


def _flat(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if value is None or value in ({}, [], "???"):
        return
    is_open = isinstance(value, Mapping) and len(value) <= _MOST_KEYS
    if is_open and all(_KEY.fullmatch(str(name)) for name in value):
        for name, inner in value.items():
            yield from _flat(f"{key}.{name}", inner)
        return
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = redact(text)
    yield key, text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
