"""Prints what scripts load from site-packages besides the libraries that are loaded before them.

    loaded_besides.py < JSON        {NAME: {"folder": ..., "libraries": [[MODULE, NAMES], ...]}}

Prints a line of JSON for each script `run.py`: its name and the files. A library that several need
is loaded once, in a process from which theirs are forked; no process has one that its own script
does not need.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import sys
from typing import Any

Scripts = dict[str, dict[str, Any]]


def visit(scripts: Scripts, loaded: frozenset[str]) -> None:
    """Load what all of `scripts` need, and fork a process for each part of them that needs more."""
    left = {
        name: {json.dumps(library) for library in script["libraries"]} - loaded
        for name, script in scripts.items()
    }
    common = frozenset.intersection(*map(frozenset, left.values()))
    for module, names in next(iter(scripts.values()))["libraries"]:
        if json.dumps([module, names]) in common:
            __import__(module, fromlist=names)
    wanted = [library for libraries in left.values() for library in libraries - common]
    if not wanted:
        for name, script in scripts.items():
            in_fork(report, name, script["folder"])
        return
    shared = max(sorted(set(wanted)), key=wanted.count)
    parts = (
        {name: script for name, script in scripts.items() if (shared in left[name]) == has}
        for has in (True, False)
    )
    for part in parts:
        if part:
            in_fork(visit, part, loaded | common)


def report(name: str, folder: str) -> None:
    """Print what the script in `folder` loads."""
    before = set(sys.modules)
    os.chdir(folder)
    sys.path.insert(0, folder)
    importlib.import_module("relay.tracking.local.run")
    runpy.run_path("run.py")
    new = [sys.modules[module] for module in set(sys.modules) - before]
    files = [str(getattr(module, "__file__", None)) for module in new]
    print(json.dumps([name, [file for file in files if "site-packages" in file]]), flush=True)


def in_fork(work: Any, *arguments: Any) -> None:
    """Call `work` in a forked process, and wait for its end."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work(*arguments)
            status = 0
        finally:
            os._exit(status)
    if os.waitpid(pid, 0)[1] != 0:
        raise SystemExit(1)


if __name__ == "__main__":
    del sys.path[0]
    visit(json.load(sys.stdin), frozenset())
