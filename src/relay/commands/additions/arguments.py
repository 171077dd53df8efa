"""The command lines of `relay new-component` and `relay new-pipeline`, and their help."""

from __future__ import annotations

import argparse
import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from relay.util.errors import ConfigError

COMPONENT_HELP = """\
Usage: ./relay new-component NAME --input STEP.OUTPUT [options]
       ./relay new-component NAME --template model [options]

Writes a component that works at once, to be filled with your own code:
  ./relay new-component drift --input clean.clean       a step that reads the clean table
  ./relay new-component train_ridge --template model    a model of yours, in place of `train`

  components/NAME/               params.py (parameters), run.py (the work), links to an environment
  tests/unit/components/NAME/    its test, which `make test` runs
  config/pipeline/own.yaml       the step, with its settings: ./relay run pipeline=own

Relay has no file of these names, so that a newer Relay is merged without a conflict.

Options:
  --input STEP.OUTPUT  the output that it reads, such as clean.clean
  --template T         what to begin with; table: reads a table (the default); files: reads any
                       files; model: trains a model, in place of the step that makes the model
  --pipeline P         the pipeline to add the step to, config/pipeline/P.yaml; default: own.
                       A new one has all steps of the default pipeline
  --environment E      the folder of environments/ that it runs in; default: table, or model.
                       A new one is made from --packages
  --packages A,B       what a new environment has besides that, as in requirements.in

Exit status: 0 success; 1 the lock of a new environment could not be made; 2 the command is wrong.
"""
PIPELINE_HELP = """\
Usage: ./relay new-pipeline NAME [options]

Writes a pipeline for data of another kind than tables: one step that reads the files of a folder,
and others after it. It works at once, to be filled with your own code:
  ./relay new-pipeline letters --steps read,count
  ./relay run pipeline=letters data.folder=FOLDER

  config/pipeline/NAME.yaml           the steps and their settings
  config/data/NAME.yaml               the settings of the data: folder, pattern
  components/NAME_STEP/               a component for each step
  tests/unit/components/NAME_STEP/    its test, which `make test` runs

Options:
  --steps A,B,...   names of the steps; each reads the output of the one before it; default:
                    read,measure
  --environment E   the folder of environments/ that they run in; default: table.
                    A new one is made from --packages
  --packages A,B    what a new environment has, as in requirements.in

Exit status: 0 success; 1 the lock of a new environment could not be made; 2 the command is wrong.
"""
TEMPLATES = ("table", "files", "model")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FIRST_STEPS = "read,measure"


@dataclass(frozen=True)
class ComponentArguments:
    """What was asked for with `new-component`."""

    name: str
    input: str | None
    template: str
    pipeline: str
    environment: str | None
    packages: tuple[str, ...]


@dataclass(frozen=True)
class PipelineArguments:
    """What was asked for with `new-pipeline`."""

    name: str
    steps: tuple[str, ...]
    environment: str | None
    packages: tuple[str, ...]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{self.prog}: {message}. See ./relay {self.prog} --help.")


def parse_component(argv: Sequence[str]) -> ComponentArguments:
    """Return the arguments in `argv`. Raises ConfigError if one is wrong."""
    parser = _Parser(prog="new-component", allow_abbrev=False, add_help=False)
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--input")
    parser.add_argument("--template", choices=TEMPLATES, default=TEMPLATES[0])
    parser.add_argument("--pipeline", default="own")
    _add_environment(parser)
    given = parser.parse_intermixed_args(list(argv))
    require_name("new-component", given.name)
    require_name("new-component: --pipeline", given.pipeline)
    return ComponentArguments(
        given.name, given.input, given.template, given.pipeline, given.environment,
        _packages("new-component", given),
    )  # fmt: skip


def parse_pipeline(argv: Sequence[str]) -> PipelineArguments:
    """Return the arguments in `argv`. Raises ConfigError if one is wrong."""
    parser = _Parser(prog="new-pipeline", allow_abbrev=False, add_help=False)
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--steps", default=_FIRST_STEPS)
    _add_environment(parser)
    given = parser.parse_intermixed_args(list(argv))
    require_name("new-pipeline", given.name)
    steps = tuple(given.steps.split(","))
    for step in steps:
        require_name("new-pipeline: --steps", step)
    if len(set(steps)) < len(steps):
        raise ConfigError(f"new-pipeline: --steps: a name is used twice (got '{given.steps}').")
    return PipelineArguments(given.name, steps, given.environment, _packages("new-pipeline", given))


def require_name(where: str, name: str) -> None:
    """Check that `name` can be that of a folder and of a setting. Raises ConfigError if not."""
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ConfigError(
            f"{where}: not a valid name (got '{name}'). Use up to 40 small letters, digits and "
            "'_', and begin with a letter, such as train_ridge."
        )


def _add_environment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--environment")
    parser.add_argument("--packages", default="")


def _packages(command: str, given: argparse.Namespace) -> tuple[str, ...]:
    packages = tuple(text.strip() for text in given.packages.split(",") if text.strip())
    if given.environment is not None:
        require_name(f"{command}: --environment", given.environment)
    elif packages:
        raise ConfigError(
            f"{command}: --packages: they are for a new environment. Give its name as well: "
            "--environment NAME."
        )
    return packages
