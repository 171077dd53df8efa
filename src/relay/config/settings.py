"""The orchestrator's settings, read from the composed tree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf
from pydantic import ValidationError

from relay.config.composed import INTERPOLATION, resolve
from relay.config.files import Origin
from relay.config.schema import Settings, cores
from relay.util.errors import ConfigError
from relay.util.names import did_you_mean
from relay.util.validation_messages import word_problems


def read_settings(tree: DictConfig, origin: Origin) -> Settings:
    """Return the orchestrator's settings in `tree`.

    Raises ConfigError with a line for each mistake.
    """
    steps: dict[str, Any] = {}
    for name, node in tree.pipeline.steps.items():
        if not isinstance(node, DictConfig):
            raise ConfigError(
                f"pipeline.steps.{name}: must be a mapping, with component and outputs. Add them."
            )
        _require_names(tree, node)
        params = OmegaConf.to_container(node.get("params") or OmegaConf.create({}), resolve=False)
        rest = OmegaConf.masked_copy(node, [str(key) for key in node if key != "params"])
        rest._set_parent(node._get_parent())
        steps[str(name)] = {**resolve(rest, f"pipeline.steps.{name}", origin), "params": params}
    values: Mapping[str, Any] = {
        "steps": str(tree.steps),
        "cache": tree.cache,
        "force": tree.force,
        "explain": tree.explain,
        "exclude": tree.exclude,
        "jobs": _default_jobs(tree) if tree.jobs is None else tree.jobs,
        "keep_going": tree.keep_going,
        "env_manager": tree.env_manager,
        "container": resolve(tree.container, "container", origin),
        "tracking": resolve(tree.tracking, "tracking", origin),
        "pipeline": steps,
        "engine": resolve(tree.engine, "engine", origin),
        "sweep": tree.pipeline.get("sweep"),
    }
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        lines = word_problems(error, Settings, _key_of)
        text = "\n".join(line + origin.place_of(key) for key, line in lines)
        raise ConfigError(text) from error
    _require_setting_groups(tree, settings)
    return settings


def _default_jobs(tree: DictConfig) -> int:
    """Return how many steps run at once: on other machines, all that are ready."""
    return cores() if tree.engine.get("name") == "local" else max(1, len(tree.pipeline.steps))


def _key_of(path: str) -> str:
    """Return the key in the files for a `path` in `Settings`."""
    return re.sub(r"^sweep\b", "pipeline.sweep", re.sub(r"^pipeline\.", "pipeline.steps.", path))


def _require_names(tree: DictConfig, step: DictConfig) -> None:
    """Check that the settings in the names of artifacts have values, as null would be part of them.

    Raises ConfigError if one has no value.
    """
    outputs = OmegaConf.to_container(step.get("outputs") or OmegaConf.create({}), resolve=False)
    for key in INTERPOLATION.findall(str(outputs)):
        parent, _, name = key.rpartition(".")
        node = OmegaConf.select(tree, parent) if parent else tree
        leaf = node._get_node(name) if isinstance(node, DictConfig) else None
        if leaf is None or leaf._value() is None:
            raise ConfigError(f"{key}: a value is required. Add {key}=VALUE.")


def _require_setting_groups(tree: DictConfig, settings: Settings) -> None:
    """Check that the groups in the `settings` of each step exist.

    Raises ConfigError if one does not.
    """
    for name, step in settings.pipeline.items():
        for group in step.settings:
            if not isinstance(OmegaConf.select(tree, group), DictConfig):
                hint = did_you_mean(group, list(_groups(tree)))
                where = f"pipeline.steps.{name}.settings"
                raise ConfigError(f"{where}: there is no group of settings '{group}'.{hint}")


def _groups(tree: DictConfig, prefix: str = "") -> Iterator[str]:
    for key in tree:
        node = tree._get_node(key)
        if isinstance(node, DictConfig) and not node._is_none() and str(key) != "pipeline":
            yield f"{prefix}{key!s}"
            yield from _groups(node, f"{prefix}{key!s}.")
