"""Write a made-up table of many rows and mixed columns, to measure with.

    python benchmarks/make_table.py ROWS FILE [--seed N]

FILE is CSV, or Parquet if its name ends in .parquet. The target is `price`, a number that depends
on the other columns. The same rows and seed give the same bytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

ROWS_AT_ONCE = 200_000
MISSING_SHARE = 0.05

_CITIES = np.array(
    [f"{word} {number}" for word in ("North", "South", "East") for number in range(70)]
)
_KINDS = np.array(["flat", "house", "room", "loft"])
_STATES = np.array(["new", "good", "fair", "poor", "unknown"])
_COLOURS = np.array(["red", "green", "blue", "white", "black", "grey", "brown"])
_WORDS = np.array(["quiet", "sunny", "large", "small", "central", "cosy", "bright", "near park"])
_FIRST_DAY = np.datetime64("2018-01-01")


def make_table(rows: int, random: np.random.Generator, first_id: int = 1) -> pd.DataFrame:
    """Return `rows` rows of 20 columns: floats, whole numbers, texts, dates, booleans and an id."""
    area = np.round(random.gamma(4.0, 25.0, rows), 2)
    rooms = random.integers(1, 9, rows)
    year = random.integers(1900, 2024, rows)
    kind = random.integers(0, len(_KINDS), rows)
    state = random.integers(0, len(_STATES), rows)
    garden = random.random(rows) < 0.3
    noise = random.normal(0.0, 20_000.0, rows)
    price = 1_500 * area + 9_000 * rooms + 300 * (year - 1900) + 25_000 * kind + noise
    price -= 15_000 * state - 30_000 * garden
    listed = _FIRST_DAY + random.integers(0, 2_000, rows).astype("timedelta64[D]")
    sold = listed + random.integers(1, 400, rows).astype("timedelta64[D]")
    table = pd.DataFrame(
        {
            "id": np.arange(first_id, first_id + rows),
            "area": area,
            "lot_area": np.round(random.gamma(2.0, 300.0, rows), 1),
            "latitude": np.round(random.normal(48.0, 1.5, rows), 5),
            "longitude": np.round(random.normal(11.0, 2.0, rows), 5),
            "rating": np.round(random.uniform(1.0, 5.0, rows), 1),
            "distance": random.exponential(5.0, rows),
            "rooms": rooms,
            "floor": random.integers(-1, 25, rows),
            "year_built": year,
            "views": random.poisson(200, rows),
            "kind": _KINDS[kind],
            "state": _STATES[state],
            "colour": _COLOURS[random.integers(0, len(_COLOURS), rows)],
            "city": _CITIES[random.integers(0, len(_CITIES), rows)],
            "remark": _WORDS[random.integers(0, len(_WORDS), rows)],
            "garden": garden,
            "listed_on": np.datetime_as_string(listed),
            "sold_on": np.datetime_as_string(sold),
            "price": np.round(price, 2),
        }
    )
    for name in ("lot_area", "rating", "floor", "colour", "sold_on"):
        table[name] = table[name].mask(random.random(rows) < MISSING_SHARE)
    table["floor"] = table["floor"].astype("Int64")
    return table


def write(rows: int, path: Path, seed: int) -> None:
    """Write a table of `rows` rows to `path`."""
    random = np.random.default_rng(seed)
    if path.suffix == ".parquet":
        make_table(rows, random).to_parquet(path, index=False)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        for first in range(0, rows, ROWS_AT_ONCE):
            part = make_table(min(ROWS_AT_ONCE, rows - first), random, first + 1)
            part.to_csv(file, index=False, header=first == 0, lineterminator="\n")


def main() -> None:
    """Write a table by the options of the command line."""
    parser = argparse.ArgumentParser(description="Writes a made-up table to measure with.")
    parser.add_argument("rows", type=int, help="how many rows")
    parser.add_argument("file", type=Path, help="the CSV or Parquet file to write")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers")
    arguments = parser.parse_args()
    write(arguments.rows, arguments.file, arguments.seed)


if __name__ == "__main__":
    main()
