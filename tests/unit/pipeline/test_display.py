"""What is printed at the end of a run."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from relay.pipeline.display import LiveDisplay, show_log, show_summary
from relay.pipeline.run_summary import StepSummary, Summary
from relay.runtime.usage import Usage


def shown(steps: Sequence[StepSummary], log: Sequence[str] = ()) -> str:
    printed = io.StringIO()
    console = Console(file=printed, width=120)
    for step in steps:
        if step.status == "failed":
            show_log(console, log, step, str(step.log))
    summary = Summary("failed", "local", "now", None, False, list(steps))
    show_summary(console, summary, "outputs/summary.json", {})
    return printed.getvalue()


def failed(error: str) -> StepSummary:
    return StepSummary("train", "failed", error=error, log="logs/train.log")


def test_an_error_is_shown_once_beside_the_other_lines_of_the_log() -> None:
    error = "the table breaks 2 rules:\n  a: missing\n\n  b: missing"
    log = ["reading", "Error: the table breaks 2 rules:", "  a: missing", "  b: missing", "ended"]
    text = shown([failed(error)], log)
    assert text.count("breaks 2 rules") == text.count("a: missing") == 1
    assert "Last lines of logs/train.log:\n  reading\n  ended\n" in text
    assert "train failed: the table breaks 2 rules" in text


def test_times_in_a_log_do_not_hide_that_it_has_the_error() -> None:
    times = "15:22:57 "
    log = [f"{times}reading", f"{times}Error: the file is gone"]
    text = shown([failed("the file is gone")], log)
    assert text.count("the file is gone") == 1
    assert f"{times}reading" in text


def test_the_notes_of_a_step_are_shown_with_its_name() -> None:
    text = shown([StepSummary("predict", "ran", notes=["3 rows predicted, in out.csv"])])
    assert "\npredict: 3 rows predicted, in out.csv\n" in text


def test_a_log_that_has_nothing_else_is_not_shown() -> None:
    text = shown([failed("no column 'x'")], ["Error: no column 'x'"])
    assert "Last lines" not in text
    assert text.count("no column 'x'") == 1


def test_a_log_without_the_error_is_shown_as_it_ends() -> None:
    log = [f"line {number}" for number in range(40)]
    text = shown([failed("it was killed (signal 9)")], log)
    assert "line 39" in text
    assert "line 24" not in text


def test_a_step_that_the_run_did_not_reach_was_not_started() -> None:
    lines = shown([failed("no"), StepSummary("evaluate", "not_started")]).splitlines()
    assert [line.split() for line in lines if "evaluate" in line] == [
        ["-", "evaluate", "not", "started"]
    ]


def test_a_cached_step_has_the_numbers_of_when_it_ran() -> None:
    step = StepSummary("evaluate", "cached", outputs={"e": "e:v0"}, metrics={"r2": 0.5})
    assert "cached  e:v0  r2=0.500" in shown([step])


def drawn(display: LiveDisplay, printed: io.StringIO, text: str) -> str:
    """All that was drawn, once `text` is among it."""
    deadline = time.monotonic() + 10
    while text not in printed.getvalue():
        assert time.monotonic() < deadline, f"{text} was not drawn"
        time.sleep(0.02)
    return printed.getvalue()


def terminal(printed: io.StringIO, *, height: int) -> LiveDisplay:
    return LiveDisplay(
        Console(
            file=printed,
            width=60,
            height=height,
            force_terminal=True,
            force_interactive=True,
            _environ={"TERM": "xterm"},
        )
    )


def test_a_live_table_that_is_higher_than_the_terminal_is_not_drawn_again_at_the_end() -> None:
    printed = io.StringIO()
    display = terminal(printed, height=8)
    display.open([f"step_{number}" for number in range(20)], "uv", Path("outputs"))
    before = drawn(display, printed, "step_3")
    display.close()
    after = printed.getvalue().removeprefix(before)
    assert "step_" not in after
    assert after.count("\x1b[1A") == 7  # each of the lines that were there is erased


@pytest.mark.parametrize("height", [2, 20])
def test_a_line_has_room_for_what_the_terminal_shows_of_a_key(height: int) -> None:
    printed = io.StringIO()
    display = terminal(printed, height=height)
    display.open(["train"], "uv", Path("outputs"))
    display.started("train")
    display.running("train", Usage(1, 1, 1), "a line of a log that fills the terminal " * 3)
    lines = Text.from_ansi(drawn(display, printed, "a line of")).plain.splitlines()
    display.close()
    assert any(len(line) > 50 for line in lines)
    assert all(len(line) < 58 for line in lines)


def test_until_a_step_begins_something_moves() -> None:
    printed = io.StringIO()
    display = terminal(printed, height=20)
    display.open(["train"], "uv", Path("outputs"))
    before = drawn(display, printed, "getting ready")
    display.started("train")
    after = drawn(display, printed, "0.0 s").removeprefix(before)
    display.close()
    assert "getting ready" not in after.rpartition("train")[2]


def test_a_run_that_was_stopped_shows_the_command_that_continues_it() -> None:
    printed = io.StringIO()
    summary = Summary("killed", "local", "now", None, False, command="./relay run model=linear")
    show_summary(Console(file=printed, width=120), summary, "outputs/summary.json", {})
    line = "To continue from what is finished: ./relay run model=linear\n"
    assert printed.getvalue().endswith(line)


@pytest.mark.parametrize("is_open", [False, True])
def test_the_line_before_a_build_stays_on_the_terminal(is_open: bool) -> None:
    """A sweep builds without a table; in a run, the table is drawn below the line."""
    printed = io.StringIO()
    display = terminal(printed, height=20)
    if is_open:
        display.open(["train"], "uv", Path("outputs"))
    line = "Building the environment of train: about 1.6 GB of disk and 2 minutes ..."
    display.build_starts(line)
    display.building(["train"], Usage(3, 1, 1), "Downloading jaxlib")
    display.close()
    assert line in Text.from_ansi(printed.getvalue()).plain.splitlines()
