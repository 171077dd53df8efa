"""A small sweep for tests: its file, its search and its journal."""

from __future__ import annotations

from pathlib import Path

from relay.sweep.format import SweepFile, parse_sweep
from relay.sweep.journal import Journal
from relay.sweep.search import Search
from relay.sweep.space import read_space

PARAMETERS = "parameters:\n  a: {min: 0.0, max: 1.0}\n"
LAG = 4


def sweep_file(method: str = "random", more: str = "", metric: str = "score") -> SweepFile:
    head = f"method: {method}\nmetric: {{name: {metric}, goal: maximize}}\n"
    return parse_sweep(f"{head}{more}{PARAMETERS}", "small", "config/sweep/small.yaml")


def search(file: SweepFile | None = None) -> Search:
    file = file or sweep_file()
    return Search(read_space(file, {}), file.content.method, "maximize", 1, LAG)


def journal(folder: Path) -> Journal:
    return Journal(folder, "small", "maximize", LAG)
