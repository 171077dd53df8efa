"""Cleaning: names, drops, ranges, rows and columns that go, and the parameters for it."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from relay.step.params import validate
from relay.util.errors import ConfigError, RelayError
from tests.loading import load
from tests.made_clean import clean, numbers

params = load("clean", "params")


def test_columns_get_safe_names_and_may_be_named_as_in_the_file() -> None:
    done = clean(
        {"Sp. Atk": [1, 2, 3], "#": [7, 8, 9], "SalePrice": [1.5, 2.5, 3.5]},
        target="SalePrice",
        drop=["#"],
        rename={"Sp. Atk": "Attack"},
    )
    assert list(done.table.columns) == ["attack", "sale_price"]
    assert done.target == "sale_price"
    assert [note for note in done.notes.values() if "left out by data.drop" in note]


def test_settings_can_use_the_new_name_of_a_column() -> None:
    done = clean(
        numbers(), rename={"x": "width"}, ranges={"width": (0, 9)}, dtypes={"width": "float"}
    )
    assert len(done.table) == 10
    assert done.table["width"].dtype == "float64"


@pytest.mark.parametrize(
    ("rules", "setting"),
    [
        ({"target": "yy"}, "data.target"),
        ({"rename": {"xx": "z"}}, "data.rename.xx"),
        ({"drop": ["xx"]}, "data.drop"),
        ({"dtypes": {"xx": "int"}}, "data.dtypes"),
        ({"ranges": {"xx": (0, 1)}}, "data.ranges"),
    ],
)
def test_an_unknown_column_is_an_error_with_the_nearest(
    rules: dict[str, Any], setting: str
) -> None:
    with pytest.raises(RelayError, match=rf"{setting}.* no column '\w+'\. Did you mean '[xy]'"):
        clean(numbers(), **{"target": "y", **rules})


def test_periods_are_times_in_the_column_of_times() -> None:
    quarters = [f"{2000 + i // 4} Q{1 + i % 4}" for i in range(40)]
    done = clean({"When": quarters, **numbers(40)}, target="y", time="When")
    assert done.table["when"].iloc[5].strftime("%Y-%m-%d") == "2001-04-01"
    assert done.read_as["when"] == "datetime:period"
    other = clean({"When": quarters, **numbers(40)}, target="y")
    assert other.table["when"].tolist() == quarters


def test_a_new_name_that_is_taken_is_an_error() -> None:
    with pytest.raises(RelayError, match="there is a column 'y' already"):
        clean(numbers(), rename={"x": "y"})


def test_the_target_cannot_be_dropped() -> None:
    with pytest.raises(RelayError, match="'y' is the target, which cannot be dropped"):
        clean(numbers(), drop=["y"])


def test_rows_outside_a_range_go_and_missing_values_stay() -> None:
    done = clean({"x": [1, 5, None, 9, 3], "y": [1.5, 2.5, 3.5, 4.5, 5.5]}, ranges={"x": (2, 5)})
    assert done.table["y"].tolist() == [2.5, 3.5, 5.5]
    assert done.removed["range_x"] == 2
    assert done.table.index.tolist() == [0, 1, 2]


def test_a_range_may_be_open_at_one_end() -> None:
    assert len(clean(numbers(), ranges={"x": (None, 9)}).table) == 10
    assert len(clean(numbers(), ranges={"x": (50, None)}).table) == 10


def test_a_range_of_a_column_without_numbers_is_an_error() -> None:
    with pytest.raises(RelayError, match=r"data\.ranges\.x.*not numbers.*data\.dtypes\.x=float"):
        clean({"x": ["a", "b"], "y": [1.5, 2.5]}, ranges={"x": (0, 1)})


def test_rows_without_a_target_go() -> None:
    done = clean({"x": [1, 2, 3], "y": [1.5, None, float("inf")]})
    assert len(done.table) == 1
    assert done.removed["missing_target"] == 2


@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
@pytest.mark.parametrize("row_numbers", [[0, 1, 2], [1, 2, 3], [3, 1, 2], [2, 5, 9]])
def test_an_unnamed_column_of_row_numbers_goes(name: str, row_numbers: list[int]) -> None:
    done = clean({name: row_numbers, "x": [1, 1, 2], "y": [1.5, 1.5, 2.5]})
    assert list(done.table.columns) == ["x", "y"]
    assert done.removed["duplicates"] == 1


def test_several_such_columns_go_as_of_a_table_that_was_saved_twice() -> None:
    done = clean({"Unnamed: 0.1": [0, 1], "Unnamed: 0": [1, 7], "x": [1, 2], "y": [1.5, 2.5]})
    assert list(done.table.columns) == ["x", "y"]


@pytest.mark.parametrize(
    "values", [[1990, 1991, 1992], [3, 3, 4], [0.5, 1.5, 2.5], ["a", "b", "c"]]
)
def test_an_unnamed_column_of_years_or_anything_else_stays(values: list[Any]) -> None:
    done = clean({"": values, "x": [1, 1, 2], "y": [1.5, 2.5, 3.5]})
    assert done.table["column"].tolist() == values


def test_a_target_that_may_be_one_of_two_columns_is_an_error() -> None:
    columns = {"Price": [1.5, 2.5], "x": [1, 2], "price": [3.5, 4.5]}
    with pytest.raises(RelayError, match=r"'Price' \(here price\), 'price' \(here price_2\)"):
        clean(columns, target="price")
    assert clean(columns, target="price", drop=["price_2"]).table["price"].tolist() == [1.5, 2.5]
    done = clean(columns, target="price", rename={"Price": "list_price"})
    assert done.table["price"].tolist() == [3.5, 4.5]


def test_columns_with_a_number_added_to_their_name_have_a_note() -> None:
    done = clean({"Size": [1, 2], "size": [3, 4], "y": [1.5, 2.5]})
    assert done.notes == {"size_2": "'size' in the file; size is another column"}


def test_columns_with_no_value_go_and_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "relay")
    done = clean({**numbers(), "empty": [None] * 60})
    assert list(done.table.columns) == ["x", "y"]
    assert "No value in column empty: left out" in caplog.text


def test_an_empty_table_is_an_error_with_the_rows_of_each_rule() -> None:
    with pytest.raises(RelayError, match=r"None of 60 rows is left.*range_x 50, filter_1 10"):
        clean(numbers(), ranges={"x": (0, 9)}, filters=["x > 20"])


def test_a_table_of_the_target_alone_is_an_error() -> None:
    with pytest.raises(RelayError, match="nothing to predict from"):
        clean(numbers(), drop=["x"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"ranges": '{"x": [5, 2]}'}, "low end 5 is above the high end 2"),
        ({"ranges": '{"x": [5]}'}, "ranges.x"),
        ({"dtypes": '{"x": "flaot"}'}, "Did you mean 'float'"),
        ({"filters": '["@x"]'}, "filters"),
        ({"task": "regresion"}, "task"),
        ({"decimal": ";"}, "decimal"),
        ({"missing_values": "[no]"}, "Put it in quotes"),
    ],
)
def test_parameters_that_cannot_work_are_refused_before_anything_runs(
    given: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        validate(params.Params, {"input_artifact": "x", "target": "y", **given})


def test_missing_values_may_be_given_as_numbers() -> None:
    given = {"input_artifact": "x", "target": "y", "missing_values": "[-999, '?']"}
    assert validate(params.Params, given).missing_values == ["-999", "?"]
