"""The table that benchmarks are made with."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmarks.make_table import write


def test_the_same_seed_gives_the_same_file_of_mixed_columns(tmp_path: Path) -> None:
    for name, seed in (("one.csv", 1), ("two.csv", 1), ("three.csv", 2), ("four.parquet", 1)):
        write(300, tmp_path / name, seed)
    first, equal, other = [
        (tmp_path / f"{name}.csv").read_bytes() for name in ("one", "two", "three")
    ]
    assert first == equal
    assert first != other
    table = pd.read_csv(tmp_path / "one.csv")
    assert table.shape == (300, 20)
    assert table["id"].is_unique
    assert 0 < table["rating"].isna().mean() < 0.2
    assert pd.read_parquet(tmp_path / "four.parquet").shape == (300, 20)
