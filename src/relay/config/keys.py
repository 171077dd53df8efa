"""The keys of the configuration: which there are, and what was meant by one that there is not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hydra.errors import ConfigCompositionException
from omegaconf import DictConfig, OmegaConf

from relay.config.files import Origin
from relay.util.errors import ConfigError
from relay.util.names import did_you_mean

_PIPELINE = "pipeline"  # its keys are those of schema.py
_OVERRIDE_KEY = re.compile(r"Could not (?:override|append|delete)[\w\s]*'(?P<key>[\w.]+)'")


def composition_problem(error: ConfigCompositionException, tree: DictConfig) -> str:
    """What Hydra has against an override, with the nearest of the keys of `tree`."""
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
    prefix = f"{parent}." if parent else ""
    hint = did_you_mean(prefix + name, [f"{prefix}{one!s}" for one in siblings])
    return f"There is no setting '{key}'.{hint}"


def refuse_unknown_keys(tree: DictConfig, origin: Origin) -> None:
    """Check that each key of `tree` is one that the files of its `origin` declare.

    Raises ConfigError with all that are not, each with the nearest that is, and its file.
    """
    declared = origin.files.declared(origin.choices)
    lines = [f"{line}{origin.place_of(key)}" for key, line in _unknown_keys(tree, declared, "")]
    if lines:
        raise ConfigError("\n".join(lines))


def _unknown_keys(
    tree: DictConfig, declared: Mapping[str, Any], prefix: str
) -> Iterator[tuple[str, str]]:
    """The keys that are not right, each with a line about it."""
    for name in map(str, tree):
        key = f"{prefix}{name}"
        if key == _PIPELINE:
            continue
        if name not in declared:
            hint = did_you_mean(key, [f"{prefix}{other}" for other in declared])
            yield key, f"There is no setting '{key}'.{hint}"
            continue
        child, below = tree._get_node(name), declared[name]
        if isinstance(below, Mapping) and below:
            if isinstance(child, DictConfig) and not child._is_none():
                yield from _unknown_keys(child, below, f"{key}.")
            else:
                yield key, f"{key}: this is a group of settings, not a value."
