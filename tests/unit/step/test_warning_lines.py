"""Lines of a step's log: warnings have one look."""

from __future__ import annotations

import logging

import pytest

from relay.step.warning_collector import LineFormatter


@pytest.mark.parametrize(
    ("level", "line"),
    [
        (logging.INFO, "3 rows are left out"),
        (logging.WARNING, "Warning: 3 rows are left out"),
        (logging.ERROR, "3 rows are left out"),
    ],
)
def test_a_warning_is_marked_and_nothing_else(level: int, line: str) -> None:
    record = logging.LogRecord("relay", level, "a.py", 1, "%d rows are left out", (3,), None)
    assert LineFormatter().format(record).split(" ", 1)[1] == line
