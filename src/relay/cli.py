"""The command line: `./relay COMMAND [key=value ...]`. Commands are in `commands/`."""

from __future__ import annotations

import importlib
import os
import signal
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from relay import __version__
from relay.util.disk import explain
from relay.util.errors import ConfigError, RelayError
from relay.util.names import nearest
from relay.util.project import Project
from relay.util.redact import redact
from relay.util.streams import lasting_output, open_missing

HELP = """\
Usage: ./relay COMMAND [key=value ...]                  (from any folder)

  ./relay run                              all steps, on the default data set
  ./relay run steps=train,evaluate         these two, on the newest inputs
  ./relay run data=table data.url=FILE data.target=COLUMN
  ./relay run --help                       more of these: models, thresholds, predictions, caching

Commands (each has --help):
  run       [key=value ...]        run the pipeline or the named steps; also without the word
  new-data  NAME --from FILE [--target COLUMN] [data.read.KEY=VALUE ...]
            write config/data/NAME.yaml from your data
  new-component NAME --input STEP.OUTPUT   write a step of your own, with its test
  new-pipeline  NAME [--steps A,B]         write a pipeline for data that are not a table
  publish   [--dry-run] [tracking.project=NAME] [tracking.entity=NAME]
            upload the runs of the local store to a server; --dry-run only lists them
  sweep     NAME [key=value ...] [--trials N] [--minutes M] [--jobs J]
            try many settings and make a model with the best: ./relay sweep --help
  runs      list the runs of this project (also --json, --limit N)
  diff      A [B]                  show what differs between two runs, or two models
  models    list the versions of all models, with their aliases and metrics
  artifacts [NAME]                 list all artifacts, or the versions of one
  show      RUN|NAME:VERSION       show a run's steps, or an artifact's metadata and lineage
  pull      NAME:VERSION FOLDER    write an artifact's files into a new folder
  gc        [--older-than 30d]     remove old artifacts that nothing needs; it lists them and asks
  doctor    [key=value ...]        check what a run needs: what would fail, and what to do
  ui        [--port N]             show runs, models, MLflow and Trackio in the browser
  completion bash|zsh              print what lets the shell complete all of these
  reproduce NAME:ALIAS [env_manager=...] [tracking=...]
            make a registered model again from its record, and compare the two

Options:
  --cfg     print the composed configuration and exit
  --help    this text
  --version the version of Relay

Exit status: 0 success; 1 a step, a gate or the machine failed; 2 the command or a setting is wrong,
or names something that does not exist; 128 + n ended by signal n, such as 130 for Ctrl-C.
Every setting is documented in config/ and docs/reference/settings.md. The same with MLflow:
  mlflow run . -P steps=train,evaluate -P hydra_options="model=linear seed=7"
"""
_VERSION = "--version"
_HELP = "--help"

Command = Callable[[Project, Sequence[str], Console], int]
"""Takes the project, the words after the command's name and the console; returns the status."""

COMMANDS = {
    "run": ("relay.commands.run", "run"),
    "new-data": ("relay.commands.new_data.command", "new_data"),
    "publish": ("relay.commands.publish.command", "publish"),
    "reproduce": ("relay.commands.reproduce.command", "reproduce"),
    "sweep": ("relay.commands.sweep.command", "sweep"),
    "runs": ("relay.commands.inspect.runs", "runs"),
    "diff": ("relay.commands.inspect.diff", "diff"),
    "artifacts": ("relay.commands.inspect.artifacts", "artifacts"),
    "models": ("relay.commands.inspect.artifacts", "models"),
    "show": ("relay.commands.inspect.artifacts", "show"),
    "pull": ("relay.commands.inspect.artifacts", "pull"),
    "gc": ("relay.commands.gc.command", "gc"),
    "doctor": ("relay.commands.doctor.command", "doctor"),
    "ui": ("relay.commands.ui.command", "ui"),
    "completion": ("relay.commands.completion", "completion"),
    "new-component": ("relay.commands.additions.command", "new_component"),
    "new-pipeline": ("relay.commands.additions.command", "new_pipeline"),
}
"""The module and the function of each command, which is imported when it is used."""
_PIPE_WIDTH = 10_000
_FREE = "Make room on its disk, or write to another file."
_PRINTING = ("--help", "-h", "--cfg", "--dry-run", "explain=true")


def main(project_root: Path, argv: Sequence[str]) -> int:
    """Run the command in `argv` and return the exit status.

    0: succeeded; 1: a step or a gate failed; 2: a setting or command is wrong; 128 + n: signal n.
    """
    open_missing()
    with lasting_output() as output:
        # Without a terminal there is no width: a row of a table stays in one line, for other
        # programs and for logs.
        console = Console(width=None if output.isatty() else _PIPE_WIDTH)
        project = Project.at(project_root, os.environ)
        try:
            status = _dispatch(project, argv, console)
        except RelayError as error:
            _show_error(str(error))
            return error.exit_code
        except OSError as error:
            problem = explain(error, _written(project))
            if problem is None:
                raise
            _show_error(problem)
            return 1
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
        output.flush()
        if output.lost is not None:
            _show_error(
                f"standard output: could not be written to its end ({output.lost}). {_FREE}"
            )
            # A run has its summary besides; these commands have their text only.
            status = status or int(any(flag in argv for flag in _PRINTING))
    return status


def _dispatch(project: Project, argv: Sequence[str], console: Console) -> int:
    word = argv[0] if argv else ""
    argv = [_HELP if option == "-h" else option for option in argv]
    if _HELP in argv and word not in COMMANDS:
        console.print(HELP, markup=False, highlight=False)
        return 0
    if _VERSION in argv and (word == "run" or word not in COMMANDS):
        console.print(f"relay {__version__}", markup=False, highlight=False)
        return 0
    project.require_home()
    if word in COMMANDS:
        return _load(*COMMANDS[word])(project, argv[1:], console)
    if word and "=" not in word and word[0] not in "-~+":
        near = nearest(word, COMMANDS)
        hint = f" Did you mean '{near}'?" if near else ""
        raise ConfigError(
            f"{word}: there is no such command.{hint} Commands: {', '.join(COMMANDS)}. Without one "
            "the pipeline runs, with settings as key=value, such as steps=train. See --help."
        )
    return _load(*COMMANDS["run"])(project, argv, console)


def _load(module: str, name: str) -> Command:
    command: Command = getattr(importlib.import_module(module), name)
    return command


def _written(project: Project) -> list[Path]:
    """Return the folders that a command may write to."""
    return [project.outputs, project.state, project.home, Path(tempfile.gettempdir())]


def _show_error(text: str) -> None:
    Console(stderr=True).print(
        f"Error: {redact(text)}", markup=False, highlight=False, soft_wrap=True
    )
