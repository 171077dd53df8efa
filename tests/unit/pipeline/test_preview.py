"""`explain=true` shows for each selected step whether it is cached or would run, and why."""

from __future__ import annotations

import re
from io import StringIO

from rich.console import Console

from relay.pipeline.preview import show_reasons
from relay.pipeline.run_summary import StepSummary


def test_each_selected_step_has_a_line_with_its_plan_and_the_reason() -> None:
    output = StringIO()
    steps = [
        StepSummary("get_data", "not_selected"),
        StepSummary("split", "cached", outputs={"train": "t_train:v0", "test": "t_test:v1"}),
        StepSummary("train", "not_started", why="parameter model"),
        StepSummary("evaluate", "not_started"),
    ]
    show_reasons(Console(file=output, width=100), steps)
    lines = [re.split(r"  +", line.strip()) for line in output.getvalue().splitlines()]
    assert lines == [
        ["Step", "Plan", "Reason"],
        ["split", "cached", "t_train:v0, t_test:v1"],
        ["train", "run", "parameter model"],
        ["evaluate", "run", "an upstream step runs; cached if that makes the same output again"],
    ]
