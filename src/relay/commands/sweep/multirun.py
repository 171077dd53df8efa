"""`main.py -m key=1,2`, as users of Hydra type it: a sweep over every combination of the values."""

from __future__ import annotations

import os
from collections.abc import Sequence

from rich.console import Console

from relay.commands.sweep.arguments import Arguments
from relay.commands.sweep.command import run_sweep
from relay.config import compose
from relay.config.composed import COMMAND
from relay.config.overrides import from_arguments, sweep_values
from relay.sweep.format import Content, Metric, Parameter, SweepFile
from relay.sweep.scoring_step import require_sweep
from relay.util.errors import ConfigError
from relay.util.paths import start_folder
from relay.util.project import Project
from relay.util.setting_text import shell_word

_FLAGS = ("-m", "--multirun")
_NAME = "grid"
_PLACE = "-m"


def multirun(project: Project, argv: Sequence[str], console: Console) -> int:
    """Run a grid sweep over the values in `argv`, and the pipeline with the best of them.

    Returns and raises as `sweep` does; raises ConfigError if no setting has several values.
    """
    words = [word for word in argv if word not in _FLAGS]
    fixed: list[str] = []
    parameters: dict[str, Parameter] = {}
    for override in from_arguments(words):
        values = sweep_values(override)
        if values is None:
            fixed.append(override)
        else:
            parameters[override.partition("=")[0]] = Parameter(values=values)
    if not parameters:
        raise ConfigError(
            f"{_PLACE}: no setting has several values. Write them with commas, such as "
            "model.params.max_depth=4,8, or leave -m out."
        )
    plain = compose.load(project.config, fixed, start_folder(project.root, os.environ))
    metric = require_sweep(plain.settings).metric
    if metric is None:
        raise ConfigError(
            "pipeline.sweep.metric: is not set. Name the metric of the scoring step by which "
            "values are compared; higher is better."
        )
    content = Content(
        method="grid", metric=Metric(name=metric, goal="maximize"), parameters=parameters
    )
    jobs = plain.settings.jobs if any(word.startswith("jobs=") for word in fixed) else 1
    arguments = Arguments(_NAME, fixed, jobs=jobs)
    command = " ".join([COMMAND, *map(shell_word, argv)])
    return run_sweep(project, SweepFile(_NAME, _PLACE, content, {}), arguments, console, command)
