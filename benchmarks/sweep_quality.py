"""Compare the best model of a sweep with that of FLAML, for the same time, rows and metric.

    python -m benchmarks.sweep_quality [--data NAME ...] [--seeds N ...] [--seconds N] [--sweep S]

The tables are in the folder --folder (../shared/data). Each seed splits a table again. Both tools
get its training rows and search on two processors for the given time, one after the other; the
model that each chose is scored on the test rows: r2, or the macro f1 of classes. FLAML is installed
in an environment of its own. Results are kept in .relay/bench, so that a call measures what is
missing and prints a table of all.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.checkout import Checkout
from benchmarks.foreign.peers import LIBRARIES, VERSIONS, make_environment
from benchmarks.tables import markdown
from relay.sweep.journal import Journal, quiet_optuna
from relay.sweep.loop import best_of
from relay.util.names import column_name
from tools.copies import ROOT

CACHE = ROOT / ".relay" / "bench"
RESULTS = CACHE / "sweep_quality.jsonl"
NAME = "quality"
_FLAML = "flaml[automl]"
_SCRIPT = Path(__file__).with_name("flaml_fit.py")

Result = dict[str, Any]


@dataclass(frozen=True)
class DataSet:
    """A file of the folder, and its target."""

    path: str
    target: str
    metric: str = "r2"


DATA_SETS = {
    "house_prices": DataSet("house_prices/train.csv", "SalePrice"),
    "nyc_airbnb": DataSet("nyc_airbnb/sample1.csv", "price"),
    "housing": DataSet("tabular/housing.csv", "median_house_value"),
    "diamonds": DataSet("tabular/diamonds.csv", "price"),
    "pokemon": DataSet("pokemon.csv", "Legendary", "f1"),
}


@dataclass(frozen=True)
class Case:
    """A data set split by a seed, in a checkout of its own."""

    checkout: Checkout
    data_set: DataSet
    source: Path
    seed: int
    seconds: float

    @property
    def _settings(self) -> list[str]:
        return [
            "data=table", f"data.url={self.source}", f"data.target={self.data_set.target}",
            f"data.name={NAME}", f"seed={self.seed}", "tracking=local", "env_manager=uv",
        ]  # fmt: skip

    def prepare(self) -> None:
        """Make the training and the test set, and build the environments."""
        self.checkout.relay("steps=+check,+split", *self._settings)
        for part in ("train", "test"):
            self.checkout.relay("pull", f"{NAME}_{part}:latest", part, "tracking=local")

    def by_relay(self, sweep: str) -> Result:
        """Search with a sweep, and return the winner's score."""
        root = self.checkout.root
        command = ["sweep", sweep, *self._settings, f"--minutes={self.seconds / 60}", "--jobs=2"]
        cost = self.checkout.relay(*command, f"--seed={self.seed}", "--no-register")
        steps = {step["name"]: step for step in self.checkout.steps()}
        [folder] = (root / ".relay" / "sweeps").glob(f"{sweep}-*")
        with quiet_optuna():
            trials = Journal(folder, sweep, "maximize", 4).ended()
        best = best_of(trials, maximize=True)[0]
        return {
            "score": steps["evaluate"]["metrics"][self.data_set.metric],
            "cv": best.value,
            "seconds": cost.seconds,
            "cpu_seconds": cost.cpu_seconds,
            "trials": len(trials),
            "model": best.settings["model"],
        }

    def by_flaml(self, python: Path) -> Result:
        """Search with FLAML, and return the score of its model."""
        root = self.checkout.root
        words = [str(root / part / "data.parquet") for part in ("train", "test")]
        words += [column_name(self.data_set.target), str(self.seconds), str(self.seed)]
        done = subprocess.run(
            [str(python), str(_SCRIPT), *words],
            cwd=root, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        result: Result = json.loads(done.stdout.splitlines()[-1])
        return result


def measure_case(
    name: str, source: Path, seed: int, seconds: float, sweep: str
) -> Iterator[tuple[str, Result]]:
    """Yield the result of each tool, the first of the two in turn."""
    folder = Path(tempfile.mkdtemp(prefix="relay-quality-"))
    try:
        case = Case(Checkout(folder / "checkout"), DATA_SETS[name], source, seed, seconds)
        case.prepare()
        flaml = make_environment(
            CACHE / f"flaml-{VERSIONS[_FLAML]}", _FLAML, libraries=(*LIBRARIES, "pyarrow")
        )
        tools: dict[str, Callable[[], Result]] = {
            "relay": lambda: case.by_relay(sweep),
            "flaml": lambda: case.by_flaml(flaml / "python"),
        }
        for tool in sorted(tools, reverse=bool(seed % 2)):
            yield tool, tools[tool]()
    finally:
        shutil.rmtree(folder)


def quality_table(results: Sequence[Result]) -> str:
    """Return the mean scores of both tools, and the mean difference with its spread."""
    rows = []
    for name, data_set in DATA_SETS.items():
        own = {
            tool: {
                one["seed"]: one for one in results if (one["data"], one["tool"]) == (name, tool)
            }
            for tool in ("relay", "flaml")
        }
        seeds = sorted(own["relay"].keys() & own["flaml"].keys())
        if not seeds:
            continue
        scores = {tool: [own[tool][seed]["score"] for seed in seeds] for tool in own}
        gains = [a - b for a, b in zip(scores["relay"], scores["flaml"], strict=True)]
        trials = [
            f"{statistics.median(own[tool][seed]['trials'] for seed in seeds):.0f}" for tool in own
        ]
        rows.append(
            (
                name,
                data_set.metric,
                str(len(seeds)),
                *(f"{statistics.mean(scores[tool]):.4f}" for tool in own),
                f"{statistics.mean(gains):+.4f}",
                f"{min(gains):+.4f} to {max(gains):+.4f}",
                ", ".join(trials),
            )
        )
    head = ("data set", "metric", "seeds", "Relay", "FLAML", "difference", "from, to", "trials")
    return markdown(head, rows)


def read_results(seconds: float, sweep: str) -> list[Result]:
    """Return what was measured before with this budget."""
    lines = RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.is_file() else []
    results: list[Result] = [json.loads(line) for line in lines]
    return [one for one in results if (one["budget"], one["sweep"]) == (seconds, sweep)]


def main() -> None:
    """Measure what is missing, and print the table."""
    parser = argparse.ArgumentParser(description="Compares a sweep with FLAML.")
    parser.add_argument("--data", nargs="+", choices=DATA_SETS, default=list(DATA_SETS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3, 4, 5])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--sweep", default="all", help="a file of config/sweep/")
    parser.add_argument("--folder", type=Path, default=ROOT.parent / "shared" / "data")
    arguments = parser.parse_args()
    before = read_results(arguments.seconds, arguments.sweep)
    done = {(one["data"], one["seed"]) for one in before if one["tool"] == "relay"}
    CACHE.mkdir(parents=True, exist_ok=True)
    for seed, name in itertools.product(arguments.seeds, arguments.data):
        if (name, seed) in done:
            continue
        source = (arguments.folder / DATA_SETS[name].path).resolve()
        common = {
            "data": name, "seed": seed, "budget": arguments.seconds, "sweep": arguments.sweep,
        }  # fmt: skip
        results = [
            {**common, "tool": tool, **result}
            for tool, result in measure_case(name, source, seed, arguments.seconds, arguments.sweep)
        ]
        with RESULTS.open("a", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(result)}\n" for result in results)
        print(*map(json.dumps, results), sep="\n", file=sys.stderr)
    print(quality_table(read_results(arguments.seconds, arguments.sweep)))


if __name__ == "__main__":
    main()
