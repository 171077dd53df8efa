"""Settings of the command line that no step of the pipeline reads."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

from relay.config.composed import Config
from relay.config.schema import Settings
from relay.util.errors import ConfigError

_ORCHESTRATOR = (*Settings.model_fields, "none_is_text")
"""The settings, and groups of settings, that are read without any step."""
_WORD = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")


def refuse_unread_settings(config: Config, params: Mapping[str, Collection[str]]) -> None:
    """Check that each setting on the command line is read by a step, selected or not.

    `params` has the names of the parameters of each step's component. Raises ConfigError with a
    line for each setting that nothing reads.
    """
    values: Any = OmegaConf.to_container(config.tree, resolve=False)
    texts = {key: text for key, text in _texts(values) if "${" in text}
    read = _read_by_steps(config, params)
    while added := {
        word
        for key, text in texts.items()
        if _is_read(key, read)
        for word in _references(key, text)
        if word not in read
    }:
        read |= added
    lines = [
        f"{key}: no step of this pipeline reads it. Leave it out."
        for key in map(_key, config.overrides)
        if _is_setting(config.tree, key) and not _is_read(key, read)
    ]
    if lines:
        raise ConfigError("\n".join(lines))


def _read_by_steps(config: Config, params: Mapping[str, Collection[str]]) -> set[str]:
    """Return the orchestrator's settings, and those that the steps read by the parameter's name."""
    keys = {config.key_of(step, name) for step, names in params.items() for name in names}
    return {*keys, *_ORCHESTRATOR}


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0]


def _is_setting(tree: DictConfig, key: str) -> bool:
    """Return whether `key` is in the `tree`, and is not a choice, such as data=pokemon."""
    node = OmegaConf.select(tree, key.rpartition(".")[0]) if "." in key else tree
    name = key.rpartition(".")[2]
    if not isinstance(node, DictConfig) or name not in node.keys():  # noqa: SIM118 - also if it is "???"
        return False
    return "." in key or not isinstance(node._get_node(name), DictConfig)


def _is_read(key: str, read: Collection[str]) -> bool:
    """Return whether `key`, a group that it is in, or a setting in it is among those `read`."""
    parts = key.split(".")
    groups = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return not groups.isdisjoint(read) or any(other.startswith(f"{key}.") for other in read)


def _references(key: str, text: str) -> Iterator[str]:
    """Yield the keys that the `text` of the setting `key` may refer to."""
    yield from _WORD.findall(text)
    if "${." in text:
        yield key.rpartition(".")[0]


def _texts(node: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts in `node`, each with its key; those in a list have the key of the list."""
    if isinstance(node, str):
        yield key, node
    elif isinstance(node, Mapping):
        for name, child in node.items():
            yield from _texts(child, f"{key}.{name}" if key else str(name))
    elif isinstance(node, list):
        for child in node:
            yield from _texts(child, key)
