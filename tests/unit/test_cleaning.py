"""Cleaning: names, drops, dtypes, ranges, filters, duplicates, and the task of the target."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from relay.errors import ConfigError, RelayError
from relay.params import validate
from relay.tables import is_categorical, read_parquet, write_parquet
from tests.loading import load

cleaning = load("clean", "cleaning")
describing = load("clean", "describing")
duplicates = load("clean", "duplicates")
params = load("clean", "params")
run = load("clean")


def clean(columns: dict[str, Any], target: str = "y", **rules: Any) -> Any:
    return cleaning.clean(pd.DataFrame(columns), cleaning.Rules(target=target, **rules))


def numbers(rows: int = 60) -> dict[str, Any]:
    return {"x": list(range(rows)), "y": [i + 0.5 for i in range(rows)]}


def test_columns_get_safe_names_and_may_be_named_as_in_the_file() -> None:
    done = clean(
        {"Sp. Atk": [1, 2, 3], "#": [7, 8, 9], "SalePrice": [1.5, 2.5, 3.5]},
        target="SalePrice",
        drop=["#"],
        rename={"Sp. Atk": "Attack"},
    )
    assert list(done.table.columns) == ["attack", "sale_price"]
    assert done.target == "sale_price"


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


def test_a_new_name_that_is_taken_is_an_error() -> None:
    with pytest.raises(RelayError, match="there is a column 'y' already"):
        clean(numbers(), rename={"x": "y"})


def test_the_target_cannot_be_dropped() -> None:
    with pytest.raises(RelayError, match="'y' is the target"):
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


def test_filters_say_which_rows_are_kept() -> None:
    done = clean(
        {"kind": ["a", "b", "a", "c"], "x": [1, 2, 3, 4], "y": [0.1, 0.2, 0.3, 0.4]},
        filters=["kind != 'c'", "x > 1 and kind in ['a', 'b']"],
    )
    assert done.table["x"].tolist() == [2, 3]
    assert (done.removed["filter_1"], done.removed["filter_2"]) == (1, 1)


def test_a_filter_or_range_may_be_on_a_column_that_is_dropped() -> None:
    columns = {**numbers(), "id": list(range(60))}
    done = clean(columns, drop=["id"], filters=["id < 30"], ranges={"id": (10, None)})
    assert len(done.table) == 20
    assert list(done.table.columns) == ["x", "y"]


@pytest.mark.parametrize(
    "query", ["x >", "nope > 1", "x + 1", "x = 3", "@pd.DataFrame", "x.__class__", "kind > 1", "1"]
)
def test_a_filter_that_does_not_work_is_named(query: str) -> None:
    with pytest.raises(RelayError, match=r"data\.filters: "):
        clean({**numbers(), "kind": ["a"] * 60}, filters=[query])


@pytest.mark.parametrize(
    "query",
    [
        "x.to_csv('{out}') != 3",
        "(x.to_csv('{out}') != 3) and x > 1",
        "x.isin(x.to_csv('{out}'))",
        "x.to_csv('{out}').isin([1])",
        "x in [y.to_csv('{out}')]",
        "`x`.to_csv('{out}') != 3",
        "x.str.contains(pat=y.to_csv('{out}'))",
    ],
)
def test_a_filter_runs_no_code(query: str, tmp_path: Path) -> None:
    query = query.format(out=tmp_path / "out")
    with pytest.raises(RelayError, match=r"data\.filters: .*to_csv' is not allowed.*str\.contains"):
        clean(numbers(), filters=[query])
    with pytest.raises(ConfigError, match="to_csv' is not allowed"):
        validate(
            params.Params, {"input_artifact": "x", "target": "y", "filters": json.dumps([query])}
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("query", ["x._data > 1", "x.values > 1", "x[0] > 1", "[i for i in x]"])
def test_a_filter_sees_values_only(query: str) -> None:
    with pytest.raises(RelayError, match="is not allowed"):
        clean(numbers(), filters=[query])


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("class.str.lower().str.startswith('a')", None),
        ("`class`.str.lower().str.startswith('a')", [0, 1]),
        ("`class`.isin(['B']) | (x > 2) & ~(x == 9)", [2, 3]),
        ("`class`.str.contains('a', case=False) and x.between(1, 2)", [1]),
        ("not x.isna() and -x + 2 * x >= 3", [3]),
        ("`class` == 'it`s' or 1 < x <= 3", None),
    ],
)
def test_filters_compare_calculate_and_look_into_texts(query: str, kept: list[int] | None) -> None:
    columns = {"class": ["a", "A", "B", "c"], "x": [0, 1, 2, 3], "y": [0.1, 0.2, 0.3, 0.4]}
    if kept is None:
        with pytest.raises(RelayError, match="is not a query"):
            clean(columns, filters=[query])
    else:
        assert clean(columns, filters=[query]).table["x"].tolist() == kept


def test_the_formats_of_dates_are_told() -> None:
    done = clean(
        {
            "day": ["13/04/2024", "02/05/2024"],
            "iso": ["2024-01-02", "2024-01-03"],
            "given": ["20240101", None],
            "open": ["24.12.2024", "01.02.2024"],
            "text": ["a", "b"],
            "y": [1.5, 2.5],
        },
        dtypes={"given": "datetime:%Y%m%d", "open": "datetime"},
    )
    assert done.read_as == {
        "day": "datetime:%d/%m/%Y", "iso": "datetime:ISO8601",
        "given": "datetime:%Y%m%d", "open": "datetime:%d.%m.%Y",
    }  # fmt: skip


def test_rows_without_a_target_go() -> None:
    done = clean({"x": [1, 2, 3], "y": [1.5, None, float("inf")]})
    assert len(done.table) == 1
    assert done.removed["missing_target"] == 2


def test_repeated_rows_go_unless_told_otherwise() -> None:
    columns = {"x": [1, 1, None, None, 2], "y": [1.5, 1.5, 2.5, 2.5, 2.5]}
    assert clean(columns).removed["duplicates"] == 2
    assert len(clean(columns, drop_duplicates=False).table) == 5


def test_rows_are_found_repeated_as_pandas_finds_them() -> None:
    random = np.random.default_rng(0)

    def some(*values: Any) -> list[Any]:
        return [values[place] for place in random.integers(0, len(values), 400)]

    table = pd.DataFrame(
        {
            "whole": some(0, 1, 2),
            "number": some(0.0, -0.0, 1.5, np.nan, np.inf),
            "text": pd.Series(some("a", "b", "ab", None), dtype="str"),
            "truth": some(True, False),
            "unsure": pd.array(some(True, False, None), dtype="boolean"),
            "day": pd.to_datetime(some("2020-01-01", None)),
            "kind": pd.Categorical(some("x", "y")),
            "empty": pd.Series([None] * 400, dtype="str"),
        }
    )
    assert 0 < table.duplicated().sum() < 300
    for columns in (list(table), ["number"], ["text", "day"], ["unsure", "empty"]):
        part = table[columns]
        assert duplicates.repeated_rows(part).tolist() == part.duplicated().tolist()


def test_rows_that_are_equal_by_chance_stay_unless_told_otherwise() -> None:
    survey = {"": list(range(60)), "sex": ["f", "m"] * 30, "y": ["a", "b", "c"] * 20}
    done = clean(survey)
    assert (len(done.table), done.repeats_kept) == (60, 54)
    assert clean(survey, drop_duplicates=True).removed["duplicates"] == 54
    measured = [i / 7 for i in range(60)]
    twice = {"sex": ["f", "m"] * 30 + ["f"], "y": [*measured, measured[0]]}
    assert clean(twice).removed["duplicates"] == 1


def test_records_that_differ_in_a_dropped_id_are_no_duplicates() -> None:
    columns = {"id": [1, 2, 2], "x": [1, 1, 1], "y": [1.5, 1.5, 1.5]}
    assert len(clean(columns, drop=["id"], drop_duplicates=True).table) == 2


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


def test_columns_that_were_told_apart_are_noted() -> None:
    done = clean({"Size": [1, 2], "size": [3, 4], "y": [1.5, 2.5]})
    assert done.notes == {"size_2": "'size' in the file; size is another column"}


def test_columns_with_no_value_go_and_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "relay")
    done = clean({**numbers(), "empty": [None] * 60})
    assert list(done.table.columns) == ["x", "y"]
    assert "no values: empty" in caplog.text


def test_an_empty_result_says_which_rule_took_how_many() -> None:
    with pytest.raises(RelayError, match=r"None of 60 rows is left.*range_x 50, filter_1 10"):
        clean(numbers(), ranges={"x": (0, 9)}, filters=["x > 20"])


def test_a_table_of_the_target_alone_is_an_error() -> None:
    with pytest.raises(RelayError, match="nothing to predict from"):
        clean(numbers(), drop=["x"])


def inferred(*values: Any) -> pd.Series:
    columns = {"x": list(values), "y": [i + 0.5 for i in range(len(values))]}
    column: pd.Series = clean(columns, drop_duplicates=False).table["x"]
    return column


def test_texts_that_all_say_yes_or_no_are_booleans() -> None:
    assert inferred("Yes", "no", "YES").tolist() == [True, False, True]
    assert inferred("true", "False").tolist() == [True, False]
    assert inferred("yes", "no", "perhaps").dtype == "str"
    assert inferred("yes", None, "no").dtype == "str"


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (("2020-02-01", "2020-12-31"), "2020-02-01"),
        (("2020-02", None), "2020-02-01"),
        (("2020-02-01T10:30:00Z",), "2020-02-01 10:30"),
        (("01/02/2020", "31/12/2020"), "2020-02-01"),
        (("02/01/2020", "12/31/2020"), "2020-02-01"),
        (("01.02.2020", "02.02.2020"), "2020-02-01"),
        (("01/02/2020 10:30", "31/12/2020 11:45"), "2020-02-01 10:30"),
        (("1.2.2020 10:30:05",), "2020-02-01 10:30:05"),
    ],
)
def test_texts_that_are_all_dates_are_times(values: Any, first: str) -> None:
    assert inferred(*values).iloc[0] == pd.Timestamp(first)


def test_one_value_that_is_no_date_keeps_the_column_a_text() -> None:
    assert inferred("2020-01-01", "2020-01-02", "unknown").dtype == "str"
    assert inferred("2020-01-01", "02/01/2020").dtype == "str"


def test_dates_that_read_both_ways_are_month_first_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "relay")
    assert inferred("01/02/2020", "03/04/2020").iloc[0] == pd.Timestamp("2020-01-02")
    assert 'data.dtypes.x="datetime:%d/%m/%Y"' in caplog.text


def test_a_given_dtype_stands_above_what_is_inferred() -> None:
    done = clean({"x": ["01/02/2020"] * 2, "y": [1.5, 2.5]}, dtypes={"x": "datetime:%d/%m/%Y"})
    assert done.table["x"].iloc[0] == pd.Timestamp("2020-02-01")
    assert (
        clean({"x": ["yes", "no"], "y": [1.5, 2.5]}, dtypes={"x": "str"}).table["x"].dtype == "str"
    )


def test_numbers_with_a_few_broken_texts_are_an_error_that_names_them() -> None:
    values = [f"{i}.5" for i in range(98)] + ["1.000.5", "x"]
    with pytest.raises(
        RelayError,
        match=r"holds numbers, but for 2 of 100 values.*row 99.*'1\.000\.5', 'x'.*missing_values",
    ):
        inferred(*values)


def test_codes_that_are_mostly_digits_stay_texts() -> None:
    assert inferred(*(["1", "2", "3"] * 40), "K").dtype == "str"


def test_numbers_too_long_for_a_number_stay_texts() -> None:
    values = [f"{10**30 + i}" for i in range(100)]
    assert inferred(*values).tolist() == values


def test_infinite_values_are_missing() -> None:
    assert inferred(1.0, float("inf"), -float("inf")).isna().tolist() == [False, True, True]


def target(values: list[Any], task: str = "auto") -> Any:
    return clean({"x": list(range(len(values))), "y": values}, task=task)


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["a", "b"] * 5, "classification"),
        ([True, False] * 5, "classification"),
        ([1, 2, 3] * 10, "classification"),
        ([1.0, 2.0, None] * 10, "classification"),
        ([1, 2, 3, 4], "regression"),
        (list(range(11)) * 10, "regression"),
        ([0.5, 1.5] * 10, "regression"),
        (["yes", "no"] * 5, "classification"),
    ],
)
def test_the_task_follows_from_the_targets_values(values: list[Any], task: str) -> None:
    done = target(values)
    assert done.task == task
    assert is_categorical(done.table["y"]) == (task == "classification")


def test_the_chosen_task_is_logged_with_its_setting(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "relay")
    target([1, 2] * 10)
    assert "Task: classification" in caplog.text
    assert "data.task=regression" in caplog.text


def test_classes_survive_parquet_as_they_are(tmp_path: Path) -> None:
    for values in ([3, 4] * 10, ["b", "a"] * 10):
        table = target(values).table
        back = read_parquet(write_parquet(table, tmp_path / "x"))["y"]
        assert is_categorical(back)
        assert back.tolist() == values


def test_the_texts_of_a_target_are_kept_as_names_of_classes() -> None:
    assert set(target(["yes", "no"] * 5).table["y"]) == {"yes", "no"}


def test_the_task_can_be_given() -> None:
    assert target([1, 2] * 10, "regression").table["y"].dtype == "int64"
    assert target(list(range(30)), "classification").table["y"].dtype == "category"
    assert target([True, False] * 5, "regression").table["y"].dtype == "float64"


def test_a_text_is_no_target_of_a_regression() -> None:
    with pytest.raises(RelayError, match=r"'y', row 3 of the data: 'high' is not a number"):
        target(["1", "2", "high"], "regression")


def test_texts_that_are_all_different_are_no_classes() -> None:
    with pytest.raises(RelayError, match=r"50 different texts.*data\.read\.decimal.*data\.task"):
        target([f"text {i}" for i in range(50)])


def test_times_are_no_target() -> None:
    with pytest.raises(RelayError, match="holds times"):
        clean({"x": [1, 2], "y": pd.to_datetime(["2020-01-01", "2020-01-02"])})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"ranges": '{"x": [5, 2]}'}, "low end 5 is above the high end 2"),
        ({"ranges": '{"x": [5]}'}, "ranges.x"),
        ({"dtypes": '{"x": "flaot"}'}, "Did you mean 'float'"),
        ({"filters": '["@x"]'}, "filters"),
        ({"task": "regresion"}, "task"),
        ({"decimal": ";"}, "decimal"),
        ({"missing_values": "[no]"}, "put it in quotes"),
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


@pytest.mark.parametrize(("missing", "level"), [(10, "INFO"), (20, "WARNING")])
def test_many_rows_that_go_without_being_asked_for_are_a_warning(
    missing: int, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "relay")
    done = clean({"x": list(range(60)), "y": [None] * missing + [0.5] * (60 - missing)})
    run.report(done, 60)
    told = [one for one in caplog.records if "missing target" in one.message]
    assert [one.levelname for one in told] == [level]
    assert told[0].message == f"Removed {missing} of 60 rows: missing target"


def test_the_century_of_years_of_two_digits_is_told() -> None:
    done = clean({"x": ["25/11/63", "01/02/71", "13/12/74"], "y": [0.5, 1.5, 2.5]})
    assert done.read_as == {"x": "datetime:%d/%m/%y"}
    assert done.notes == {"x": "years of two digits, taken as 1971 to 2063"}


def test_columns_of_which_the_same_is_to_be_said_are_one_line() -> None:
    done = clean({**{f"x{i}": [1] * 60 for i in range(20)}, **numbers()})
    told = describing.describe(done, {"kind": "text"})
    (line,) = describing.columns_in_words(told)
    assert line.startswith("Columns x0, x1, ")
    assert line.endswith("x7 and 12 more: constant: nothing can be learned from it")


def test_what_was_found_out_is_told_of_each_column() -> None:
    rows = 60
    done = clean(
        {
            "id": range(rows),
            "kind": ["a", "b"] * 30,
            "same": ["x"] * rows,
            "note": [f"some long text {i}" for i in range(rows)],
            "key": [f"k{i}" for i in range(rows)],
            "price": [f"{i},5" for i in range(rows)],
            "on": ["yes", "no"] * 30,
            "day": ["2020-01-01", "2020-01-02"] * 30,
            "empty": [None] * rows,
            "zip": [f"{i:03d}" for i in range(30)] * 2,
            "y": [i + 0.5 for i in range(rows)],
        }
    )
    told = describing.describe(done, {"kind": "text", "separator": ";", "encoding": "cp1252"})
    kinds = {name: facts["kind"] for name, facts in told["columns"].items()}
    assert kinds == {
        "id": "identifier", "kind": "category", "same": "constant", "note": "text",
        "key": "identifier", "price": "number", "on": "boolean", "day": "date",
        "zip": "category", "y": "number", "empty": "empty",
    }  # fmt: skip
    assert told["columns"]["price"]["read_as"] == "float:1.234,56"
    assert told["file"]["decimal"] == ","
    assert json.loads(json.dumps(told)) == told
    lines = "\n".join(describing.columns_in_words(told))
    assert "Column price: float:1.234,56" in lines
    assert "Column same: constant" in lines
    assert "Column kind" not in lines
    assert describing.file_in_words(told["file"]).endswith("semicolons between its fields, cp1252")


REAL = {
    "pokemon.csv": ("Total", (800, 13), "regression"),
    "house_prices/train.csv": ("SalePrice", (1460, 81), "regression"),
    "nyc_airbnb/sample1.csv": ("price", (20000, 16), "regression"),
    "tabular/housing.csv": ("median_house_value", (20640, 10), "regression"),
    "tabular/diamonds.csv": ("cut", (53794, 10), "classification"),
    "timeseries/airline-passengers.csv": ("Passengers", (144, 2), "regression"),
    "timeseries/daily-min-temperatures.csv": ("Temp", (3650, 2), "regression"),
    "messy/winequality-red.csv": ("quality", (1359, 12), "classification"),
    "messy/winequality-white.csv": ("quality", (3961, 12), "classification"),
    "messy/bikes_latin1_semicolon.csv": ("Berri 1", (310, 8), "regression"),
    "messy/oecd_bli_bom.csv": ("Value", (2369, 13), "regression"),
    "messy/boe_cpi_fan_bom.csv": ("Mean", (13, 6), "regression"),
    "messy/house_train_truncated_100000_bytes.csv": ("SalePrice", (314, 81), "regression"),
}


def clean_file(path: Path, target: str, **more: Any) -> Any:
    given = params.Params(input_artifact="x", target=target, **more)
    raw = run.read(path, given)
    return run.clean(raw.table, run.rules(given, raw.about))


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_real_files_come_out_as_right_tables(shared: Path, name: str) -> None:
    target, shape, task = REAL[name]
    done = clean_file(shared / name, target)
    assert done.table.shape == shape
    assert done.task == task


@pytest.mark.shared
def test_real_dates_with_the_day_first_are_read_as_such(shared: Path) -> None:
    done = clean_file(shared / "messy" / "bikes_latin1_semicolon.csv", "Berri 1")
    assert done.table["date"].iloc[[0, 1, -1]].dt.strftime("%F").tolist() == [
        "2012-01-01",
        "2012-01-02",
        "2012-11-05",
    ]


@pytest.mark.shared
def test_real_broken_numbers_are_an_error_and_the_setting_in_it_mends_them(shared: Path) -> None:
    path = shared / "messy" / "winequality-red_cr_only.csv"
    with pytest.raises(RelayError, match=r"'alcohol'.*row 1360.*missing_values=(\[.*?\])") as error:
        clean_file(path, "quality")
    named = str(error.value).split("missing_values=")[1].split("]")[0] + "]"
    missing = validate(
        params.Params, {"input_artifact": "x", "target": "quality", "missing_values": named}
    ).missing_values
    done = clean_file(path, "quality", missing_values=missing)
    assert done.table["alcohol"].dtype == "float64"
    assert done.table["alcohol"].isna().sum() == 5  # a sixth is in a repeated row
