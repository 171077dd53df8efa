"""Settings for one option of a group: `model.extra_trees.params.max_depth=6`.

Such a setting has an effect only if the option is chosen: it is then `model.params.max_depth=6`.
A sweep over several options gives the settings of all of them to each of its trials.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

Options = Mapping[str, Collection[str]]
"""The names of the options of each group."""


@dataclass(frozen=True)
class Condition:
    """A setting of a group, and the option of the group that it is for."""

    group: str
    option: str
    key: str


def split_condition(name: str, options: Options) -> Condition | None:
    """Return the condition in the name of a setting, or None if it has none."""
    group, _, rest = name.partition(".")
    option, _, setting = rest.partition(".")
    if not option or option not in options.get(group, ()):
        return None
    return Condition(group, option, f"{group}.{setting}" if setting else group)


def apply_conditions(
    overrides: Sequence[str], options: Options, chosen: Mapping[str, str]
) -> list[str]:
    """Return `overrides` for the options `chosen`: without the settings of other options.

    Those of the chosen ones are named as the group's settings.
    """
    kept = []
    for override in overrides:
        key, equals, value = override.partition("=")
        condition = split_condition(key, options)
        if condition is None or (condition.key == condition.group and not value.startswith("{")):
            kept.append(override)
        elif chosen.get(condition.group) == condition.option:
            kept.append(f"{condition.key}{equals}{value}")
    return kept
