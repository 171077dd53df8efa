"""Integers that floats cannot hold keep all their digits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from relay.tables.io import read_parquet, write_parquet
from relay.tables.reading.columns.column_kinds import kind_of
from relay.tables.reading.columns.dtypes import to_dtype
from relay.tables.reading.numbers.integers import exact_integers, floats_merge, integers_from_arrow
from relay.util.errors import RelayError
from tests.loading import load
from tests.made_clean import clean

features = load("train", "features")
kinds = load("predict", "input_check")

LONG = 1_234_567_890_123_456_789


def ids(*, missing: bool, digits: int = 19, rows: int = 60) -> list[str | None]:
    first = 10 ** (digits - 1)
    return [None if missing and i == 7 else str(first + 3 * i) for i in range(rows)]


def as_texts(values: pd.Series) -> list[str | None]:
    return [None if pd.isna(value) else str(value) for value in values]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2], "int64"),
        ([1, None], "float64"),
        ([LONG, 2], "int64"),
        ([LONG, None], "Int64"),
        ([-LONG, None, LONG], "Int64"),
        ([2**53, None], "float64"),
        ([10**21 + 1, None, 7], "str"),
    ],
)
def test_each_integer_is_kept_in_the_narrowest_dtype(values: list[int | None], dtype: str) -> None:
    got = exact_integers(values)
    assert got.dtype == dtype
    expected = [None if value is None else str(value) for value in values]
    if dtype != "float64":
        assert as_texts(got) == expected
    assert got.isna().tolist() == [value is None for value in values]


def test_arrows_wide_integers_and_decimals_are_kept_too() -> None:
    assert integers_from_arrow(pa.array([2**63, None], pa.uint64()))[0] == str(2**63)
    wide = pa.array([Decimal(str(10**30 + 1)), None])
    assert as_texts(integers_from_arrow(wide)) == [str(10**30 + 1), None]
    assert integers_from_arrow(pa.array([Decimal(5), Decimal(6)])).tolist() == [5, 6]


@pytest.mark.parametrize("digits", [17, 18, 19, 20, 22])
@pytest.mark.parametrize("missing", [False, True])
def test_long_integers_of_a_file_keep_their_digits(digits: int, missing: bool) -> None:
    texts = ids(missing=missing, digits=digits)
    done = clean({"x": texts, "y": [i + 0.5 for i in range(len(texts))]})
    assert as_texts(done.table["x"]) == texts


@pytest.mark.parametrize("form", ["{:,}", "{} "])
def test_long_integers_in_other_forms_or_beside_a_question_mark_stay_texts(form: str) -> None:
    texts: list[Any] = [form.format(LONG + i).strip() for i in range(60)]
    texts[3] = texts[3] if "," in form else "?"
    done = clean({"x": texts, "y": [i + 0.5 for i in range(60)]})
    assert done.table["x"].tolist() == texts
    assert "too long" in done.notes["x"]


def test_the_word_int_keeps_long_integers_or_raises_an_error() -> None:
    column = pd.Series(["1234567890123456789", None, "+7"], name="x", dtype="str")
    assert as_texts(to_dtype(column, "int")) == ["1234567890123456789", None, "7"]
    with pytest.raises(RelayError, match=r"row 1 .*at most 64 bits.*data\.dtypes\.x=str"):
        to_dtype(pd.Series(["1" * 22, None], name="x", dtype="str"), "int")


def test_they_pass_through_parquet(tmp_path: Any) -> None:
    table = pd.DataFrame({"x": exact_integers([LONG, None, LONG + 1])})
    back = read_parquet(write_parquet(table, tmp_path / "x"))["x"]
    assert as_texts(back) == [str(LONG), None, str(LONG + 1)]


def test_a_model_takes_those_that_floats_would_merge_for_codes() -> None:
    all_different = exact_integers([LONG + i for i in range(100)])
    assert floats_merge(all_different)
    assert kind_of(all_different.rename("account")) == "identifier"
    few = exact_integers([LONG, LONG + 1, None] * 20).rename("account")
    assert kind_of(few) == "category"
    spread = exact_integers([LONG + 10_000 * i for i in range(100)]).rename("nanoseconds")
    assert kind_of(spread) == "number"
    table = pd.DataFrame({"account": few})
    chosen = features.choose_features(table, None)
    assert dict(chosen.used) == {"account": "category"}
    assert as_texts(features.model_frame(table, chosen)["account"])[:3] == [
        str(LONG), str(LONG + 1), None,
    ]  # fmt: skip


def test_pieces_of_a_table_to_predict_keep_them() -> None:
    first = pd.DataFrame({"x": pd.Series([str(LONG), "5"], dtype="str")})
    second = pd.DataFrame({"x": pd.Series([None, None], dtype="str")})
    both = kinds.join_kinds(kinds.read_kinds(first), kinds.read_kinds(second))
    typed = [as_texts(kinds.convert_to_kinds(piece, both)["x"]) for piece in (first, second)]
    assert typed == [[str(LONG), "5"], [None, None]]


def test_whole_numbers_that_missing_ones_make_floats_are_identifiers_by_their_name() -> None:
    numbers = pd.Series([None, *range(1000, 1200)], name="customer_id", dtype="float64")
    assert kind_of(numbers) == "identifier"
    assert kind_of(numbers + 0.5) == kind_of(numbers.rename("price")) == "number"
