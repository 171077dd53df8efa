"""Whether a trial ends before its last fold, as others were better after as many folds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from relay.sweep.format import EarlyTerminate

_FEWEST = 2
"""A trial is compared with so many others at least."""


def is_stopped(
    rule: EarlyTerminate | None, fold: int, value: float, others: Sequence[float]
) -> bool:
    """Return whether a trial with `value` after `fold` ends; higher values are better.

    `others` are the values of earlier trials after the same fold. With `median`, a trial ends if it
    is below their median. With `hyperband`, it ends at the folds min_iter, min_iter * eta, ...
    unless it is among the best 1/eta, as the server does.
    """
    if rule is None or fold < rule.first or len(others) < _FEWEST:
        return False
    if rule.type == "median":
        return value < statistics.median(others)
    if fold not in _rungs(rule, fold):
        return False
    better = sum(other > value for other in others)
    return better >= (len(others) + 1) / rule.eta


def _rungs(rule: EarlyTerminate, last: int) -> list[int]:
    """Return the folds up to `last` at which trials may end."""
    rungs = [rule.first]
    while rungs[-1] < last:
        rungs.append(int(rungs[-1] * rule.eta))
    return rungs
