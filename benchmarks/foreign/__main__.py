"""Measures the foreign steps in each way, in turn, and prints a table of ratios.

python -m benchmarks.foreign [--repeat N] [--online]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.checkout import Checkout, Cost
from benchmarks.foreign.peers import VERSIONS, Dvc, Kedro, Plain, make_environment
from benchmarks.foreign.relay import SETTINGS, add_houses
from benchmarks.tables import markdown
from tests.wandb_server import WandbServer
from tests.wandb_server.faults import Fault

CACHE = Path(__file__).resolve().parents[2] / ".relay" / "bench"
BASE = "plain processes, one after another"
COLUMNS = ("first run", "nothing changed", "one model parameter")
LATENCY = 0.05
"""Seconds that each answer of the server takes besides."""
_DEPTHS = (8, 8, 9)  # of the forest in the runs of COLUMNS


def measure_foreign(
    folder: Path, repeat: int, server: WandbServer | None
) -> dict[str, list[Sequence[Cost]]]:
    """Return for each way the costs of the three runs, `repeat` times.

    With a `server`, Relay also runs with its runs and artifacts there.
    """
    source = folder / "houses.csv"
    folder.mkdir(parents=True)
    make_houses(source)
    plain = make_environment(CACHE / "plain")
    dvc = make_environment(CACHE / f"dvc-{VERSIONS['dvc']}", "dvc")
    kedro = make_environment(CACHE / f"kedro-{VERSIONS['kedro']}", "kedro")
    _relay(folder / "warm", source)(8)  # builds the environment
    login = {}
    if server is not None:
        server.faults.add(Fault(kind="delay", seconds=LATENCY))
        login = {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": server.key}
    costs: dict[str, list[Sequence[Cost]]] = {}
    for number in range(repeat):
        place = folder / str(number)
        ways: Mapping[str, Callable[[int], Cost]] = {
            BASE: Plain(place / "plain", plain, source).run,
            f"DVC {VERSIONS['dvc']}": Dvc(place / "dvc", dvc, source).run,
            f"Kedro {VERSIONS['kedro']} (one process)": Kedro(place / "kedro", kedro, source).run,
            "Relay": _relay(place / "relay", source),
        }
        if server is not None:
            project = f"tracking.project=houses{number}"  # an empty one for each turn
            name = f"Relay on W&B, {1000 * LATENCY:.0f} ms for each request"
            words = ("tracking=wandb", project)
            ways = {**ways, name: _relay(place / "online", source, *words, **login)}
        rounds: dict[str, list[Cost]] = {name: [] for name in ways}
        for depth in _DEPTHS:
            for name, run in ways.items():
                rounds[name].append(run(depth))
                text = f"{number + 1}/{repeat} {name}: {rounds[name][-1].seconds:.2f} s"
                print(text, file=sys.stderr)
        for name, runs in rounds.items():
            costs.setdefault(name, []).append(runs)
    return costs


def foreign_table(costs: Mapping[str, Sequence[Sequence[Cost]]]) -> str:
    """Return the medians of the ratios to the plain processes of the same turn."""
    rows = []
    for name, own in costs.items():
        cells = []
        for column in range(len(COLUMNS)):
            ratios = [
                runs[column].seconds / base[column].seconds
                for runs, base in zip(own, costs[BASE], strict=True)
            ]
            seconds = statistics.median(runs[column].seconds for runs in own)
            cells.append(f"{statistics.median(ratios):.2f} ({seconds:.2f} s)")
        rows.append((name, *cells))
    return markdown(("", *COLUMNS), rows)


def make_houses(path: Path, rows: int = 5000) -> None:
    """Write a table of houses with gaps and duplicates, the same each time."""
    random = np.random.default_rng(1)
    table = pd.DataFrame({f"x{number}": random.normal(size=rows) for number in range(10)})
    table["price"] = (300 + 40 * table["x0"] + 9 * table["x1"] ** 2).clip(lower=1)
    table.loc[random.choice(rows, rows // 50, replace=False), "x2"] = None
    pd.concat([table, table[:40]]).round(4).to_csv(path, index=False)


def _relay(root: Path, source: Path, *words: str, **environ: str) -> Callable[[int], Cost]:
    checkout = Checkout(root)
    add_houses(root, source)
    settings = (*SETTINGS, "env_manager=uv", *(words or ("tracking=local",)))
    return lambda depth: checkout.relay(*settings, f"train.depth={depth}", **environ)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Measures the foreign steps in each way.")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--online", action="store_true", help="also on the W&B test server")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="relay-foreign-"))
    try:
        with WandbServer() as server:
            online = server if arguments.online else None
            print(foreign_table(measure_foreign(folder / "bench", arguments.repeat, online)))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
