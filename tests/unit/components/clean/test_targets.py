"""The task follows from the target, and its dtype from the task."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from relay.tables.io import is_categorical, read_parquet, write_parquet
from relay.util.errors import RelayError
from tests.made_clean import clean


def target(values: Any, task: str = "auto") -> Any:
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


@pytest.mark.parametrize("values", [["True", "False", None] * 5, ["true", "FALSE", None] * 5])
def test_truths_beside_missing_ones_are_the_same_classes_as_without(values: list[Any]) -> None:
    done = target(values)
    assert done.table["y"].tolist() == [True, False] * 5


def test_whole_numbers_that_a_missing_one_made_nullable_are_the_same_target() -> None:
    done = target(pd.array([1, 2, None] * 10, dtype="Int64"))
    assert (done.task, str(done.table["y"].cat.categories.dtype)) == ("classification", "int64")
    done = target(pd.array([*range(99), None], dtype="Int64"))
    assert str(done.table["y"].dtype) == "int64"


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
    assert target(list(range(15)) * 2, "classification").table["y"].dtype == "category"
    assert target([True, False] * 5, "regression").table["y"].dtype == "float64"


def test_a_text_is_not_a_target_of_a_regression() -> None:
    with pytest.raises(RelayError, match=r"'y', row 3 of the data: 'high' is not a number"):
        target(["1", "2", "high"], "regression")


def test_texts_that_are_all_different_are_not_classes() -> None:
    with pytest.raises(RelayError, match=r"50 different texts.*data\.read\.decimal.*data\.task"):
        target([f"text {i}" for i in range(50)])


@pytest.mark.parametrize(
    "days",
    [
        ["2020-02-20", "2020-03-01"] * 20,
        ["20.2.2020", "1.3.2020", "?"] * 20,
        [f"202002{day:02d}" for day in range(1, 29)],
    ],
)
@pytest.mark.parametrize("task", ["auto", "regression"])
def test_dates_are_not_a_target(days: list[str], task: str) -> None:
    if days[0].isdecimal() and task == "regression":
        assert clean({"x": range(len(days)), "y": days}, task=task).task == "regression"
        return
    with pytest.raises(RelayError, match=r"'y' has dates, such as .*data\.task=classification"):
        clean({"x": range(len(days)), "y": days}, task=task)


def test_dates_are_classes_if_the_task_is_set() -> None:
    texts = ["2020-02-20", "2020-03-01"] * 20
    for days in (texts, pd.to_datetime(pd.Series(texts))):
        done = clean({"x": range(40), "y": days}, task="classification")
        assert list(done.table["y"].cat.categories) == ["2020-02-20", "2020-03-01"]


def test_times_are_not_a_target() -> None:
    with pytest.raises(RelayError, match="has dates, such as 2020-01-01, which are neither"):
        clean({"x": [1, 2], "y": pd.to_datetime(["2020-01-01", "2020-01-02"])})
