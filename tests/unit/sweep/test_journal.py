"""The record of a sweep, which outlives the process and can be shared by several."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest

from relay.sweep.journal import JOURNAL, Claim, Journal
from relay.tracking.mlflow.owner import HOST
from tests.loading import ROOT
from tests.unit.sweep.made_sweeps import LAG, journal, search

optuna.logging.set_verbosity(optuna.logging.ERROR)

PROCESS = """
import sys, time
from pathlib import Path
import optuna
from tests.unit.sweep.made_sweeps import journal, search
from relay.sweep.journal import Claim

optuna.logging.set_verbosity(optuna.logging.ERROR)
shared = journal(Path(sys.argv[1]))
print("ready", flush=True)
while (claim := shared.claim(search(), int(sys.argv[2]))) != "none":
    if not isinstance(claim, Claim):
        time.sleep(0.01)
        continue
    print(claim.number, flush=True)
    time.sleep(float(sys.argv[3]))
    shared.finish(claim, "complete", claim.settings["a"], [{"score": claim.settings["a"]}], 0.1)
"""


def start(folder: Path, most: int, seconds: float) -> subprocess.Popen[str]:
    """Start a process that works on the sweep in `folder`; it prints the trials it claims."""
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS, str(folder), str(most), str(seconds)],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        stdout=subprocess.PIPE,
        text=True,
    )


def claim(shared: Journal, most: int | None = None) -> Claim:
    claimed = shared.claim(search(), most)
    assert isinstance(claimed, Claim)
    return claimed


def finish(shared: Journal, claimed: Claim, value: float = 0.5) -> None:
    shared.finish(claimed, "complete", value, [{"score": value}], 0.25)


def test_what_ended_is_read_back(tmp_path: Path) -> None:
    shared = journal(tmp_path)
    first, second, third = (claim(shared) for _ in range(3))
    finish(shared, first)
    shared.report(second, 1, 0.25)
    shared.finish(second, "stopped", 0.25, [{"score": 0.25}], 0.1)
    shared.finish(third, "failed", None, [], 0.1, "no room")
    again = journal(tmp_path).ended()
    assert [(one.number, one.status, one.value, one.error) for one in again] == [
        (0, "complete", 0.5, ""), (1, "stopped", 0.25, ""), (2, "failed", None, "no room"),
    ]  # fmt: skip
    assert again[0].settings == first.settings
    assert again[0].metrics == {"score": 0.5}
    study = optuna.load_study(study_name="small", storage=shared._storage)
    assert study.best_trial.params == first.settings


def test_no_trial_starts_before_those_that_it_depends_on_have_ended(tmp_path: Path) -> None:
    shared = journal(tmp_path)
    claims = [claim(shared) for _ in range(LAG)]
    for first in claims[:3]:
        assert shared.claim(search(), None) == "wait"
        finish(shared, first)
    assert [claim(shared).number for _ in range(3)] == [LAG, LAG + 1, LAG + 2]
    assert shared.claim(search(), None) == "wait"
    finish(shared, claims[3])
    assert claim(shared).number == LAG + 3


def test_after_the_last_trial_there_are_none(tmp_path: Path) -> None:
    shared = journal(tmp_path)
    last = claim(shared, 1)
    assert shared.claim(search(), 1) == "wait"
    finish(shared, last)
    assert shared.claim(search(), 1) == "none"
    assert shared.is_complete(1)
    assert not shared.is_complete(2)


def test_only_trials_that_have_ended_for_certain_are_compared_with(tmp_path: Path) -> None:
    shared = journal(tmp_path)
    compared = []
    for number in range(LAG + 4):
        claimed = claim(shared)
        compared.append(len(shared.report(claimed, 1, float(number))))
        finish(shared, claimed)
    # the first three with none that may run beside them, then at least with these three
    assert compared == [0, 0, 0, 0, 3, 3, 3, 4]


def test_a_process_that_is_killed_leaves_its_trial_to_the_next(tmp_path: Path) -> None:
    killed = start(tmp_path, 5, 600)
    assert killed.stdout is not None
    assert [killed.stdout.readline() for _ in range(2)] == ["ready\n", "0\n"]
    shared = journal(tmp_path)
    assert claim(shared).number == 1  # that of the other process is its own while it lives
    killed.kill()
    killed.wait()
    taken = claim(shared)
    assert taken.number == 0
    assert taken.settings == search().propose(0, []).settings


def test_half_a_line_of_a_killed_process_is_removed(tmp_path: Path) -> None:
    shared = journal(tmp_path)
    finish(shared, claim(shared))
    with (tmp_path / JOURNAL).open("ab") as file:
        file.write(b'{"op_code":4,"worker')
    again = journal(tmp_path)
    assert [one.number for one in again.ended()] == [0]
    assert claim(again).number == 1


@pytest.mark.parametrize(("age", "is_taken"), [(10, False), (70, True)])
def test_a_silent_process_of_another_machine_counts_as_ended(
    tmp_path: Path, age: float, is_taken: bool
) -> None:
    other = journal(tmp_path)
    other._owner |= {HOST: "another machine", "sign": "other"}
    claim(other)
    (tmp_path / "workers" / "other").touch()
    os.utime(tmp_path / "workers" / "other", times=(time.time() - age,) * 2)
    shared = journal(tmp_path)
    assert (claim(shared).number == 0) == is_taken


def test_several_processes_share_the_trials(tmp_path: Path) -> None:
    running = [start(tmp_path, 12, 0.05) for _ in range(3)]
    outputs = [process.communicate(timeout=60)[0].split()[1:] for process in running]
    assert sorted(int(number) for output in outputs for number in output) == list(range(12))
    assert all(outputs), "each of them had some"
    ended = journal(tmp_path).ended()
    assert [one.settings for one in ended] == [
        search().propose(number, []).settings for number in range(12)
    ]


def test_the_lag_stays_as_it_was(tmp_path: Path) -> None:
    journal(tmp_path)
    assert Journal(tmp_path, "small", "maximize", 16).lag == LAG


def test_the_journal_has_no_pickle(tmp_path: Path) -> None:
    finish(shared := journal(tmp_path), claim(shared))
    for line in (tmp_path / JOURNAL).read_text().splitlines():
        json.loads(line)
