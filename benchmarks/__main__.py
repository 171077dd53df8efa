"""Measure the pipeline beside other ways to run the same steps, and print tables.

    python -m benchmarks [--repeat N] [--rows N] [--trials N] [--only small|large|sweep]

Every row of a table is measured in the same session, the ways in turn; a figure is the median.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.checkout import Checkout, Cost
from benchmarks.large import measure_large
from benchmarks.plain import MANAGER, plain_steps
from benchmarks.step_phases import PHASES, measure_phases
from benchmarks.sweeps import measure_sweeps, sweeps_table
from benchmarks.tables import markdown

BASE = "plain processes, one after another"


def measure_small(folder: Path, repeat: int) -> dict[str, list[Cost]]:
    """Run the default pipeline in every way, `repeat` times, and return the costs by way."""
    costs: dict[str, list[Cost]] = {}
    for number in range(repeat):
        ways = _ways(folder / str(number))
        for name, way in ways.items():
            costs.setdefault(name, []).append(way())
            print(f"{number + 1}/{repeat} {name}: {costs[name][-1].seconds:.2f} s", file=sys.stderr)
    return costs


def _ways(folder: Path) -> Mapping[str, Callable[[], Cost]]:
    mine, plain, loop = (Checkout(folder / name) for name in ("relay", "plain", "loop"))
    local = ("tracking=local", f"env_manager={MANAGER}")

    def edited(path: str) -> Cost:
        mine.edit(path)
        return mine.relay(*local)

    return {
        BASE: lambda: _total([step.by_python(plain) for step in plain_steps(plain, local)]),
        "mlflow run in a loop": lambda: _total(
            [step.by_mlflow(loop) for step in plain_steps(loop, local)]
        ),
        "relay, first run": lambda: mine.relay(*local),
        "relay, the same again": lambda: mine.relay(*local),
        "relay, another model parameter": lambda: mine.relay(*local, "model.params.max_depth=7"),
        "relay, a file of evaluate edited": lambda: edited("components/evaluate/run.py"),
    }


def _total(costs: Sequence[Cost]) -> Cost:
    return sum(costs[1:], costs[0])


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.cpu_seconds for cost in costs),
    )


def small_table(costs: Mapping[str, Sequence[Cost]]) -> str:
    """Return a table of seconds, and of ratios to the plain processes of the same repetition."""
    rows = []
    for name, own in costs.items():
        middle = _median(own)
        ratios = [cost.seconds / base.seconds for cost, base in zip(own, costs[BASE], strict=True)]
        rows.append(
            (
                name,
                f"{middle.seconds:.2f} s",
                f"{middle.cpu_seconds:.2f} s",
                f"{statistics.median(ratios):.2f}",
                f"{min(ratios):.2f} to {max(ratios):.2f}",
            )
        )
    return markdown(("", "time", "CPU time", "ratio", "from, to"), rows)


def phases_table(folder: Path) -> str:
    """Return a table of the CPU time of each step by phase."""
    phases = measure_phases(Checkout(folder), ("tracking=local", f"env_manager={MANAGER}"))
    rows = [
        (
            step,
            *(f"{seconds.get(phase, 0):.2f} s" for phase in PHASES),
            f"{sum(seconds.values()):.2f} s",
        )
        for step, seconds in phases.items()
    ]
    return markdown(("step", *PHASES, "in all"), rows)


def main() -> None:
    """Measure by the options of the command line, and print tables."""
    parser = argparse.ArgumentParser(description="Measures the pipeline beside other ways.")
    parser.add_argument("--repeat", type=int, default=3, help="how often the small one")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the large table")
    parser.add_argument("--trials", type=int, default=100, help="of the sweep")
    parser.add_argument("--only", choices=("small", "large", "sweep"))
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="relay-bench-"))
    try:
        warm = Checkout(folder / "warm")
        warm.relay("tracking=local", f"env_manager={MANAGER}")  # builds the environments
        if arguments.only in (None, "sweep"):
            print(f"\n## {arguments.trials} trials of a sweep\n")
            print(
                sweeps_table(measure_sweeps(folder / "sweep", arguments.trials, arguments.repeat))
            )
        if arguments.only in (None, "small"):
            print("\n## The default pipeline\n")
            print(small_table(measure_small(folder, arguments.repeat)))
            print("\n## Where the CPU time of a step goes\n")
            print(phases_table(folder / "phases"))
        if arguments.only in (None, "large"):
            print(f"\n## {arguments.rows:,} rows\n")
            print(measure_large(folder / "large", arguments.rows))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
