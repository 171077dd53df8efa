"""The keys of the configuration: which there are, and what was meant by one that is not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hydra.errors import ConfigCompositionException
from omegaconf import DictConfig, OmegaConf

from relay.config.files import PlaceOf
from relay.util.errors import ConfigError
from relay.util.names import did_you_mean

# The sections that are checked elsewhere: by config_schema.py, or by the component that reads them.
# All others may hold only what config.yaml holds.
_VALIDATED_ELSEWHERE = ("model", "tracking", "pipeline")
_OVERRIDE_KEY = re.compile(r"Could not (?:override|append|delete)[\w\s]*'(?P<key>[\w.]+)'")


def composition_problem(error: ConfigCompositionException, known: DictConfig) -> str:
    """What Hydra has against an override, with the nearest of the `known` keys."""
    text = str(error)
    match = _OVERRIDE_KEY.search(text)
    if not match:
        return text.replace("\n", " ")
    key = match["key"]
    parent, _, name = key.rpartition(".")
    siblings = OmegaConf.select(known, parent, throw_on_missing=False) if parent else known
    while parent and not isinstance(siblings, DictConfig):
        parent, _, name = parent.rpartition(".")
        siblings = OmegaConf.select(known, parent) if parent else known
    return f"There is no setting '{key}'.{_suggest(parent, name, siblings)}"


def _suggest(parent: str, name: str, siblings: DictConfig) -> str:
    prefix = f"{parent}." if parent else ""
    return did_you_mean(prefix + name, [f"{prefix}{one!s}" for one in siblings])


def refuse_unknown_keys(tree: DictConfig, base: DictConfig, place_of: PlaceOf) -> None:
    """ConfigError with every key of `tree` that the shipped configuration, `base`, has not.

    `place_of` tells, as words to be appended, in which file a key stands.
    """
    found = dict(_unknown_keys(tree, base, ""))
    if found:
        raise ConfigError("\n".join(f"{line}{place_of(key)}" for key, line in found.items()))


def _unknown_keys(tree: DictConfig, base: DictConfig, prefix: str) -> Iterator[tuple[str, str]]:
    """The keys that are not right, each with a line about it."""
    for key in tree:
        name = str(key)
        if not prefix and name in _VALIDATED_ELSEWHERE:
            continue
        if name not in base.keys():  # noqa: SIM118 - `in base` is False for a "???"
            known = [*(str(one) for one in base), *(() if prefix else _VALIDATED_ELSEWHERE)]
            hint = did_you_mean(prefix + name, [prefix + one for one in known])
            yield f"{prefix}{name}", f"There is no setting '{prefix}{name}'.{hint}"
            continue
        child, known_child = tree._get_node(key), base._get_node(name)
        if isinstance(known_child, DictConfig) and len(known_child) and not known_child._is_none():
            if isinstance(child, DictConfig):
                yield from _unknown_keys(child, known_child, f"{prefix}{name}.")
            else:
                line = f"{prefix}{name}: this is a group of settings, not a value."
                yield f"{prefix}{name}", line


def empty_mappings(base: DictConfig, prefix: str = "") -> Iterator[str]:
    """The keys that are `{}` in the shipped configuration: they take any key of the user's."""
    for key in base:
        node = base._get_node(key)
        if isinstance(node, DictConfig):
            if len(node) == 0:
                yield f"{prefix}{key!s}"
            else:
                yield from empty_mappings(node, f"{prefix}{key!s}.")
