"""How rows are shared out between train and test."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relay.step.params import validate
from relay.util.errors import ConfigError, RelayError
from tests.loading import load

splitting = load("split", "splitting")
params = load("split", "params")


def split(table: pd.DataFrame, **options: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    given = {"test_size": 0.2, "stratify": True, "time_column": None, "seed": 42, **options}
    train, test = splitting.split(table, "y", **given)
    return train, test


def numbers(rows: int) -> pd.DataFrame:
    return pd.DataFrame({"row": range(rows), "y": np.random.default_rng(0).lognormal(size=rows)})


def labels(**counts: int) -> pd.DataFrame:
    values = [label for label, count in counts.items() for _ in range(count)]
    return pd.DataFrame({"row": range(len(values)), "y": pd.Series(values, dtype="str")})


@pytest.mark.parametrize("stratify", [True, False])
@pytest.mark.parametrize("test_size", [0.1, 0.25, 0.5])
def test_each_row_is_on_one_side_in_its_old_order(stratify: bool, test_size: float) -> None:
    train, test = split(numbers(200), stratify=stratify, test_size=test_size)
    assert sorted([*train["row"], *test["row"]]) == list(range(200))
    assert len(test) == 200 * test_size
    assert train["row"].is_monotonic_increasing
    assert test["row"].is_monotonic_increasing
    assert list(train.index) == list(range(len(train)))


def test_the_seed_decides_which_rows_are_the_test_set() -> None:
    table = numbers(100)
    pd.testing.assert_frame_equal(split(table, seed=1)[1], split(table, seed=1)[1])
    assert list(split(table, seed=1)[1]["row"]) != list(split(table, seed=2)[1]["row"])


def test_dtypes_stay_as_they_are() -> None:
    table = numbers(50).assign(
        count=pd.array(range(50), dtype="Int64"),
        kind=pd.Categorical(["a", "b"] * 25),
        day=pd.date_range("2024-01-01", periods=50),
    )
    for side in split(table):
        assert list(side.dtypes) == list(table.dtypes)


def test_classes_have_the_same_share_on_both_sides() -> None:
    train, test = split(labels(a=80, b=15, c=5))
    assert test["y"].value_counts().to_dict() == {"a": 16, "b": 3, "c": 1}
    assert train["y"].value_counts().to_dict() == {"a": 64, "b": 12, "c": 4}


def test_deciles_of_a_number_have_the_same_share_on_both_sides() -> None:
    table = numbers(1000)
    _, test = split(table)
    bins = pd.qcut(table["y"], 10, labels=False)
    assert set(bins[test["row"]].value_counts()) == {20}


def test_classes_with_a_single_row_do_not_stop_the_split() -> None:
    train, test = split(labels(a=50, b=48, c=1, d=1))
    assert len(train) + len(test) == 100


def test_one_class_with_a_single_row_does_not_stop_the_split() -> None:
    train, test = split(labels(a=50, b=49, c=1))
    assert len(train) + len(test) == 100


def test_a_text_target_whose_values_are_all_different_is_split_at_random() -> None:
    table = pd.DataFrame({"row": range(20), "y": [f"v{i}" for i in range(20)]})
    train, test = split(table)
    assert (len(train), len(test)) == (16, 4)


@pytest.mark.parametrize(
    "values",
    [
        [3.0] * 20,
        [0] * 19 + [7],
        [True] * 19 + [False],
        pd.Categorical(["a"] * 19 + ["b"], categories=["a", "b", "never"]),
        pd.array([1, 2] * 10, dtype="Int64"),
        pd.date_range("2024-01-01", periods=20),
    ],
    ids=["constant", "nearly constant", "rare boolean", "category", "nullable", "times"],
)
def test_a_target_of_any_kind_can_be_split(values: object) -> None:
    train, test = split(pd.DataFrame({"row": range(20), "y": values}))
    assert (len(train), len(test)) == (16, 4)


def test_a_target_with_missing_values_can_be_split() -> None:
    table = numbers(50)
    table["y"] = table["y"].where(table["row"] > 1)
    train, test = split(table)
    assert len(train) + len(test) == 50
    train, test = split(pd.DataFrame({"row": range(9), "y": ["a", "b", None] * 3}))
    assert len(train) + len(test) == 9


def test_few_rows_are_split_without_stratification() -> None:
    train, test = split(labels(a=2, b=2, c=1))
    assert (len(train), len(test)) == (4, 1)


def test_the_newest_rows_are_the_test() -> None:
    table = numbers(100).sample(frac=1, random_state=0)
    table["when"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(table["row"], unit="D")
    train, test = split(table, time_column="when", test_size=0.3)
    assert set(test["row"]) == set(range(70, 100))
    assert set(train["row"]) == set(range(70))


def test_a_number_may_be_the_time() -> None:
    table = numbers(10).assign(year=[2001, 2002] * 5)
    _, test = split(table, time_column="year", test_size=0.3)
    assert set(test["year"]) == {2002}


def test_rows_of_one_moment_stay_on_one_side() -> None:
    table = numbers(10).assign(day=pd.to_datetime(["2024-01-01"] * 7 + ["2024-01-02"] * 3))
    train, test = split(table, time_column="day", test_size=0.1)
    assert (len(train), len(test)) == (7, 3)


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (numbers(10).drop(columns="y"), {}, "no column 'y'"),
        (numbers(0), {}, "needs at least 2 rows .got 0"),
        (numbers(1), {}, "needs at least 2 rows .got 1"),
        (numbers(10), {"time_column": "roww"}, "Did you mean 'row'?"),
        (numbers(10).assign(t=["x"] * 10), {"time_column": "t"}, "data.dtypes.t=datetime"),
        (
            numbers(10).assign(t=pd.Series([None, *range(9)])),
            {"time_column": "t"},
            "missing in 1 of 10 rows",
        ),
        (numbers(10).assign(t=1), {"time_column": "t"}, "0 rows to train on"),
        (numbers(0).assign(t=1), {"time_column": "t"}, "needs at least 2 rows"),
    ],
)
def test_a_table_that_cannot_be_split_is_an_error_with_the_reason(
    table: pd.DataFrame, options: dict[str, object], message: str
) -> None:
    with pytest.raises(RelayError, match=message.replace("?", r"\?")):
        split(table, **options)


@pytest.mark.parametrize("name", ["Sold On", "sold_on"])
def test_the_time_column_may_be_named_as_in_the_file(name: str) -> None:
    given = {"input_artifact": "a:v0", "target": "y", "time_column": name}
    assert validate(params.Params, given).time_column == "sold_on"


def grouped(groups: int = 20) -> pd.DataFrame:
    """Return groups of 1 to `groups` rows."""
    sizes = np.arange(1, groups + 1)
    names = [f"g{place}" for place in np.repeat(np.arange(groups), sizes)]
    return numbers(len(names)).assign(who=pd.Series(names, dtype="str"))


@pytest.mark.parametrize("test_size", [0.1, 0.2, 0.5])
def test_no_group_is_on_both_sides_and_the_test_set_has_about_its_size(test_size: float) -> None:
    table = grouped()
    train, test = split(table, group_column="who", test_size=test_size)
    assert not set(train["who"]) & set(test["who"])
    assert len(train) + len(test) == len(table)
    assert len(test) == pytest.approx(test_size * len(table), abs=10)


def test_two_groups_are_one_on_each_side() -> None:
    train, test = split(grouped(2), group_column="who", test_size=0.01)
    assert (train["who"].nunique(), test["who"].nunique()) == (1, 1)


def test_the_seed_decides_which_groups_are_the_test_set() -> None:
    table = grouped()
    first, again, other = (
        set(split(table, group_column="who", seed=seed)[1]["who"]) for seed in (1, 1, 2)
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("values", "message"),
    [(["a"] * 31, "one value only"), ([""] * 3 + ["a", "b"] * 14, "missing in 3 of 31 rows")],
)
def test_a_column_that_cannot_group_is_an_error(values: list[str], message: str) -> None:
    with pytest.raises(RelayError, match=message):
        split(numbers(31).assign(who=pd.Series(values).replace("", None)), group_column="who")


def test_groups_and_time_together_are_an_error() -> None:
    given = {"input_artifact": "a", "target": "y", "time_column": "a", "group_column": "b"}
    with pytest.raises(ConfigError, match="give one, not both"):
        validate(params.Params, given)


DAYS = pd.Series(pd.date_range("2020-01-01", periods=60))


@pytest.mark.parametrize(
    "times", [DAYS, DAYS[::-1], DAYS.repeat(3), pd.date_range("2020", periods=20)]
)
def test_rows_in_the_order_of_time_are_noticed(times: pd.Series) -> None:
    table = pd.DataFrame({"x": range(len(times)), "day": times.array, "y": 1.0})
    assert splitting.find_time_order(table) == "day"


@pytest.mark.parametrize(
    "times",
    [
        DAYS.sample(frac=1, random_state=0),
        pd.concat([DAYS, DAYS]),  # several series, one below the other
        DAYS.mask(DAYS.index == 30),
        DAYS[:3].repeat(20),
        DAYS.astype("str"),
    ],
)
def test_other_rows_are_not(times: pd.Series) -> None:
    table = pd.DataFrame({"x": range(len(times)), "day": times.array, "y": 1.0})
    assert splitting.find_time_order(table) is None


@pytest.mark.parametrize(
    ("test_rows", "rows", "column", "is_warned"),
    [(50, 100, "sex", True), (24, 100, "sex", False), (25, 100, None, False), (1, 4, "sex", False)],
    ids=["far off", "near", "no rows stay together", "few rows"],
)
def test_a_share_that_groups_change_is_a_warning(
    test_rows: int, rows: int, column: str | None, is_warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    given = params.Params(input_artifact="x", target="y", test_size=0.2, group_column=column)
    load("split").warn_of_share(test_rows, rows, given)
    expected = (
        "split.test_size: the test set has 50 of 100 rows, a share of 0.50 (got 0.2): rows "
        "with one value of sex stay together, and some values have many rows. Choose another "
        "split.group_column or another split.test_size."
    )
    assert caplog.messages == ([expected] if is_warned else [])
