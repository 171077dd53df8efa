"""How far long work is."""

from __future__ import annotations

import logging

import pytest

from relay.util import progress


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Set a clock that shows 0, 1, 6, 7 and 12 seconds, one after the other."""
    caplog.set_level(logging.INFO, "relay")
    seconds = iter([0, 1, 6, 7, 12])
    monkeypatch.setattr("relay.util.progress.time.monotonic", lambda: next(seconds))


def test_off_a_terminal_a_download_is_a_line_now_and_then(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with progress.show_progress("data.csv") as report:
        for done, total in ((1, 10), (2_000_000, 10_000_000), (3, 10), (4_000_000, None)):
            report(done, total)
    assert caplog.messages == ["data.csv: 2.0 of 10.0 MB (20%)", "data.csv: 4.0 MB"]


def test_rows_are_counted_as_such(caplog: pytest.LogCaptureFixture) -> None:
    with progress.show_progress("Predicting", "rows") as report:
        for done, total in ((1, 10), (25_000, 100_000), (3, 10), (50_000, None)):
            report(done, total)
    assert caplog.messages == [
        "Predicting: 25,000 of 100,000 rows (25%)",
        "Predicting: 50,000 rows",
    ]
