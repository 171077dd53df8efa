"""What a sweep's command is about: the step that scores trials, and the space that is searched."""

from __future__ import annotations

import os

from relay.commands.sweep.arguments import Arguments
from relay.config.files import ConfigFiles
from relay.config.overrides import from_arguments
from relay.sweep.format import SweepFile
from relay.sweep.scoring_step import ScoringStep
from relay.sweep.space import Space, read_space
from relay.util.errors import ConfigError
from relay.util.paths import start_folder
from relay.util.project import Project


def plan_sweep(
    project: Project, file: SweepFile, arguments: Arguments
) -> tuple[ScoringStep, Space]:
    """Return the scoring step of a sweep, and its space without the settings of the command.

    Raises ConfigError if the file or a setting is wrong, or the command sets all parameters.
    """
    scoring_step = ScoringStep(
        project, from_arguments(arguments.overrides), start_folder(project.root, os.environ)
    )
    space = read_space(file, ConfigFiles.read(project.config).option_names())
    given = {override.lstrip("+").partition("=")[0] for override in scoring_step.plain.overrides}
    choices = {} if scoring_step.plain.origin is None else scoring_step.plain.origin.choices
    space = space.without(given, choices)
    if not space.dimensions:
        raise ConfigError(f"{file.place}: parameters: the command sets all of them. Set fewer.")
    return scoring_step, space
