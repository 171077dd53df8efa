"""The arguments of commands that read the store: words, settings of `tracking`, --limit, --json."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from relay.tracking.remote import SETTING
from relay.util.errors import ConfigError

_SETTINGS = ("tracking", "tracking.project", "tracking.entity")
_LIMIT = """  --limit N   at most N rows; default: 20
"""
_JSON = """  --json      print JSON
"""
STORE_HELP = f"""  tracking=local, {SETTING}, tracking.project=NAME, tracking.entity=NAME
              the store that is read; default: that of a run
"""


@dataclass(frozen=True)
class Usage:
    """A command's name, the words after it, and what it is for."""

    command: str
    words: str
    about: str
    reads_store: bool = True
    has_limit: bool = True

    @property
    def help(self) -> str:
        """Return the command's help."""
        line = f"Usage: ./relay {self.command} {self.words}".rstrip()
        limit = _LIMIT if self.has_limit else ""
        store = STORE_HELP if self.reads_store else ""
        return f"{line} [options]\n\n{self.about}\n\nOptions:\n{limit}{_JSON}{store}"


@dataclass(frozen=True)
class Arguments:
    """What was asked for."""

    words: list[str]
    settings: list[str]
    limit: int
    as_json: bool


class Parser(argparse.ArgumentParser):
    """A parser of a command's words; `prog` is the command's name."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{self.prog}: {message}. See ./relay {self.prog} --help.")


def parse(usage: Usage, argv: Sequence[str], fewest: int = 0, most: int | None = None) -> Arguments:
    """Return the arguments in `argv`, with `fewest` to `most` words (None: just as many).

    Raises ConfigError if one is wrong.
    """
    parser = Parser(prog=usage.command, allow_abbrev=False, add_help=False)
    parser.add_argument("words", nargs="*")
    if usage.has_limit:
        parser.add_argument("--limit", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_intermixed_args(list(argv))
    words = [word for word in given.words if "=" not in word]
    settings = [word for word in given.words if "=" in word]
    if not fewest <= len(words) <= (fewest if most is None else most):
        raise ConfigError(
            f"{usage.command}: wrong number of words (got {len(words)}). Write ./relay "
            f"{usage.command} {usage.words}".rstrip()
            + "."
        )
    limit = given.limit if usage.has_limit else 1
    if limit < 1:
        raise ConfigError(f"{usage.command}: --limit: must be at least 1 (got {limit}).")
    require_settings(usage.command, settings, _SETTINGS if usage.reads_store else ())
    return Arguments(words, settings, limit, given.json)


def require_settings(
    command: str, settings: Sequence[str], names: Sequence[str] = _SETTINGS
) -> None:
    """Check that each of the `settings` has one of the `names`. Raises ConfigError if not."""
    for setting in settings:
        if setting.partition("=")[0] not in names:
            allowed = f"Allowed are {', '.join(names)}." if names else ""
            raise ConfigError(
                f"{command}: takes no such setting (got '{setting}'). {allowed}".rstrip()
            )
