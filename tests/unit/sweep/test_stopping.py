"""A trial that is worse than others after as many folds ends."""

from __future__ import annotations

import pytest

from relay.sweep.format import EarlyTerminate
from relay.sweep.stopping import is_stopped

MEDIAN = EarlyTerminate(type="median", min_iter=2)
HYPERBAND = EarlyTerminate(type="hyperband", min_iter=1, eta=3)
OTHERS = [0.1, 0.2, 0.3, 0.4, 0.5]


@pytest.mark.parametrize(
    ("rule", "fold", "value", "others", "stops"),
    [
        (None, 3, 0.0, OTHERS, False),
        (MEDIAN, 1, 0.0, OTHERS, False),
        (MEDIAN, 2, 0.29, OTHERS, True),
        (MEDIAN, 2, 0.3, OTHERS, False),
        (MEDIAN, 2, 0.0, OTHERS[:1], False),
        (HYPERBAND, 1, 0.35, OTHERS, True),
        (HYPERBAND, 1, 0.45, OTHERS, False),
        (HYPERBAND, 2, 0.0, OTHERS, False),
        (HYPERBAND, 3, 0.0, OTHERS, True),
    ],
)
def test_the_rule_decides(
    rule: EarlyTerminate | None, fold: int, value: float, others: list[float], stops: bool
) -> None:
    assert is_stopped(rule, fold, value, others) == stops
