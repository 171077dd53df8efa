"""The keys of the configuration: which there are, and what was meant by one that there is not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hydra.errors import ConfigCompositionException
from omegaconf import DictConfig, OmegaConf

from relay.config.files import Origin
from relay.util.errors import ConfigError
from relay.util.names import list_choices, nearest

_PIPELINE = "pipeline"  # its keys are those of schema.py
_OVERRIDE_KEY = re.compile(r"Could not (?:override|append|delete)[\w\s]*'(?P<key>[\w.]+)'")


def composition_problem(error: ConfigCompositionException, tree: DictConfig) -> str:
    """Return what Hydra has against an override, with the nearest of the keys of `tree`."""
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
    return f"There is no setting '{key}'.{_hint(parent, name, names, whole)}"


def _hint(parent: str, name: str, siblings: Sequence[str], whole: Mapping[str, Any]) -> str:
    """Return the nearest of the `siblings` in `parent`, else the setting of that name elsewhere."""
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
    """Check that each key of `tree` is one that the files of its `origin` declare.

    Raises ConfigError with all that are not, each with the nearest that is, and its file.
    """
    declared = origin.files.declared(origin.choices)
    unknown = _unknown_keys(tree, declared, "", declared)
    lines = [f"{line}{origin.place_of(key)}" for key, line in unknown]
    if lines:
        raise ConfigError("\n".join(lines))


def _unknown_keys(
    tree: DictConfig, declared: Mapping[str, Any], prefix: str, whole: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Return the keys that are not right, each with a line about it."""
    for name in map(str, tree):
        key = f"{prefix}{name}"
        if key == _PIPELINE:
            continue
        if name not in declared:
            hint = _hint(prefix.rstrip("."), name, [str(other) for other in declared], whole)
            yield key, f"There is no setting '{key}'.{hint}"
            continue
        child, below = tree._get_node(name), declared[name]
        if isinstance(below, Mapping) and below:
            if isinstance(child, DictConfig) and not child._is_none():
                yield from _unknown_keys(child, below, f"{key}.", whole)
            else:
                yield key, f"{key}: this is a group of settings, not a value."
