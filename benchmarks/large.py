"""The data steps on a large table, beside scripts that exchange CSV files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.checkout import Checkout, Cost, measure
from benchmarks.make_table import make_table, write
from benchmarks.plain import MANAGER, plain_steps
from benchmarks.tables import markdown

_MB = 1024 * 1024
_TARGET = "price"


def measure_large(folder: Path, rows: int) -> str:
    """Return tables of time and memory, measured on `rows` rows of 20 mixed columns."""
    folder.mkdir()
    file, few = folder / "table.csv", folder / "few.csv"
    write(rows, file, seed=0)
    write(1000, few, seed=0)
    in_memory = make_table(rows, np.random.default_rng(0)).memory_usage(deep=True).sum() / _MB
    small, large = Checkout(folder / "small"), Checkout(folder / "relay")
    _relay(small, few)
    start_up = {step["name"]: step["max_rss_mb"] for step in small.steps()}
    scripts = _scripts(folder, large, file)
    whole = _relay(large, file)
    steps = {step["name"]: step for step in large.steps()}
    by_csv = Cost(0, 0)
    for cost in scripts.values():
        by_csv += cost
    times = [
        (
            name,
            *(_shown(scripts[name]) if name in scripts else ("", "")),
            *_shown(Cost(step["seconds"], step["cpu_seconds"])),
        )
        for name, step in steps.items()
    ]
    times.append(("in all", *_shown(by_csv), *_shown(whole)))
    times.append(
        (
            "ratio",
            "1.00",
            "1.00",
            f"{whole.seconds / by_csv.seconds:.2f}",
            f"{whole.cpu_seconds / by_csv.cpu_seconds:.2f}",
        )
    )
    memory = [
        (
            name,
            f"{step['max_rss_mb']:.0f} MB",
            f"{start_up[name]:.0f} MB",
            f"{(step['max_rss_mb'] - start_up[name]) / in_memory:.1f}",
        )
        for name, step in steps.items()
    ]
    size = file.stat().st_size / _MB
    head = ("step", "CSV scripts", "their CPU time", "relay", "its CPU time")
    return "\n\n".join(
        (
            f"The file has {size:.0f} MB, the table {in_memory:.0f} MB in memory.",
            markdown(head, times),
            markdown(("step", "peak memory", "with 1,000 rows", "difference / table"), memory),
        )
    )


def _relay(checkout: Checkout, file: Path) -> Cost:
    return checkout.relay(
        "tracking=local",
        f"env_manager={MANAGER}",
        "data=table",
        f"data.url={file}",
        f"data.target={_TARGET}",
        "steps=+check,+split",
    )


def _scripts(folder: Path, checkout: Checkout, file: Path) -> Mapping[str, Cost]:
    """Return the costs of the steps by scripts, in the environment of `split`."""
    step = next(plain for plain in plain_steps(checkout, ()) if plain.job.name == "split")
    python = Path(str(step.environment.folder)) / "bin" / "python"
    script = Path(__file__).with_name("csv_steps.py")
    clean = folder / "clean.csv"
    words = {
        "clean": (file, clean),
        "check": (clean,),
        "split": (clean, folder / "train.csv", folder / "test.csv"),
    }
    return {
        name: measure([str(python), str(script), name, *map(str, paths)], folder)
        for name, paths in words.items()
    }


def _shown(cost: Cost) -> tuple[str, str]:
    return f"{cost.seconds:.2f} s", f"{cost.cpu_seconds:.2f} s"
