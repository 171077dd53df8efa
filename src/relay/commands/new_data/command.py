"""`relay new-data NAME --from FILE`: read a table and write config/data/NAME.yaml."""

from __future__ import annotations

import argparse
import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console

from relay.commands.new_data.profile import Profile, profile
from relay.commands.new_data.writing import config_text
from relay.config import compose as config
from relay.step.params import to_text, validate
from relay.tables.reading.settings.params import ReadParams
from relay.tables.reading.table import read_raw
from relay.util.errors import ConfigError
from relay.util.files import write_text
from relay.util.paths import describe_missing_file, find_local_path, shown
from relay.util.project import Project
from relay.util.redact import redact_url

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_READ = "data.read."
HELP = """\
Usage: ./relay new-data NAME --from FILE [--target COLUMN] [data.read.KEY=VALUE ...]

Reads a table and writes config/data/NAME.yaml: what was detected, and a suggested rule for each
column. Look through it, then run `./relay run data=NAME`.

Options:
  --from FILE          CSV or other delimited text, JSON, Parquet or an Excel workbook
  --target COLUMN      the column to predict
  data.read.KEY=VALUE  how the file is read, such as data.read.decimal=, or data.read.header=2:
                       docs/guides/data.md
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"new-data: {message}. Write ./relay new-data NAME --from FILE.")


def new_data(project: Project, argv: Sequence[str], console: Console) -> int:
    """Write the config of a new data set, print its size, and return the exit status.

    Raises ConfigError if an argument is wrong, RelayError if the file cannot be read.
    """
    if "--help" in argv:
        console.print(HELP, markup=False, highlight=False)
        return 0
    parser = _Parser(prog="relay new-data", allow_abbrev=False, add_help=False)
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--from", dest="source", required=True)
    parser.add_argument("--target")
    parser.add_argument("settings", nargs="*")
    given = parser.parse_intermixed_args(list(argv))
    path = project.config / "data" / f"{given.name}.yaml"
    _require_new(given.name, path)
    source = _local_file(given.source)
    read = _read_settings(project, given.settings, source)
    options = validate(ReadParams, {key: to_text(value) for key, value in read.items()})
    raw = read_raw(source, options.read_options())
    about = raw.about
    summary = profile(raw, given.target, options.decimal)
    url = _url(source, project.root)
    write_text(path, config_text(given.name, url, summary, about, read))
    _print_summary(console, _command(project.root, given.name), shown(path), summary)
    return 0


def _require_new(name: str, path: Path) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"new-data: not a valid name (got '{name}'). Use letters, digits, '_' and '-'."
        )
    if path.exists():
        raise ConfigError(
            f"new-data: config/data/{path.name} exists already. Give another name, or move the "
            "file away."
        )


def _local_file(text: str) -> Path:
    path = find_local_path(text, Path())
    if path is None:
        raise ConfigError(
            f"new-data: --from: not a file on this machine (got {redact_url(text)!r}). Download it "
            "first; `url` in the new config can still be its address."
        )
    if not path.is_file():
        raise ConfigError(f"new-data: --from: {describe_missing_file(path)}")
    return path.resolve()


def _read_settings(project: Project, settings: Sequence[str], source: Path) -> dict[str, Any]:
    """Return the settings of `data.read` in the command line.

    Raises ConfigError for another setting.
    """
    for argument in settings:
        if not argument.startswith(_READ):
            raise ConfigError(
                f"new-data: only settings of {_READ}* are allowed (got '{argument}'). Write others "
                "into the new file."
            )
    table = ["data=table", f"data.url={source}", "data.target=target"]
    read: dict[str, Any] = config.load(project.config, [*table, *settings], Path.cwd()).section(
        "data"
    )["read"]
    names = {argument.partition("=")[0].removeprefix(_READ) for argument in settings}
    return {key: value for key, value in read.items() if key in names}


def _url(source: Path, root: Path) -> str:
    """Return the path of `source` for the config: relative if it is in the project."""
    return str(source.relative_to(root) if source.is_relative_to(root) else source)


def _command(root: Path, name: str) -> str:
    """Return the command that runs the pipeline on the new data set, from the present folder."""
    script = shown(root / "relay")
    return f"{shlex.quote(script if os.sep in script else f'./{script}')} run data={name}"


def _print_summary(console: Console, command: str, path: str, summary: Profile) -> None:
    size = f"{summary.rows:,} rows, {len(summary.columns)} columns"
    lines = [
        f"Wrote {path}: {size}. Look through it, then",
        f"  {command}",
    ]
    if summary.target is None:
        lines[0] = f"Wrote {path}: {size}."
        lines[1] = f"Name the column to predict in it (target: ???), then {command}"
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
