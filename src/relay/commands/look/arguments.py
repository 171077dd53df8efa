"""What the commands that look have in common: their words, the store that they read, tables."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text

from relay.tracking import Backend, TrackingSettings, open_backend
from relay.tracking.remote import SETTING, is_remote
from relay.util.errors import ConfigError
from relay.util.project import Project

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


def open_store(project: Project, settings: Sequence[str]) -> Backend:
    """Return the store that a run with `settings` would use.

    Raises ConfigError if a setting is wrong or there is no login, RelayError if a server cannot be
    reached.
    """
    return open_backend(choose_store(project, settings), project.root)


def choose_server(project: Project, settings: Sequence[str]) -> TrackingSettings | None:
    """Return the project on a server that `settings` name, or None if they name none.

    Raises as `open_store`.
    """
    if not settings:
        return None
    tracking = choose_store(project, settings)
    return tracking if is_remote(tracking.backend) else None


def choose_store(project: Project, settings: Sequence[str]) -> TrackingSettings:
    """Return where the store is that a run with `settings` would use. Raises as `open_store`."""
    # Imported late, as not all commands need the schema of the settings.
    from relay.commands.look.store_choice import read_tracking
    from relay.pipeline.tracking_setup import choose_tracking

    tracking = read_tracking(project, settings)
    os.environ.update(project.variables(os.environ))
    return choose_tracking(tracking, os.environ)


def place_of(backend: Backend) -> str:
    """Return the name of the store, for messages."""
    return backend.url() or "the local store"


def print_rows(
    console: Console, rows: Sequence[Mapping[str, Any]], as_json: bool, empty: str
) -> None:
    """Print `rows` as a table with their keys as columns, or as JSON; `empty` if there are none.

    A key that is a reference to an artifact is a heading as it is.
    """
    if as_json:
        print_json(console, list(rows))
    elif not rows:
        console.print(empty, markup=False, highlight=False, soft_wrap=True)
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in rows[0]:
            title = name if ":" in name else name[:1].upper() + name[1:].replace("_", " ")
            table.add_column(Text(title), overflow="fold")
        for row in rows:
            table.add_row(*(Text(as_text(value)) for value in row.values()))
        console.print(table)


def print_json(console: Console, content: Any) -> None:
    """Print `content` as JSON, for other programs."""
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def as_text(value: Any) -> str:
    """Return a value of a row as people read it."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return "  ".join(f"{key}={as_text(item)}" for key, item in value.items()) or "-"
    if isinstance(value, list | tuple):
        return ", ".join(map(as_text, value)) or "-"
    return str(value)
