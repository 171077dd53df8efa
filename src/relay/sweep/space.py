"""The space that a sweep searches: its parameters as settings, each with its distribution.

A parameter is named as the setting that it sets: `model.params.max_depth`. In a sweep over several
options of a group, `model.extra_trees.params.max_depth` is a setting of trials with
model=extra_trees only. The dots may be levels of nested `parameters`, too.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from relay.config.option_settings import Options, split_condition
from relay.sweep.distributions import (
    Choice,
    Constant,
    Distribution,
    Range,
    is_whole,
    narrowed_to_multiples,
)
from relay.sweep.format import Method, Parameter, SweepFile
from relay.util.errors import ConfigError
from relay.util.names import did_you_mean

_RANGES = (
    "uniform", "int_uniform", "q_uniform",
    "log_uniform_values", "q_log_uniform_values", "log_uniform", "q_log_uniform",
)  # fmt: skip
_CHOICES = ("categorical", "categorical_w_probabilities")
_CONSTANT = "constant"
_UNBOUNDED = ("normal", "q_normal", "log_normal", "q_log_normal", "beta", "q_beta")
_FIELDS: Mapping[str, Collection[str]] = {
    _CONSTANT: ("value",),
    "categorical": ("values", "probabilities"),
    "categorical_w_probabilities": ("values", "probabilities"),
    **{name: ("min", "max", "q") if name.startswith("q_") else ("min", "max") for name in _RANGES},
}


@dataclass(frozen=True)
class Dimension:
    """A parameter of a sweep."""

    name: str
    """The name in the file, with dots for levels."""
    place: str
    """The key in the file, for messages."""
    key: str
    """The setting that it sets."""
    distribution: Distribution
    group: str | None = None
    """The group on whose option it depends."""
    option: str | None = None
    """It is a setting of trials with this option only."""

    def is_active(self, chosen: Mapping[str, Any]) -> bool:
        """Return whether it is a setting of a trial with the options `chosen` of groups."""
        return self.group is None or chosen.get(self.group) == self.option


@dataclass(frozen=True)
class Space:
    """All parameters of a sweep; those that choose an option of a group come first."""

    groups: tuple[Dimension, ...]
    """The parameters that choose an option of a group, such as `model`."""
    others: tuple[Dimension, ...]
    chosen: Mapping[str, str] = field(default_factory=dict)
    """The options of groups that the sweep does not choose."""

    def without(self, keys: Collection[str], chosen: Mapping[str, str]) -> Space:
        """Return the space if the settings `keys` are given, and `chosen` are the options."""
        groups = tuple(one for one in self.groups if one.key not in keys)
        searched = {one.key for one in groups}
        return Space(
            groups,
            tuple(one for one in self.others if one.key not in keys),
            {group: option for group, option in chosen.items() if group not in searched},
        )

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """Return all parameters."""
        return (*self.groups, *self.others)

    def active(self, chosen: Mapping[str, Any]) -> list[Dimension]:
        """Return the parameters besides those of groups, in a trial with the options `chosen`."""
        options = {**self.chosen, **chosen}
        return [dimension for dimension in self.others if dimension.is_active(options)]


def read_space(sweep: SweepFile, options: Options) -> Space:
    """Return the space of `sweep`; `options` are the options of each group of settings.

    Raises ConfigError with a line for each mistake.
    """
    dimensions: dict[tuple[str, str | None], Dimension] = {}
    problems: list[str] = []
    for name, place, parameter in _flat(sweep.content.parameters):
        try:
            dimension = _dimension(sweep, name, place, parameter, options)
        except ConfigError as error:
            problems.append(str(error))
            continue
        before = dimensions.setdefault((dimension.key, dimension.option), dimension)
        if before is not dimension:
            problem = f"sets {dimension.key}, as {before.name} does. Remove one of the two."
            problems.append(sweep.locate(place, problem))
    if problems:
        raise ConfigError("\n".join(problems))
    found = dimensions.values()
    return Space(
        tuple(one for one in found if one.key in options),
        tuple(one for one in found if one.key not in options),
    )


def _flat(
    parameters: Mapping[str, Parameter], above: str = "", path: str = "parameters"
) -> Iterator[tuple[str, str, Parameter]]:
    """Yield name, key in the file, and content of each parameter that is not only a level."""
    for name, parameter in parameters.items():
        place = f"{path}.{name}"
        if parameter.parameters is None:
            yield f"{above}{name}", place, parameter
        else:
            yield from _flat(parameter.parameters, f"{above}{name}.", f"{place}.parameters")


def _dimension(
    sweep: SweepFile, name: str, place: str, parameter: Parameter, options: Options
) -> Dimension:
    distribution = _distribution(sweep, place, parameter)
    method: Method = sweep.content.method
    if method == "grid" and distribution.all_values() is None:
        raise sweep.error(
            place,
            "method: grid tries every value, but this range has no end of them. Give `values`, "
            "distribution: q_uniform with q, or set method to bayes or random.",
        )
    if method == "grid" and isinstance(distribution, Choice) and distribution.probabilities:
        raise sweep.error(
            place, "method: grid tries every value once. Remove `probabilities`, or set another."
        )
    condition = split_condition(name, options)
    if condition is None:
        if name in options and isinstance(distribution, Range):
            raise sweep.error(place, f"chooses a file of config/{name}/. Give `values`.")
        return Dimension(name, place, name, distribution)
    return Dimension(
        name, place, condition.key, distribution, group=condition.group, option=condition.option
    )


def _distribution(sweep: SweepFile, place: str, parameter: Parameter) -> Distribution:
    """Return the distribution of `parameter`, at the key `place` of the file.

    Raises ConfigError if it is incomplete, or contradicts itself.
    """
    given = [name for name in Parameter.model_fields if name in parameter.model_fields_set]
    kind = parameter.distribution or _guess_kind(parameter)
    if kind is None:
        raise sweep.error(
            place,
            "needs value, values, or min and max"
            + (f" (got {', '.join(given)})." if given else ".")
            + " Add one of these.",
        )
    if kind in _UNBOUNDED:
        raise sweep.error(
            place,
            f"distribution '{kind}' is not supported, as its values have no bounds that could be "
            "checked. Use uniform or log_uniform_values with min and max.",
        )
    if kind not in _FIELDS:
        hint = did_you_mean(kind, _FIELDS)
        raise sweep.error(f"{place}.distribution", f"there is no distribution '{kind}'.{hint}")
    takes = _FIELDS[kind]
    for name in given:
        if name not in ("distribution", *takes):
            raise sweep.error(
                f"{place}.{name}",
                f"distribution {kind} has no {name}. Remove it, or set another distribution.",
            )
    for name in takes:
        if name not in given and name not in ("q", "probabilities"):
            raise sweep.error(place, f"distribution {kind} needs {name}. Add it.")
    try:
        return _make(kind, parameter)
    except ValueError as error:
        raise sweep.error(place, f"{error}.") from error


def _guess_kind(parameter: Parameter) -> str | None:
    """Return the distribution of a parameter that names none, as the server chooses it."""
    given = parameter.model_fields_set
    if "value" in given:
        return _CONSTANT
    if "values" in given:
        return "categorical"
    if "min" in given or "max" in given:
        ends = (parameter.min, parameter.max)
        return "int_uniform" if all(isinstance(end, int) for end in ends) else "uniform"
    return None


def _make(kind: str, parameter: Parameter) -> Distribution:
    """Return the distribution `kind`. Raises ValueError, with what to do, if a value is wrong."""
    if kind == _CONSTANT:
        return Constant(parameter.value)
    if kind in _CHOICES:
        return _choice(parameter)
    low, high = cast(float, parameter.min), cast(float, parameter.max)
    if low >= high:
        raise ValueError(f"min must be less than max (got {low} and {high}). Swap or correct them")
    if kind == "int_uniform":
        if not is_whole(low, high):
            raise ValueError(f"int_uniform needs whole numbers (got {low} and {high}). Use uniform")
        return Range(int(low), int(high), is_whole=True)
    is_log = "log" in kind
    if is_log and not kind.endswith("_values"):
        low, high = math.exp(low), math.exp(high)  # the format's min and max are exponents of e
    if is_log and low <= 0:
        raise ValueError(f"min must be above 0 for {kind} (got {low}). Raise it, or use uniform")
    if not kind.startswith("q_"):
        return Range(float(low), float(high), is_log=is_log)
    q = 1 if parameter.q is None else parameter.q
    low, high = narrowed_to_multiples(low, high, q)
    if low >= high:
        raise ValueError(f"q={q} leaves one value, {low:g}. Give a smaller q, or `value`")
    if is_log and low <= 0:
        low = q
    return Range(low, high, is_whole=is_whole(low, high, q), is_log=is_log, q=q)


def _choice(parameter: Parameter) -> Choice:
    values = tuple(parameter.values or ())
    for place, value in enumerate(values):
        if value in values[:place]:
            raise ValueError(f"values has {value!r} twice. Remove one of the two")
    weights = parameter.probabilities
    if weights is None:
        return Choice(values)
    if len(weights) != len(values):
        raise ValueError(
            f"probabilities must have {len(values)} entries, one for each of values "
            f"(got {len(weights)}). Add or remove some"
        )
    if min(weights) < 0 or not math.isclose(sum(weights), 1, abs_tol=1e-6):
        raise ValueError(
            f"probabilities must be at least 0 and add up to 1 (got {sum(weights):g}). Correct them"
        )
    return Choice(values, tuple(weights))
