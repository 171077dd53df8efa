"""`relay completion bash`: completion of commands, options and settings by the shell.

The shell asks `relay completion --words LINE` at each press of Tab, so only light modules are
imported here.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from rich.console import Console

from relay.config.files import ConfigFiles
from relay.runtime.environments import Manager
from relay.tracking.remote import BACKEND
from relay.util.errors import ConfigError
from relay.util.project import Project

HELP = """\
Usage: ./relay completion bash|zsh

Prints what lets the shell complete commands, options, settings and their values, and the names of
runs and artifacts of the local store. For this shell:

  source <(./relay completion bash)

To have it in each shell, add that line, with the path of ./relay, to ~/.bashrc or ~/.zshrc.
"""
_BASH = r"""_relay() {
    local line=${COMP_LINE:0:COMP_POINT} IFS=$'\n'
    local word=${line##*[[:space:]]}
    COMPREPLY=($("${COMP_WORDS[0]}" completion --words "$line" 2>/dev/null))
    # what is left of the last = or : stays, as bash replaces the rest only
    local kept=${word%"${word##*[=:]}"}
    COMPREPLY=("${COMPREPLY[@]#"$kept"}")
    [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
}
complete -o default -F _relay relay ./relay
"""
_ZSH = r"""(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
_relay() {
    local line="${(j: :)words[1,CURRENT]}"
    local -a found=("${(@f)$(${words[1]} completion --words "$line" 2>/dev/null)}")
    compadd -S '' -- ${(M)found:#*=}
    compadd -- ${found:#*=}
    [[ -n ${found[1]} ]] || _files
}
compdef _relay relay ./relay
"""
_SHELLS = {"bash": _BASH, "zsh": _ZSH}
_SETTINGS = ("run", "sweep", "doctor")
"""The commands that take any setting."""
_STEPS = ("steps", "exclude", "force")
_OPTIONS: Mapping[str, Sequence[str]] = {
    "run": ["--cfg", "--multirun"],
    "new-data": ["--from", "--target"],
    "publish": ["--dry-run"],
    "sweep": [
        "--trials",
        "--minutes",
        "--jobs",
        "--seed",
        "--no-register",
        f"--{BACKEND}",
        "--winner",
    ],
    "runs": ["--json", "--limit"],
    "diff": ["--json"],
    "artifacts": ["--json", "--limit"],
    "models": ["--json", "--limit"],
    "show": ["--json"],
    "pull": ["--json"],
    "gc": ["--older-than", "--outputs", "--dry-run", "--yes", "--json"],
    "doctor": ["--json"],
    "ui": ["--port", "--mlflow-port", "--trackio-port"],
    "completion": [],
    "reproduce": [],
    "new-component": ["--input", "--template", "--pipeline", "--environment", "--packages"],
    "new-pipeline": ["--steps", "--environment", "--packages"],
}
"""The options of each command, which completion does not import; a test compares them."""


def completion(project: Project, argv: Sequence[str], console: Console) -> int:
    """Print the code for a shell, or the completions of a line; return the exit status.

    Raises ConfigError if the shell is unknown.
    """
    if len(argv) == 2 and argv[0] == "--words":
        found = complete(project, argv[1])
        console.print("\n".join(found), markup=False, highlight=False, soft_wrap=True)
        return 0
    if "--help" in argv:
        console.print(HELP, markup=False, highlight=False)
        return 0
    shell = argv[0] if len(argv) == 1 else ""
    if shell not in _SHELLS:
        raise ConfigError(
            f"completion: must be bash or zsh (got '{' '.join(argv)}'). See ./relay completion "
            "--help."
        )
    console.print(_SHELLS[shell], markup=False, highlight=False, soft_wrap=True, end="")
    return 0


def complete(project: Project, line: str) -> list[str]:
    """Return the words that can stand at the end of `line` in place of its last word."""
    words = line.split()[1:]
    last = "" if not line or line[-1].isspace() else (words.pop() if words else "")
    command = next((word for word in words if word in _OPTIONS), None)
    if command is None and not words and "=" not in last:
        candidates = [*_OPTIONS, "--help", "--version"]
    elif last.startswith("-"):
        candidates = [*_OPTIONS.get(command or "run", ()), "--help"]
    elif command in (None, *_SETTINGS):
        candidates = list(_settings(project, words, last))
        if command == "sweep":
            candidates += _stems(project.config / "sweep")
    else:
        candidates = list(_NAMES[command](project)) if command in _NAMES else []
    return [word for word in candidates if word.startswith(last)]


def _settings(project: Project, given: Sequence[str], last: str) -> Iterator[str]:
    """Yield each `key=` or, if `last` has a key already, `key=value` for its known values."""
    files = ConfigFiles.read(project.config)
    chosen = {group: option for group, option in files.options.items() if option}
    chosen |= dict(word.split("=", 1) for word in given if word.count("=") == 1)
    declared = files.declared(chosen)
    settings = dict(_flat("", declared))
    key, is_value, value = last.partition("=")
    if not is_value:
        yield from (f"{name}=" for name in {**dict.fromkeys(files.groups), **settings})
    elif key in files.groups:
        yield from (f"{key}={name}" for name in _stems(project.config / key))
    elif key in _STEPS:
        before, comma, _ = value.rpartition(",")
        for name in (declared.get("pipeline") or {}).get("steps") or {}:
            yield from (f"{key}={before}{comma}{form}" for form in (name, f"+{name}", f"{name}+"))
    elif key == "env_manager":
        yield from (f"{key}={name}" for name in ("auto", *get_args(Manager)))
    elif isinstance(settings.get(key), bool):
        yield from (f"{key}={name}" for name in ("true", "false"))


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield each setting with its dotted key; a pipeline's wiring is not set on a command line."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            if name != "pipeline":
                yield from _flat(f"{prefix}.{name}" if prefix else str(name), inner)
    else:
        yield prefix, value


def _stems(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.yaml"))


def _runs(project: Project) -> Iterator[str]:
    """Yield `latest` and the names of all runs, newest first."""
    if project.outputs.is_dir():
        yield "latest"
        names = (path.name for path in project.outputs.iterdir() if path.name[:2] == "20")
        yield from sorted(names, reverse=True)


def _artifacts(project: Project) -> list[str]:
    """Return the names of the local store's artifacts, in all of its projects."""
    folder = Path(project.variables(os.environ)["TRACKIO_DIR"])
    names: set[str] = set()
    for path in folder.glob("*.db"):
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as store:
            query = "SELECT name FROM artifacts WHERE type <> 'source'"
            names |= {row[0] for row in store.execute(query)}
    return sorted(names)


def _versions(project: Project) -> Iterator[str]:
    for name in _artifacts(project):
        yield from (f"{name}:latest", f"{name}:champion")


_NAMES: Mapping[str, Callable[[Project], Iterator[str] | Sequence[str]]] = {
    "diff": _runs,
    "artifacts": _artifacts,
    "show": _versions,
    "pull": _versions,
    "reproduce": _versions,
    "completion": lambda project: list(_SHELLS),
}
"""What the words of commands are that take no settings."""
