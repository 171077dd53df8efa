"""What a sweep's server decides: the parameters of the next run, and which runs end early."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.wandb_server.model import ApiError

Parameters = Mapping[str, Any]
"""The `parameters` of a sweep's configuration, also those below a parameter."""


def grid(parameters: Parameters) -> Iterator[dict[str, Any]]:
    """Yield every combination of values once; the last parameter changes first."""
    each = [_all_values(name, spec) for name, spec in parameters.items()]
    for values in itertools.product(*each):
        yield dict(zip(parameters, values, strict=True))


def sample(parameters: Parameters, chance: random.Random) -> dict[str, Any]:
    """Return a value for each parameter by chance."""
    return {name: _sample(name, spec, chance) for name, spec in parameters.items()}


def _all_values(name: str, spec: Parameters) -> list[Any]:
    if "parameters" in spec:
        return list(grid(spec["parameters"]))
    if "values" in spec:
        return list(spec["values"])
    if "value" in spec:
        return [spec["value"]]
    if _kind(name, spec) == "int_uniform":
        return list(range(spec["min"], spec["max"] + 1))
    raise ApiError(f"parameter {name}: a grid needs values, a value or whole numbers")


def _sample(name: str, spec: Parameters, chance: random.Random) -> Any:
    if "parameters" in spec:
        return sample(spec["parameters"], chance)
    if "value" in spec:
        return spec["value"]
    if "values" in spec:
        return chance.choices(spec["values"], spec.get("probabilities"))[0]
    low, high = spec.get("min"), spec.get("max")
    if low is None or high is None:
        raise ApiError(f"parameter {name}: no values, value or min and max")
    kind = _kind(name, spec)
    if kind == "int_uniform":
        return chance.randint(low, high)
    if kind.endswith("log_uniform_values"):
        value = math.exp(chance.uniform(math.log(low), math.log(high)))
    elif kind.endswith("log_uniform"):
        value = math.exp(chance.uniform(low, high))
    elif kind.endswith("uniform"):
        value = chance.uniform(low, high)
    else:
        raise ApiError(f"parameter {name}: this server has no distribution {kind}")
    if not kind.startswith("q_"):
        return value
    q = spec.get("q", 1)
    return round(value / q) * q


def _kind(name: str, spec: Parameters) -> str:
    kind = spec.get("distribution")
    if kind is not None:
        return str(kind)
    is_whole = all(isinstance(spec.get(end), int) for end in ("min", "max"))
    return "int_uniform" if is_whole else "uniform"


def stopped_early(
    rule: Mapping[str, Any], rows: Mapping[str, Sequence[float]], running: Sequence[str]
) -> set[str]:
    """Return the `running` runs that hyperband ends; `rows` are values of each run, less is better.

    A run is compared at the last of the numbers of rows min_iter, min_iter * eta, ... that it has
    reached, with all runs that have come so far; it ends unless it is among the best 1/eta.
    """
    if rule.get("type") != "hyperband":
        raise ApiError(f"early_terminate: this server has no type {rule.get('type')!r}")
    eta, band = int(rule.get("eta", 3)), int(rule["min_iter"])
    ended: set[str] = set()
    while any(len(rows.get(name, ())) >= band for name in running):
        best = {name: min(values[:band]) for name, values in rows.items() if len(values) >= band}
        kept = sorted(best, key=lambda name: best[name])[: math.ceil(len(best) / eta)]
        at_band = [name for name in running if band <= len(rows.get(name, ())) < band * eta]
        ended |= {name for name in at_band if name not in kept}
        band *= eta
    return ended
