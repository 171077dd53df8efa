"""The time axis: each time has a place, its step; what is not regular is counted or an error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from relay.forecasts.frequencies import in_words, parse, season_of
from relay.forecasts.time_axis import TimeAxis, infer_frequency
from relay.util.errors import RelayError
from tests.loading import load

regularity = load("time_axis", "regularity")


def times(frequency: str, count: int = 30, start: str = "2020-01-31") -> pd.DatetimeIndex:
    return pd.date_range(start, periods=count, freq=frequency)


@pytest.mark.parametrize(
    ("pandas", "frequency", "season"),
    [
        ("MS", "M", 12), ("ME", "M", 12), ("QS", "Q", 4), ("YE", "Y", 1), ("W-TUE", "W", 52),
        ("D", "D", 7), ("B", "B", 5), ("h", "h", 24), ("15min", "15min", 96), ("10D", "10D", 1),
    ],
)  # fmt: skip
def test_a_frequency_is_inferred_and_its_times_come_back(
    pandas: str, frequency: str, season: int
) -> None:
    index = times(pandas)
    assert infer_frequency(index.to_series()) == frequency
    assert season_of(frequency) == season
    axis = TimeAxis.of(index, frequency)
    places = axis.places(index)
    assert np.diff(places).tolist() == [1] * (len(index) - 1)
    assert axis.times(places).tolist() == index.tolist()
    assert not axis.irregular(index).any()
    assert TimeAxis.from_json(axis.to_json()) == axis


def test_gaps_do_not_change_the_frequency() -> None:
    index = times("MS").delete([3, 4, 9, 20])
    assert infer_frequency(index.to_series()) == "M"


def test_each_series_has_steps_of_its_own() -> None:
    index = times("D", 5)
    both = pd.Series([*index, *(index + pd.Timedelta(hours=7))])
    assert infer_frequency(both, pd.Series(["a"] * 5 + ["b"] * 5)) == "D"


def test_steps_without_a_name_are_an_error() -> None:
    index = pd.Series(pd.date_range("2020-01-01", periods=4, freq="300ms"))
    with pytest.raises(RelayError, match=r"^data\.frequency: .*data\.frequency=h"):
        infer_frequency(index)


@pytest.mark.parametrize("text", ["", "0D", "2B", "monthly", "D2", "-1h"])
def test_another_word_is_not_a_frequency(text: str) -> None:
    with pytest.raises(ValueError, match=r"frequency|working days"):
        parse(text)


def test_steps_in_words() -> None:
    assert (in_words("M", 12), in_words("M"), in_words("15min", 4)) == (
        "12 months", "1 month", "4 steps of 15 minutes",
    )  # fmt: skip


def regular(table: pd.DataFrame, **settings: Any) -> Any:
    defaults = {
        "target": "y", "time": "t", "series": None, "frequency": None, "season": None,
        "gaps": "error", "duplicates": "error",
    }  # fmt: skip
    return regularity.make_regular(table, **{**defaults, **settings})


def daily(*days: int) -> pd.DataFrame:
    start = pd.Timestamp("2024-03-01")
    return pd.DataFrame(
        {"t": [start + pd.Timedelta(days=day) for day in days], "y": [float(day) for day in days]}
    )


def test_rows_are_put_in_order_and_other_columns_are_named() -> None:
    made = regular(daily(2, 0, 1, 3).assign(note="x"))
    assert made.table.columns.tolist() == ["t", "y"]
    assert made.table["y"].tolist() == [0, 1, 2, 3]
    assert (made.gaps, made.duplicates, made.irregular, made.unused) == (0, 0, 0, ["note"])


def test_a_gap_is_an_error_with_its_time_and_the_setting_that_decides() -> None:
    with pytest.raises(RelayError, match=r"^data\.gaps: 2 of 6 steps of 1 day have.*2024-03-04, "):
        regular(daily(0, 1, 2, 5))


@pytest.mark.parametrize(
    ("how", "filled"), [("interpolate", [3.0, 4.0]), ("previous", [2.0, 2.0]), ("zero", [0.0, 0.0])]
)
def test_a_gap_is_filled_by_the_setting(how: str, filled: list[float]) -> None:
    made = regular(daily(0, 1, 2, 5), gaps=how)
    assert (made.table["y"].tolist(), made.gaps) == ([0.0, 1.0, 2.0, *filled, 5.0], 2)


def test_a_value_that_is_missing_is_a_gap() -> None:
    table = daily(0, 1, 2, 3)
    table.loc[1, "y"] = None
    with pytest.raises(RelayError, match=r"^data\.gaps: 1 of 4 .*\(2024-03-02\)"):
        regular(table, frequency="D")


def test_two_values_in_one_step_are_an_error_or_merged() -> None:
    table = pd.concat([daily(0, 1, 2, 3), daily(2).assign(y=4.0)])
    with pytest.raises(RelayError, match=r"^data\.duplicates: 1 of 5 .*2024-03-03.*data\.series"):
        regular(table)
    made = regular(table, duplicates="mean")
    assert (made.table["y"].tolist(), made.duplicates) == ([0.0, 1.0, 3.0, 3.0], 1)
    assert regular(table, duplicates="last").table["y"].tolist() == [0.0, 1.0, 4.0, 3.0]


def test_a_time_off_the_others_counts_for_its_step() -> None:
    table = daily(0, 1, 2, 3)
    table["t"] += pd.to_timedelta([0, 0, 5, 0], unit="h")
    made = regular(table, frequency="D")
    assert made.irregular == 1
    assert made.table["t"].dt.hour.tolist() == [0, 0, 0, 0]


def test_series_have_beginnings_and_ends_of_their_own() -> None:
    table = pd.concat([daily(0, 1, 2).assign(shop="b"), daily(1, 2, 3, 4).assign(shop="a")])
    made = regular(table, series="shop")
    assert made.table["shop"].tolist() == ["a"] * 4 + ["b"] * 3
    assert made.counts["series"] == 2
    series = made.layout.read(made.table)
    assert (series["a"].start - series["b"].start, len(series["a"])) == (1, 4)


def test_years_may_be_whole_numbers() -> None:
    made = regular(pd.DataFrame({"t": [1990, 1991, 1992, 1993], "y": [1.0, 2.0, 3.0, 4.0]}))
    assert made.layout.axis.frequency == "Y"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"t": ["a", "b"], "y": [1.0, 2.0]}, r"^data\.time: .*are not times.*data\.dtypes"),
        ({"t": times("D", 2), "y": ["a", "b"]}, r"^data\.target: 'y' has no numbers"),
        ({"t": times("D", 2), "y": [1.0, np.inf]}, r"^data\.target: 'y' has infinite values"),
        ({"t": [pd.NaT, *times("D", 1)], "y": [1.0, 2.0]}, r"^1 of 2 rows have no value in 't'"),
        ({"x": [1], "y": [1.0]}, r"^data\.time: .*no column 't'"),
    ],
)
def test_other_columns_are_an_error(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(RelayError, match=message):
        regular(pd.DataFrame(columns))
