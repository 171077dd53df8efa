"""Reading piece by piece gives what reading as a whole gives."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from relay.tables.reading.pieces import Pieces, read_in_pieces
from relay.tables.reading.settings.options import ReadOptions
from relay.tables.reading.table import read_raw
from relay.util.errors import RelayError

OPTIONS = ReadOptions()
TEXT = 'No;"Name of it"; Price\n' + "".join(
    f'{n};"a; ""{n}""\nb"; {n},5 \n' if n % 7 else f"{n};;NA\n" for n in range(5_000)
)


def in_pieces(pieces: Pieces, rows: int) -> pd.DataFrame:
    parts = list(pieces.read(rows))
    assert len(parts) > 1
    return pd.concat(parts, ignore_index=True)


def test_texts_are_read_as_from_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(TEXT.encode("utf-16"))
    whole = read_raw(path, OPTIONS).table
    assert len(whole) == 5_000
    pieces = read_in_pieces(path, OPTIONS)
    for _ in range(2):  # as often as one likes
        pd.testing.assert_frame_equal(in_pieces(pieces, 999), whole, check_dtype=False)


def test_parquet_is_read_as_from_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    table = pd.DataFrame(
        {
            "n": range(5_000),
            "t": pd.date_range("2024-01-01", periods=5_000, tz="UTC"),
            "b": [True, False] * 2_500,
            "some": [True, None] * 2_500,
            "c": pd.Series(["x", "y"] * 2_500, dtype="category"),
        }
    )
    table.to_parquet(path, row_group_size=1_300)
    whole = read_raw(path, OPTIONS).table
    whole["c"] = whole["c"].astype("str")
    pd.testing.assert_frame_equal(
        in_pieces(read_in_pieces(path, OPTIONS), 999), whole, check_dtype=False
    )


def test_the_index_counts_on_through_all_pieces(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("a,b\n" + "1,2\n" * 60_000, encoding="utf-8")
    starts = [(piece.index[0], piece.index[-1]) for piece in read_in_pieces(path, OPTIONS)]
    assert starts == [(0, 49_999), (50_000, 59_999)]


@pytest.mark.parametrize(
    ("bad", "message"),
    [("1,2,3", "line 2502: it has 3 fields"), ('1,"2', "line 2502: a quote opens")],
)
def test_a_broken_line_far_in_is_named(bad: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("a,b\n" + "1,2\n" * 2_500 + f"{bad}\n" + "1,2\n" * 9, encoding="utf-8")
    with pytest.raises(RelayError, match=message):
        list(read_in_pieces(path, OPTIONS).read(1_000))


def test_a_file_without_rows_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a,b\n", encoding="utf-8")
    with pytest.raises(RelayError, match="no rows"):
        list(read_in_pieces(tmp_path / "in.csv", OPTIONS))
