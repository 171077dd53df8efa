"""Formulas by which a few columns yield the target: a sum, a difference, a product, a ratio."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from drift import numbers
from numpy.typing import NDArray

from relay.tables.io import is_categorical

EXACT = 0.9999
"""The least R2 of a formula, also on rows that it was not fitted on."""
FEWEST_KNOWN = 0.9
FEWEST_ROWS = 40
MOST_COLUMNS = 12
MOST_STEPS = 40
_ROWS, _CELLS = 2000, 8_000_000
_ROWS_PER_STEP = 4
_PARALLEL = 1e-12
_SIMPLE = 0.02
"""The distance from a simple number below which a weight or power is taken for it."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Formula:
    """Columns that together yield the target, how exactly (R2), and by what formula."""

    columns: list[str]
    exactness: float
    words: str


def find_formula(table: pd.DataFrame, target: str, *, without: Collection[str]) -> Formula | None:
    """Return the formula by which several columns of `table` yield the numeric column `target`.

    It is a weighted sum, or a product of powers, of 2 to 12 columns of numbers, booleans and times
    (in days), except those in `without`; None if there is no such formula. It is fitted on one
    half of the rows and has to hold on the other: if there are many columns, some always fit a few
    rows. At most 2,000 rows are used.
    """
    if is_categorical(table[target]) or pd.api.types.is_datetime64_any_dtype(table[target]):
        return None
    names = [
        str(name)
        for name, values in table.items()
        if name != target and name not in without and _is_number(values)
    ]
    count = min(_ROWS, _CELLS // max(1, len(names)), len(table))
    rows = table[[*names, target]].sample(count, random_state=0)
    names = [name for name in names if rows[name].notna().mean() >= FEWEST_KNOWN]
    if len(names) < 2:
        return None
    x = np.column_stack([numbers(rows[name]) for name in names])
    y = numbers(rows[target])
    complete = np.isfinite(x).all(axis=1) & np.isfinite(y)
    x, y = x[complete], y[complete]
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
    """Fit a product as a sum of logarithms, whose weights are the powers."""
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
    """Return the few columns of `x` that yield `y`: their places, weights, the constant, and R2.

    Forward selection by orthogonal least squares: each time the column that explains most of the
    rest of `y`, until the columns are enough. Then those are removed that the others can replace.
    """
    half = np.arange(len(y)) % 2 == 0
    if len(y) < FEWEST_ROWS or np.std(y[half]) == 0 or np.std(y[~half]) == 0:
        return None

    def exactness(chosen: list[int]) -> float:
        weights, constant = _fit(x[half][:, chosen], y[half])
        return min(_r2(y[part], x[part][:, chosen] @ weights + constant) for part in (half, ~half))

    chosen = _choose_columns(x[half], y[half])
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


def _choose_columns(x: Floats, y: Floats) -> list[int]:
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
    """Return the weights and the constant of least squares."""
    middle, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 0, spread, 1)
    solution, *_ = np.linalg.lstsq((x - middle) / spread, y - y.mean(), rcond=None)
    weights = solution / spread
    return weights, float(y.mean() - middle @ weights)


def _r2(y: Floats, predicted: Floats) -> float:
    return 1 - float(np.mean((y - predicted) ** 2) / np.var(y))
