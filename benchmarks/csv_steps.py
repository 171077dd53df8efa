"""The data steps as scripts that exchange CSV files, as they are often written.

python csv_steps.py clean IN OUT        read, drop rows without target and duplicates, write
python csv_steps.py check IN            read, look at types, missing values, ranges and target
python csv_steps.py split IN TRAIN TEST read, split by deciles of the target, write both
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

TARGET = "price"
DATES = ("listed_on", "sold_on")


def read(path: Path) -> pd.DataFrame:
    """Return the table in `path`; dates are parsed again each time."""
    table = pd.read_csv(path)
    for name in DATES:
        table[name] = pd.to_datetime(table[name])
    return table


def clean(source: Path, target: Path) -> None:
    """Drop rows without a target, and duplicate rows."""
    table = read(source)
    table.columns = [name.strip().lower().replace(" ", "_") for name in table.columns]
    table = table.dropna(subset=[TARGET]).drop_duplicates()
    table.to_csv(target, index=False)


def check(source: Path) -> None:
    """Print a summary of each column.

    Raises SystemExit if the target has missing values, or one value only.
    """
    table = read(source)
    for name in table:
        values = table[name]
        print(name, values.dtype, int(values.isna().sum()), int(values.nunique()))
        if pd.api.types.is_numeric_dtype(values):
            print(values.min(), values.max())
    if table[TARGET].isna().any() or table[TARGET].nunique() < 2:
        raise SystemExit("the target is missing, or constant")


def split(source: Path, train: Path, test: Path) -> None:
    """Write a fifth of the rows as the test set, with the same mix of the target."""
    from sklearn.model_selection import train_test_split

    table = read(source)
    deciles = pd.qcut(table[TARGET], 10, labels=False, duplicates="drop")
    for part, path in zip(
        train_test_split(table, test_size=0.2, random_state=42, stratify=deciles),
        (train, test),
        strict=True,
    ):
        part.to_csv(path, index=False)


def main(step: str, *paths: str) -> None:
    """Do one step on the files `paths`."""
    if step == "clean":
        clean(Path(paths[0]), Path(paths[1]))
    elif step == "check":
        check(Path(paths[0]))
    else:
        split(Path(paths[0]), Path(paths[1]), Path(paths[2]))


if __name__ == "__main__":
    main(*sys.argv[1:])
