"""`split` through its real command line, on a real local store."""

from __future__ import annotations

import logging

import pandas as pd
import pytest

from relay.tables.io import write_parquet
from tests.components.conftest import Store, either_way
from tests.loading import load


def table(rows: int = 100) -> pd.DataFrame:
    return pd.DataFrame({"x": range(rows), "y": [float(i % 7) for i in range(rows)]})


@either_way
def test_each_row_of_the_table_is_in_train_or_in_test(store: Store, alone: bool) -> None:
    store.put_table("demo_clean", "clean_data", table())
    done = store.run(
        "split",
        alone=alone,
        input_artifact="demo_clean:latest",
        train_artifact="demo_train",
        test_artifact="demo_test",
        target="y",
        test_size=0.25,
    )
    assert done.status == 0, done.output
    assert done.result is not None
    assert done.result.inputs == {"input": "demo_clean:v0"}
    assert done.result.outputs == {"train": "demo_train:v0", "test": "demo_test:v0"}
    train, test = store.table("demo_train:v0"), store.table("demo_test:v0")
    assert len(test) == 25
    assert sorted([*train["x"], *test["x"]]) == list(range(100))


def test_rows_in_both_sets_are_reported(store: Store) -> None:
    store.put_table("demo_clean", "clean_data", pd.DataFrame({"x": [1, 2] * 20, "y": [3, 4] * 20}))
    done = store.run("split", input_artifact="demo_clean", target="y", test_size=0.25)
    assert done.result is not None
    assert done.result.metrics["test_rows_in_train"] == 10
    assert "10 of the 10 test rows are in the training set as well" in done.output


def test_a_random_split_of_a_series_is_a_warning(store: Store) -> None:
    series = table().assign(day=pd.date_range("2020-01-01", periods=100))
    store.put_table("demo_clean", "clean_data", series)
    done = store.run("split", input_artifact="demo_clean", target="y")
    assert done.result is not None
    assert [warning for warning in done.result.warnings if "split.time_column=day" in warning]
    done = store.run("split", input_artifact="demo_clean", target="y", time_column="day")
    assert done.result is not None
    assert done.result.warnings == []


def test_a_wrong_target_fails_and_leaves_no_version(store: Store) -> None:
    store.put_table("demo_clean", "clean_data", table())
    done = store.run("split", input_artifact="demo_clean:latest", target="yy")
    assert done.status == 1
    assert "no column 'yy'" in done.output
    assert "Traceback" not in done.output
    assert store.backend.find("train:latest") is None


def test_a_value_out_of_range_is_a_wrong_command(store: Store) -> None:
    done = store.run("split", input_artifact="demo_clean", target="y", test_size=2)
    assert done.status == 2
    assert "test_size" in done.output


@pytest.mark.parametrize(
    ("shared", "level"), [(1, "INFO"), (5, "INFO"), (6, "WARNING"), (100, "WARNING")]
)
@pytest.mark.parametrize("by_chance", [True, False])
def test_many_rows_on_both_sides_are_a_warning(
    shared: int, level: str, by_chance: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "relay")
    load("split").report_shared(shared, 100, by_chance=by_chance)
    (record,) = caplog.records
    assert record.levelname == level
    rows = f"{shared} of the 100 test rows"
    assert f"{rows} are in the training set as well ({shared} %)" in record.message
    assert ("data.drop_duplicates=true" in record.message) == (level == "WARNING")


def test_rows_are_the_same_where_they_differ_in_an_identifier_only(store: Store) -> None:
    columns = {"id": range(40), "x": [1, 2] * 20, "y": [3, 4] * 20}
    facts = {"columns": {"id": {"kind": "identifier"}, "x": {"kind": "number"}}}
    path = write_parquet(pd.DataFrame(columns), store.folder / "clean" / "data.parquet")
    store.put("demo_clean", "clean_data", path, {"inferred": facts})
    done = store.run("split", input_artifact="demo_clean", target="y", test_size=0.25)
    assert done.result is not None
    assert done.result.metrics["test_rows_in_train"] == 10
