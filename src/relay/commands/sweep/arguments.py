"""The command line of `relay sweep`, and its help."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from relay.tracking.remote import BACKEND, TITLE
from relay.util.errors import ConfigError

SERVER_OPTION = f"--{BACKEND}"
WINNER_OPTION = "--winner"

HELP = f"""\
Usage: ./relay sweep NAME [key=value ...] [options]

Tries many settings of a model, and trains, evaluates and registers the best once:
  ./relay sweep random_forest                  config/sweep/random_forest.yaml, on the default data
  ./relay sweep random_forest data=table data.url=FILE data.target=COLUMN
  ./relay sweep random_forest --trials 20 --jobs 2

NAME is a file of config/sweep/ in the format of {TITLE} sweeps: method (bayes, random, grid),
metric and parameters. Parameters are settings: `model.params.max_depth: {{min: 2, max: 20}}`. A
setting given as key=value is the same in all trials, also if the file searches it.

Options:
  --trials N     end after N trials in all; default: run_cap of the file, else 50, or the whole grid
  --minutes M    end after M minutes
  --jobs J       trials at once, each in a process of its own; default: 1
  --seed S       of the search; the same seed gives the same trials; default: the setting seed
  --no-register  train and evaluate the best settings, but register no model
  {SERVER_OPTION}        make the sweep on {TITLE}, and print what to start, here and elsewhere
  {WINNER_OPTION} ID    make a model with the best trial of that sweep so far

Each trial is scored by cross-validation on the training set; the test set is not used. Trials leave
no model, and move no alias. The best settings are written to config/experiment/NAME-best.yaml:
  ./relay run experiment=NAME-best

The same command after an interruption continues the sweep. Started several times at once, also on
several machines with one shared project folder, the commands share its trials; the file system of
the folder must support locks (most do; some network file systems do not). The trials are kept in
.relay/sweeps/.

Exit status: 0 success; 1 all trials or a step failed; 2 the command, the file or a setting is
wrong; 128 + n: stopped by signal n.
"""

DEFAULT_TRIALS = 50


@dataclass(frozen=True)
class Arguments:
    """What was asked for."""

    name: str
    overrides: list[str]
    trials: int | None = None
    minutes: float | None = None
    jobs: int = 1
    seed: int | None = None
    registers: bool = True
    is_for_server: bool = False
    """Whether the sweep is to be made on the server."""
    winner_of: str | None = None
    """The sweep on the server whose best trial makes the model."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"sweep: {message}. See ./relay sweep --help.")


def parse(argv: Sequence[str]) -> Arguments:
    """Return the arguments in `argv`. Raises ConfigError if one is wrong."""
    parser = _Parser(prog="relay sweep", allow_abbrev=False, add_help=False)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--trials", type=int)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--no-register", dest="registers", action="store_false")
    parser.add_argument(SERVER_OPTION, dest="is_for_server", action="store_true")
    parser.add_argument(WINNER_OPTION, dest="winner_of")
    given = parser.parse_intermixed_args(list(argv))
    names = [word for word in given.words if "=" not in word and word[:1] not in "~+"]
    if len(names) != 1:
        raise ConfigError(
            f"sweep: must have one name (got {len(names)}). Write ./relay sweep NAME, for a file "
            "of config/sweep/."
        )
    for option, value in (("trials", given.trials), ("jobs", given.jobs)):
        if value is not None and value < 1:
            raise ConfigError(f"sweep: --{option}: must be at least 1 (got {value}).")
    if given.minutes is not None and not 0 < given.minutes < float("inf"):
        raise ConfigError(f"sweep: --minutes: must be above 0 (got {given.minutes:g}).")
    if given.seed is not None and not 0 <= given.seed < 2**32:
        raise ConfigError(f"sweep: --seed: must be from 0 to {2**32 - 1} (got {given.seed}).")
    _require_no_others(given)
    return Arguments(
        names[0],
        [word for word in given.words if word != names[0]],
        given.trials,
        given.minutes,
        given.jobs,
        given.seed,
        given.registers,
        given.is_for_server,
        given.winner_of,
    )


def _require_no_others(given: argparse.Namespace) -> None:
    """Check that a sweep on a server has no options of a sweep on this machine.

    Raises ConfigError if it does.
    """
    if not given.is_for_server and given.winner_of is None:
        return
    for_both = {"minutes": None, "jobs": 1, "seed": None}
    others: dict[str, Any] = (
        {**for_both, "trials": None, "is_for_server": False}
        if given.winner_of is not None
        else {**for_both, "registers": True}
    )
    names = {"is_for_server": SERVER_OPTION, "registers": "--no-register"}
    option = SERVER_OPTION if given.winner_of is None else WINNER_OPTION
    for name, default in others.items():
        if getattr(given, name) != default:
            raise ConfigError(
                f"sweep: {names.get(name, f'--{name}')}: has no effect with {option}. Leave it out."
            )
