"""Parquet files as tables."""

from __future__ import annotations

import datetime as dt
import functools
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from relay.tables.reading.pieces import read_in_pieces
from relay.tables.reading.settings.options import ReadOptions
from relay.util.errors import RelayError
from tests.loading import load
from tests.reading import read

kinds = load("predict", "input_check")


def test_parquet_is_recognised_by_content_and_keeps_its_dtypes(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    table = pd.DataFrame(
        {
            "n": pd.array([1, 2], dtype="int32"),
            "kind": pd.Categorical(["x", "y"]),
            "when": pd.to_datetime(["2020-01-01", "2021-01-01"]),
            "day": [dt.date(2020, 1, 1), None],
            "cost": [Decimal("1.5"), Decimal("2.5")],
            "flag": pd.array([True, None], dtype="boolean"),
        },
        index=["r1", "r2"],
    )
    table.to_parquet(path)
    got = read(path)
    assert list(got.columns) == list(table.columns)
    assert [dtype.kind for dtype in got.dtypes] == ["i", "O", "M", "M", "f", "O"]
    assert got["kind"].dtype == "category"
    assert got["flag"].tolist()[0] == "True"


def written(folder: Path, columns: dict[str, pa.Array], **options: Any) -> Path:
    path = folder / "data.parquet"
    pq.write_table(pa.table(columns), path, **options)
    return path


def test_two_columns_of_one_name_are_both_read(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table([pa.array([1, 2]), pa.array([3, 4])], names=["a", "a"]), path)
    got = read(path)
    assert list(got.columns) == ["a", "a"]
    assert got.to_numpy().tolist() == [[1, 3], [2, 4]]
    (piece,) = read_in_pieces(path, ReadOptions())
    assert piece.to_numpy().tolist() == [[1, 3], [2, 4]]


LONG = 1234567890123456789


@pytest.mark.parametrize(
    "values",
    [
        pa.array([LONG, LONG - 1, None]),
        pa.array([LONG, LONG - 1, None], pa.uint64()),
        pa.array([Decimal(LONG), Decimal(LONG - 1), None], pa.decimal128(38, 0)),
        pa.array([Decimal(LONG), Decimal(LONG - 1), None], pa.decimal128(38, 9)),
    ],
)
def test_long_integers_beside_missing_ones_keep_their_digits(
    tmp_path: Path, values: pa.Array
) -> None:
    path = written(tmp_path, {"id": values, "y": pa.array([1, 2, 3])})
    (piece,) = read_in_pieces(path, ReadOptions())
    for table in (read(path), piece):
        assert table["id"].dropna().tolist() == [LONG, LONG - 1]
        assert table["id"].isna().tolist() == [False, False, True]


def test_predict_keeps_integers_whose_pieces_differ_in_what_is_missing(tmp_path: Path) -> None:
    ids = pa.array([LONG, LONG - 1, None, 5, None, 6])
    path = written(tmp_path, {"id": ids, "y": pa.array(range(6))}, row_group_size=2)
    pieces = list(read_in_pieces(path, ReadOptions()).read(2))
    kinds_by_piece = [kinds.read_kinds(piece) for piece in pieces]
    together = functools.reduce(kinds.join_kinds, kinds_by_piece)
    typed = pd.concat([kinds.convert_to_kinds(piece, together) for piece in pieces])
    assert typed["id"].dropna().tolist() == [LONG, LONG - 1, 5, 6]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([2**63, 2**63 + 1], pa.uint64()),
        pa.array([Decimal(2**63), Decimal(2**63 + 1)], pa.decimal128(38, 0)),
    ],
)
def test_integers_longer_than_any_number_are_texts_and_reported(
    tmp_path: Path, values: pa.Array, caplog: pytest.LogCaptureFixture
) -> None:
    got = read(written(tmp_path, {"the id": values, "y": pa.array([1, 2])}))
    assert got["the id"].tolist() == ["9223372036854775808", "9223372036854775809"]
    assert "column the id: numbers" in caplog.text
    assert "data.dtypes.the_id=float" in caplog.text


def test_types_that_pandas_lacks_are_read_as_what_they_mean(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {
            "took": pa.array([dt.timedelta(hours=1.5), None], pa.duration("ns")),
            "also": pa.array([dt.timedelta(hours=1.5), None], pa.duration("ms")),
            "at": pa.array([dt.time(1, 2), None], pa.time64("us")),
            "half": pa.array([1.5, None], pa.float16()),
            "nothing": pa.array([None, None], pa.null()),
            "until": pa.array([dt.date(9999, 12, 31), None], pa.date32()),
            "ok": pa.array([True, None]),
        },
    )
    got = read(path)
    assert got.iloc[0].tolist()[:4] == [1.5, 1.5, "01:02:00", 1.5]
    assert got["until"].iloc[0].year == 9999
    assert got["ok"].iloc[0] == "True"
    assert got.iloc[1].isna().all()
    assert got["nothing"].isna().all()


def test_old_timestamps_may_lie_beyond_2262(tmp_path: Path) -> None:
    times = pa.array([dt.datetime(9999, 12, 31), dt.datetime(1500, 1, 1)], pa.timestamp("us"))
    columns = {"t": times, "y": pa.array([1, 2])}
    got = read(written(tmp_path, columns, use_deprecated_int96_timestamps=True))
    assert got["t"].dt.year.tolist() == [9999, 1500]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([[1], [2]]),
        pa.array([{"a": 1}, {"a": 2}]),
        pa.array([b"a", b"b"]),
        pa.array([b"a", b"b"], pa.binary(1)),
    ],
)
def test_what_is_not_one_value_per_row_names_the_column(tmp_path: Path, values: pa.Array) -> None:
    with pytest.raises(RelayError, match=r"column 'odd': has .*Store the file without this column"):
        read(written(tmp_path, {"odd": values, "y": pa.array([1, 2])}))
