"""A sweep that is interrupted again and again ends as one that is not."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from relay.sweep.journal import Ended
from relay.sweep.search import Settings
from relay.util.errors import Interrupted
from tests.unit.sweep.made_sweeps import sweep_file
from tests.unit.sweep.test_loop import Notes, run

MOST = 24
RULE = "early_terminate: {type: hyperband, min_iter: 1, eta: 2}\n"


class Interrupting(Notes):
    """Raises Interrupted at the events that `chance` chooses: nothing after them is written."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance

    def started(self, number: int, settings: Settings) -> None:
        self._perhaps()

    def advanced(self, number: int, fold: int, metrics: Mapping[str, float]) -> None:
        self._perhaps()

    def ended(self, trial: Ended) -> None:
        self._perhaps()

    def _perhaps(self) -> None:
        if self._chance.random() < 0.15:
            raise Interrupted(9)


def results(trials: list[Ended]) -> list[object]:
    """Return what decides the sweep: all but the times."""
    return [(one.number, one.status, one.settings, one.value, one.rows) for one in trials]


@pytest.mark.parametrize("seed", [1, 2])
def test_after_ten_interruptions_at_any_moment_all_trials_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    file = sweep_file("bayes", RULE)
    whole = run(tmp_path / "whole", most=MOST, jobs=2, file=file)
    assert len({trial.status for trial in whole}) > 1
    monkeypatch.setattr("relay.sweep.journal.is_gone", lambda owner: True)
    chance, interruptions = random.Random(seed), 0  # noqa: S311 - not for secrets
    while interruptions < 10:
        try:
            run(
                tmp_path / "again", most=MOST, jobs=1 + interruptions % 3, file=file,
                watcher=Interrupting(chance),
            )  # fmt: skip
            pytest.fail(f"ended after {interruptions} interruptions: try more trials")
        except Interrupted:
            interruptions += 1
    again = run(tmp_path / "again", most=MOST, jobs=2, file=file)
    assert results(again) == results(whole)
