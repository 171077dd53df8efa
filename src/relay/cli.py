"""The command line: `python main.py [key=value ...]`."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from relay import __version__
from relay.config import compose as config
from relay.config.overrides import from_arguments
from relay.pipeline import plan
from relay.pipeline.checkout import require_writable
from relay.pipeline.planned_step import make_jobs
from relay.pipeline.sweep_trial import Trial, record_refused, take_trial
from relay.pipeline.tracking_setup import choose_tracking, logged_in
from relay.tracking import open_backend
from relay.tracking.settings import TrackingSettings
from relay.tracking.wandb.login import find_login, require_switched_on
from relay.util.disk import explain
from relay.util.errors import ConfigError, RelayError
from relay.util.names import nearest
from relay.util.paths import start_folder
from relay.util.private import make_private
from relay.util.project import Project
from relay.util.redact import redact
from relay.util.streams import lasting_output, open_missing

HELP = """\
Usage: python main.py [COMMAND] [key=value ...]       (or ./relay, from any folder)

Without a command it runs the pipeline, or the steps named:
  python main.py                              all steps, on the default data set
  python main.py steps=train,evaluate         these two, on the newest inputs
  python main.py steps=train+                 train and all that follows; +train: what leads to it
  python main.py exclude=register             all but this
  python main.py data=table data.url=FILE data.target=COLUMN
  python main.py model=linear split.test_size=0.3 evaluate.thresholds.r2=0.4
  python main.py explain=true                 runs nothing; shows what would run, and why
  python main.py steps=predict predict.input=FILE predict.output=FILE.csv

Commands:
  new-data  NAME --from FILE [--target COLUMN] [data.read.KEY=VALUE ...]
            write config/data/NAME.yaml for a table of yours
  publish   [--dry-run] [tracking.project=NAME] [tracking.entity=NAME]
            bring the runs of the local store to W&B; --dry-run only lists them
  reproduce NAME:ALIAS [env_manager=...] [tracking=...]
            make a registered model again from what is recorded of it, and compare

Options:
  --cfg     print the configuration that the rest of the line gives, and stop
  --help    this text
  --version the version of Relay

Exit status: 0 all well; 1 a step or a gate failed; 2 the command or a setting is wrong.
Every setting is in config/, with its meaning beside it. The same through MLflow:
  mlflow run . -P steps=train,evaluate -P hydra_options="model=linear seed=7"
"""
_ANSWERS = {"--help": HELP, "-h": HELP, "--version": f"relay {__version__}"}
COMMANDS = ("new-data", "publish", "reproduce")

_PRINTING = ("--help", "-h", "--cfg", "--dry-run", "explain=true")


def main(project_root: Path, argv: Sequence[str]) -> int:
    """Run what `argv` says and return the exit status.

    0: all well; 1: a step or a gate failed; 2: configuration or command wrong; 128 + n: signal n.
    """
    open_missing()
    with lasting_output() as output:
        # Where there is no terminal there is no width either: long enough for a table row.
        console = Console(width=None if output.isatty() else 120)
        try:
            status = _main(Project.at(project_root, os.environ), argv, console)
        except RelayError as error:
            _show_error(str(error))
            return error.exit_code
        except OSError as error:
            problem = explain(error, _written(Project.at(project_root, os.environ)))
            if problem is None:
                raise
            _show_error(problem)
            return 1
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
        output.flush()
        if output.lost is not None:
            _show_error(f"standard output: not all of it could be written ({output.lost}).")
            # A run is what it is, and its summary says so; of these the text is all there is.
            status = status or int(any(flag in argv for flag in _PRINTING))
    return status


def _written(project: Project) -> list[Path]:
    """The folders that a command may be writing to."""
    return [project.outputs, project.state, project.home, Path(tempfile.gettempdir())]


def _show_error(text: str) -> None:
    Console(stderr=True).print(
        f"Error: {redact(text)}", markup=False, highlight=False, soft_wrap=True
    )


def _main(project: Project, argv: Sequence[str], console: Console) -> int:
    for option, text in _ANSWERS.items():
        if option in argv:
            console.print(text, markup=False, highlight=False)
            return 0
    _require_command(argv)
    if argv[:1] == ["new-data"]:
        from relay.commands.new_data.command import new_data

        return new_data(project, argv[1:], console)
    if argv[:1] == ["reproduce"]:
        from relay.commands.reproduce.command import reproduce

        require_writable(project)
        make_private(project, os.environ)
        return reproduce(project, argv[1:], console)
    return _run_or_publish(project, argv, console)


def _run_or_publish(project: Project, argv: Sequence[str], console: Console) -> int:
    publishing = argv[:1] == ["publish"]
    flags = {"--dry-run"} if publishing else {"--cfg"}
    words = argv[1:] if publishing else argv
    arguments = from_arguments([one for one in words if one not in flags])
    trial = take_trial(os.environ)
    start = start_folder(project.root, os.environ)
    if trial is not None and not publishing and "--cfg" not in words:
        return _run_trial(project, trial, arguments, start, console)
    settings = config.load(project.config, arguments, start)
    if publishing:
        _require_of_publish(arguments)
        return _publish(project, settings, console, dry_run="--dry-run" in words)
    if "--cfg" in words:
        console.print(settings.as_yaml, markup=False, highlight=False)
        return 0
    return _run(project, settings, console)


def _run(
    project: Project, settings: config.Config, console: Console, trial: Trial | None = None
) -> int:
    the_plan = plan.build(settings.settings.pipeline)
    jobs = make_jobs(project.components, settings, the_plan)
    _prepare_environment(project)
    tracking = choose_tracking(settings.settings.tracking, os.environ)
    if not settings.settings.explain:
        require_writable(project)
        make_private(project, os.environ)
    # What a run needs beyond the plan takes time to import: not for a command that is wrong.
    from relay.pipeline.launch import launch

    return launch(project, settings, tracking, the_plan, jobs, console, trial)


def _run_trial(
    project: Project, trial: Trial, arguments: Sequence[str], start: Path, console: Console
) -> int:
    """Run a trial of a sweep; one that is refused before it begins is recorded as failed."""
    try:
        settings = config.load(project.config, trial.with_settings(arguments), start)
        return _run(project, settings, console, trial)
    except RelayError as error:
        _prepare_environment(project)
        where = [one for one in arguments if one.startswith("tracking")]
        with contextlib.suppress(RelayError):  # that of the trial matters more
            spec = config.load(project.config, where, start).settings.tracking
            tracking = choose_tracking(spec, os.environ)
            if tracking.backend == "wandb":
                backend = open_backend(tracking, project.root)
                record_refused(trial, backend, tracking, redact(str(error)))
        raise


def _prepare_environment(project: Project) -> None:
    os.environ.update(project.variables(os.environ))
    # The environment's own tools (uv, python) come first, activated or not.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def _require_command(argv: Sequence[str]) -> None:
    """ConfigError where the first word is neither a command nor a setting nor an option."""
    word = argv[0] if argv else "--help"
    if "=" in word or word[:1] in "-~+" or word in COMMANDS:
        return
    near = nearest(word, COMMANDS)
    hint = f" Did you mean '{near}'?" if near else ""
    raise ConfigError(
        f"There is no command '{word}'.{hint} Commands: {', '.join(COMMANDS)}. Without one the "
        "pipeline runs, with settings as key=value, such as steps=train. See --help."
    )


def _publish(project: Project, settings: config.Config, console: Console, *, dry_run: bool) -> int:
    os.environ.update(project.variables(os.environ))
    spec = settings.settings.tracking
    tracking = TrackingSettings("wandb", spec.project, spec.entity)
    if dry_run and find_login(os.environ) is None:
        from relay.commands.publish.command import list_local

        return list_local(project, tracking, console)
    require_switched_on(os.environ)
    tracking = logged_in(tracking, os.environ)
    from relay.commands.publish.command import publish

    return publish(project, tracking, console, dry_run=dry_run)


def _require_of_publish(arguments: Sequence[str]) -> None:
    for one in arguments:
        if one.partition("=")[0] not in ("tracking.project", "tracking.entity"):
            raise ConfigError(
                f"publish sends the whole local project to W&B and takes tracking.project=NAME "
                f"and tracking.entity=NAME only, not '{one}'."
            )
