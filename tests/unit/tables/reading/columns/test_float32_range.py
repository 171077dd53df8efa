"""Numbers that models cannot compute with are named, and infinite ones are missing, with a word."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd
import pytest

from relay.models.loading import coerce
from relay.tables.reading.pieces import Pieces
from relay.util.errors import RelayError
from tests.loading import load
from tests.made_clean import clean

looking, table_io = load("predict", "input_check"), load("predict", "table_files")


def columns(*first: Any, rows: int = 30) -> dict[str, Any]:
    others = [float(i) for i in range(rows - len(first))]
    return {"a": [*first, *others], "y": [i + 0.5 for i in range(rows)]}


@pytest.mark.parametrize("value", ["1e40", "-1e300", 3.5e38])
def test_a_number_beyond_32_bits_is_an_error_with_column_and_row(value: Any) -> None:
    table = columns(1.0, 2.0, value)
    table["a"] = list(map(str, table["a"])) if isinstance(value, str) else table["a"]
    message = r"column 'a', row 3 .* is not a number that models can compute with.*data\.ranges\.a"
    with pytest.raises(RelayError, match=message):
        clean(table)
    assert clean(table, ranges={"a": (-1e30, 1e30)}).removed["range_a"] == 1


def test_the_target_is_held_against_it_too() -> None:
    table = columns()
    table["y"][4] = 1e200
    with pytest.raises(RelayError, match=r"column 'y', row 5 .*1e\+200"):
        clean(table)


def test_large_numbers_within_reach_are_fine() -> None:
    assert clean(columns(3.4e38, -3.4e38)).warnings == {}


def test_infinite_values_are_missing_and_a_warning() -> None:
    done = clean(columns(np.inf, -np.inf, 3.0))
    assert done.table["a"].isna().sum() == 2
    assert done.warnings["a"].startswith("2 infinite values, taken as missing.")
    written = clean({"a": ["inf", "Infinity", "-inf", *map(str, range(60))], "y": list(range(63))})
    assert written.table["a"].isna().sum() == 3
    assert written.warnings["a"].startswith("3 infinite values, taken as missing.")
    assert clean(columns(np.inf, 3.0), filters=["a.notna()"]).removed["filter_1"] == 1


def test_new_rows_are_held_against_it_as_well(caplog: pytest.LogCaptureFixture) -> None:
    def look(values: list[float]) -> None:
        piece = pd.DataFrame({"a": values})
        table = table_io.Table(Pieces(["a"], lambda _: iter([piece])), ["a"], ["a"])
        reading = looking.Reading({"a": "double"}, "y", None, {}, (), (), None)
        looking.check_table(table, reading, lambda done, total: None)

    with pytest.raises(RelayError, match=r"column 'a', row 2 .*1e\+40"):
        look([1.0, 1e40])
    caplog.set_level(logging.WARNING, "relay")
    look([1.0, np.inf])
    assert "Column a: 1 infinite value, taken as missing" in caplog.text
    assert coerce(pd.DataFrame({"a": [np.inf]}), {"a": "double"})["a"].isna().all()
