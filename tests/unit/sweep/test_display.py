"""What a sweep shows."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from relay.sweep.display import SweepDisplay
from relay.sweep.journal import Ended

TRIAL = Ended(
    0, "complete", {"model": "linear", "model.params.alpha": 0.123456}, 0.51234, {}, [], 1.25, ""
)


def display(width: int = 120, is_terminal: bool = False) -> tuple[SweepDisplay, io.StringIO]:
    output = io.StringIO()
    console = Console(file=output, width=width, force_terminal=is_terminal, color_system=None)
    return SweepDisplay(console, "small", "cv_score", True, ["model"], 3, None), output


def test_without_a_terminal_each_trial_is_a_line() -> None:
    shown, output = display()
    shown.open()
    shown.started(0, TRIAL.settings)
    shown.advanced(0, 1, {"cv_score": 0.4})
    shown.ended(TRIAL)
    shown.ended(replace(TRIAL, number=1, status="failed", value=None, error="no room"))
    shown.ended(replace(TRIAL, number=2, status="stopped", rows=[{"cv_score": 0.51234}]))
    shown.close()
    assert output.getvalue().splitlines() == [
        "✔ trial 0  cv_score=0.5123  1.2 s  alpha=0.1235",
        "✘ trial 1  1.2 s  no room",
        "- trial 2  cv_score=0.5123 after 1 fold  1.2 s  alpha=0.1235",
    ]


def test_the_end_has_the_best_trials_first_and_counts_the_others() -> None:
    shown, output = display()
    shown.done = [
        TRIAL,
        replace(TRIAL, number=1, value=0.75, settings={"model.params.alpha": 2}),
        replace(TRIAL, number=2, status="failed", value=None),
    ]
    shown.show_end()
    lines = [line.rstrip() for line in output.getvalue().splitlines()]
    assert lines == [
        "Trial  cv_score  Time   alpha",
        "1      0.75      1.2 s  2",
        "0      0.5123    1.2 s  0.1235",
        "Sweep small: 3 of 3 trials, 1 failed, best 0.75 (trial 1)",
    ]


def test_a_sweep_with_more_trials_than_asked_for_has_no_part() -> None:
    shown, output = display()
    shown.done = [replace(TRIAL, number=number) for number in range(4)]
    shown.show_end()
    assert "Sweep small: 4 trials, best" in output.getvalue()


def test_settings_that_not_all_trials_have_share_a_column() -> None:
    shown, output = display()
    shown.constant = []
    shown.done = [TRIAL, replace(TRIAL, number=1, settings={"model": "tree", "depth": 3, "n": 5})]
    shown.show_end()
    lines = [line.rstrip() for line in output.getvalue().splitlines()]
    assert lines[:3] == [
        "Trial  cv_score  Time   model   Other settings",
        "0      0.5123    1.2 s  linear  alpha=0.1235",
        "1      0.5123    1.2 s  tree    depth=3  n=5",
    ]


def test_a_terminal_shows_what_runs_and_the_best_so_far() -> None:
    shown, output = display(is_terminal=True)
    shown.done = [TRIAL]
    shown.open()
    shown.started(1, {"model": "linear", "model.params.alpha": 2.0})
    shown.advanced(1, 2, {})
    shown.idle()
    shown.close()
    text = output.getvalue()
    assert "Continuing this sweep after 1 trial" in text
    assert "1 of 3 trials, best 0.5123 (trial 0)" in text
    assert "trial 1, 2 folds done  alpha=2" in text


def test_problems_of_records_are_warnings() -> None:
    shown, output = display()
    shown.warn(["the store is full."])
    assert output.getvalue() == (
        "Warning: some runs of trials were not recorded: the store is full.\n"
    )
