"""Numbers that a few other columns yield by a formula: a sum, a difference, a product, a ratio."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from drift import numbers
from numpy.typing import NDArray

from relay.tables.io import is_categorical

EXACT = 0.9999
"""The least R2 of a formula, also on rows that it was not found on."""
FEWEST_KNOWN = 0.9
FEWEST_ROWS = 40
MOST_COLUMNS = 12
MOST_STEPS = 40
_ROWS, _CELLS = 2000, 8_000_000
_ROWS_PER_STEP = 4
_PARALLEL = 1e-12
_SIMPLE = 0.02
"""So near to a simple number a weight or power is taken for it."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Formula:
    """Columns that together yield the target, how exactly (R2), and by what formula."""

    columns: list[str]
    exactness: float
    words: str


def find_formula(table: pd.DataFrame, target: str, *, without: Collection[str]) -> Formula | None:
    """The formula by which several columns of `table` yield the numeric column `target`.

    A weighted sum, or a product of powers, of numbers, truths and times (as days), but for those
    `without`. None if there is none of 2 to 12 columns. It is found on one half of the rows
    and has to hold on the other: where columns are many, some always fit a few rows. Of large
    tables at most 2000 rows are looked at.
    """
    if is_categorical(table[target]) or pd.api.types.is_datetime64_any_dtype(table[target]):
        return None
    names = [
        str(name)
        for name, values in table.items()
        if name != target and name not in without and _is_number(values)
    ]
    some = min(_ROWS, _CELLS // max(1, len(names)), len(table))
    rows = table[[*names, target]].sample(some, random_state=0)
    names = [name for name in names if rows[name].notna().mean() >= FEWEST_KNOWN]
    if len(names) < 2:
        return None
    x = np.column_stack([numbers(rows[name]) for name in names])
    y = numbers(rows[target])
    known = np.isfinite(x).all(axis=1) & np.isfinite(y)
    x, y = x[known], y[known]
    return _sum(x, y, names, target) or _product(x, y, names, target)


def _is_number(values: pd.Series) -> bool:
    types = pd.api.types
    return (
        types.is_bool_dtype(values)
        or types.is_numeric_dtype(values)
        or types.is_datetime64_any_dtype(values)
    )


def _sum(x: Floats, y: Floats, names: Sequence[str], target: str) -> Formula | None:
    fitted = _sparse_fit(x, y)
    if fitted is None:
        return None
    chosen, weights, constant, exactness = fitted
    terms = [_term(weight, names[at]) for at, weight in zip(chosen, weights, strict=True)]
    if abs(constant) > _SIMPLE * np.std(y):
        terms.append(_term(constant, ""))
    words = " ".join(terms).removeprefix("+ ")
    return Formula([names[at] for at in chosen], exactness, f"{target} = {words}")


def _term(weight: float, name: str) -> str:
    sign, size = "-" if weight < 0 else "+", abs(weight)
    if not name:
        return f"{sign} {size:.4g}"
    return f"{sign} {name}" if abs(size - 1) < _SIMPLE else f"{sign} {size:.4g} * {name}"


def _product(x: Floats, y: Floats, names: Sequence[str], target: str) -> Formula | None:
    """Of logarithms a product is a sum, whose weights are the powers."""
    there = y != 0
    if there.mean() < FEWEST_KNOWN / 2:
        return None
    places = np.flatnonzero((x[there] != 0).mean(axis=0) >= FEWEST_KNOWN)
    if len(places) < 2:
        return None
    there &= (x[:, places] != 0).all(axis=1)
    fitted = _sparse_fit(np.log(np.abs(x[there][:, places])), np.log(np.abs(y[there])))
    if fitted is None:
        return None
    chosen, powers, constant, exactness = fitted
    if np.abs(powers * 2 - np.round(powers * 2)).max() > _SIMPLE:
        return None
    columns = [names[places[at]] for at in chosen]
    factor = "" if abs(constant) < _SIMPLE else f"{np.exp(constant):.4g}"
    above = [_power(name, power) for name, power in zip(columns, powers, strict=True) if power > 0]
    below = [_power(name, -power) for name, power in zip(columns, powers, strict=True) if power < 0]
    words = " * ".join(filter(None, [factor, *above])) or "1"
    return Formula(columns, exactness, f"{target} = " + " / ".join([words, *below]))


def _power(name: str, power: float) -> str:
    simple = round(power * 2) / 2
    return name if simple == 1 else f"{name}^{simple:g}"


def _sparse_fit(x: Floats, y: Floats) -> tuple[list[int], Floats, float, float] | None:
    """The few columns of `x` that yield `y`: their places, weights, the constant, and R2.

    Columns are taken one after the other, each time the one that explains most of what is left
    beside those taken (orthogonal least squares), until they are enough; then those go again
    without which the rest yield it as well.
    """
    half = np.arange(len(y)) % 2 == 0
    if len(y) < FEWEST_ROWS or np.std(y[half]) == 0 or np.std(y[~half]) == 0:
        return None

    def exactness(chosen: list[int]) -> float:
        weights, constant = _fit(x[half][:, chosen], y[half])
        return min(_r2(y[part], x[part][:, chosen] @ weights + constant) for part in (half, ~half))

    chosen = _chosen(x[half], y[half])
    if len(chosen) < 2 or exactness(chosen) < EXACT:
        return None
    weights, _ = _fit(x[half][:, chosen], y[half])
    for at in [chosen[place] for place in np.argsort(np.abs(weights * x[half][:, chosen].std(0)))]:
        fewer = [other for other in chosen if other != at]
        if fewer and exactness(fewer) >= EXACT:
            chosen = fewer
    if not 2 <= len(chosen) <= MOST_COLUMNS:
        return None
    chosen = sorted(chosen)
    weights, constant = _fit(x[:, chosen], y)
    return chosen, weights, constant, exactness(chosen)


def _chosen(x: Floats, y: Floats) -> list[int]:
    spread = x.std(axis=0)
    left = (x - x.mean(axis=0)) / np.where(spread > 0, spread, np.inf)
    rest = (y - y.mean()) / y.std()
    chosen: list[int] = []
    for _ in range(min(MOST_STEPS, len(y) // _ROWS_PER_STEP, x.shape[1])):
        lengths = np.einsum("ij,ij->j", left, left)
        usable = lengths > _PARALLEL * len(y)
        gains = np.where(usable, (rest @ left) ** 2 / np.where(usable, lengths, 1), -1)
        best = int(np.argmax(gains))
        if gains[best] < 0:
            break
        direction = left[:, best] / np.sqrt(lengths[best])
        rest = rest - direction * (direction @ rest)
        left -= np.outer(direction, direction @ left)
        left[:, best] = 0
        chosen.append(best)
        if np.mean(rest**2) < (1 - EXACT) / 100:
            break
    return chosen


def _fit(x: Floats, y: Floats) -> tuple[Floats, float]:
    """The weights and the constant of least squares."""
    middle, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 0, spread, 1)
    found, *_ = np.linalg.lstsq((x - middle) / spread, y - y.mean(), rcond=None)
    weights = found / spread
    return weights, float(y.mean() - middle @ weights)


def _r2(y: Floats, predicted: Floats) -> float:
    return 1 - float(np.mean((y - predicted) ** 2) / np.var(y))
