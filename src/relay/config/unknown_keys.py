"""Keys of the configuration that no setting has: the errors about them, with the nearest key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hydra.errors import ConfigCompositionException
from omegaconf import DictConfig, OmegaConf

from relay.config.files import Origin
from relay.util.errors import ConfigError
from relay.util.names import list_choices, nearest
from relay.util.validation_messages import NO_SUCH_SETTING

_PIPELINE = "pipeline"  # its keys are those of schema.py
_OVERRIDE_KEY = re.compile(r"Could not (?:override|append|delete)[\w\s]*'(?P<key>[\w.]+)'")


def composition_problem(error: ConfigCompositionException, tree: DictConfig) -> str:
    """Return the message for an override that Hydra refuses, with the nearest key of `tree`."""
    text = str(error)
    match = _OVERRIDE_KEY.search(text)
    if not match:
        return text.replace("\n", " ")
    key = match["key"]
    parent, _, name = key.rpartition(".")
    siblings = OmegaConf.select(tree, parent, throw_on_missing=False) if parent else tree
    while parent and not isinstance(siblings, DictConfig):
        parent, _, name = parent.rpartition(".")
        siblings = OmegaConf.select(tree, parent) if parent else tree
    whole: Any = OmegaConf.to_container(tree, resolve=False)
    names = [str(sibling) for sibling in siblings]
    return f"{key}: {NO_SUCH_SETTING}{_hint(parent, name, names, whole)}"


def _hint(parent: str, name: str, siblings: Sequence[str], whole: Mapping[str, Any]) -> str:
    """Return a hint: the nearest of the `siblings` in `parent`, or that name in another group."""
    prefix = f"{parent}." if parent else ""
    near = nearest(name, siblings)
    elsewhere = [] if near else list(_keys_named(name, whole))
    if near or len(elsewhere) == 1:
        return f" Did you mean '{prefix + near if near else elsewhere[0]}'?"
    return list_choices(prefix + sibling for sibling in siblings)


def _keys_named(name: str, settings: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in settings.items():
        if str(key) == name:
            yield f"{prefix}{key}"
        if isinstance(value, Mapping) and f"{prefix}{key}" != _PIPELINE:
            yield from _keys_named(name, value, f"{prefix}{key}.")


def refuse_unknown_keys(tree: DictConfig, origin: Origin) -> None:
    """Check that the files of the `origin` declare each key of `tree`.

    Raises ConfigError if not, with a line for each such key, the nearest key and the file.
    """
    declared = origin.files.declared(origin.choices)
    unknown = _unknown_keys(tree, declared, "", declared)
    lines = [f"{line}{origin.place_of(key)}" for key, line in unknown]
    if lines:
        raise ConfigError("\n".join(lines))


def _unknown_keys(
    tree: DictConfig, declared: Mapping[str, Any], prefix: str, whole: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield each key that is not declared, or is a value instead of a group, with its message."""
    for name in map(str, tree):
        key = f"{prefix}{name}"
        if key == _PIPELINE:
            continue
        if name not in declared:
            hint = _hint(prefix.rstrip("."), name, [str(other) for other in declared], whole)
            yield key, f"{key}: {NO_SUCH_SETTING}{hint}"
            continue
        child, below = tree._get_node(name), declared[name]
        if isinstance(below, Mapping) and below:
            if isinstance(child, DictConfig) and not child._is_none():
                yield from _unknown_keys(child, below, f"{key}.", whole)
            else:
                yield key, f"{key}: a group of settings, not a value. Set {key}.NAME=VALUE."
