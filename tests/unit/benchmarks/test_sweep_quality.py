"""The table of the benchmark of sweeps."""

from __future__ import annotations

from typing import Any

from benchmarks.sweep_quality import quality_table


def result(tool: str, seed: int, score: float, data: str = "housing") -> dict[str, Any]:
    return {"data": data, "tool": tool, "seed": seed, "score": score, "trials": 10 * seed}


def test_the_difference_is_that_of_the_same_splits() -> None:
    table = quality_table(
        [
            result("relay", 1, 0.84),
            result("flaml", 1, 0.82),
            result("relay", 2, 0.80),
            result("flaml", 2, 0.81),
            result("relay", 3, 0.99),
            result("relay", 1, 0.5, "pokemon"),
        ]
    )
    [_, _, row] = table.splitlines()
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == [
        "housing", "r2", "2", "0.8200", "0.8150", "+0.0050", "-0.0100 to +0.0200", "15, 15",
    ]  # fmt: skip
