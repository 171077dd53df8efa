"""Periods of time in a column that has times, and elsewhere."""

from __future__ import annotations

import pandas as pd
import pytest

from relay.tables.reading.columns.column_reading import Reading
from relay.tables.reading.columns.dtypes import to_dtype
from relay.tables.reading.columns.type_inference import convention_of, read_column
from relay.util.errors import RelayError


def read(texts: list[str], spec: str | None = None, has_times: bool = True) -> Reading:
    column = pd.Series(texts, name="v", dtype="str")
    convention = convention_of(pd.DataFrame({"v": column}))
    return read_column(column, spec, convention, has_times=has_times)


@pytest.mark.parametrize(
    ("texts", "days", "word"),
    [
        (["2000Q1", "2000Q2", "2001Q4"], ["2000-01-01", "2000-04-01", "2001-10-01"], "period"),
        (["Q3 2020", "Q4 2020"], ["2020-07-01", "2020-10-01"], "period"),
        (["1Q2020", "2Q2020"], ["2020-01-01", "2020-04-01"], "period"),
        (["2019M01", "2019M12"], ["2019-01-01", "2019-12-01"], "period"),
        (["2020-W53", "2021-W01"], ["2020-12-28", "2021-01-04"], "period"),
        (["2020H1", "2020H2"], ["2020-01-01", "2020-07-01"], "period"),
        (["Jan-19", "Feb-19"], ["2019-01-01", "2019-02-01"], "%b-%y"),
        (["January 2019", "May 2019"], ["2019-01-01", "2019-05-01"], "%B %Y"),
        (["2019-Jan", "2019-Feb"], ["2019-01-01", "2019-02-01"], "%Y-%b"),
    ],
)
def test_periods_are_the_day_they_begin(texts: list[str], days: list[str], word: str) -> None:
    got = read(texts)
    assert got.values.dt.strftime("%Y-%m-%d").tolist() == days
    assert got.word == f"datetime:{word}"
    assert to_dtype(pd.Series(texts, name="v"), got.word).tolist() == got.values.tolist()


def test_the_note_has_an_example_and_years_of_two_digits() -> None:
    note = read(["Jan-19", "Feb-19"]).note
    assert "periods such as 'Jan-19', as the day they begin; the first is 2019-01-01" in note
    assert "years of two digits, taken as 2019 to 2019" in note
    assert "in 2045 or later" in read(["Jan-49", "Feb-49"]).warning


@pytest.mark.parametrize(
    "texts",
    [["2000Q1", "2000Q5"], ["2000Q1", "2000M02"], ["2021-W54", "2021-W01"], ["Jan-19", "?"]],
)
def test_what_is_not_all_periods_of_one_kind_is_not_read_as_such(texts: list[str]) -> None:
    assert read(texts).values.tolist() == texts


def test_elsewhere_they_are_texts_and_a_warning_names_the_setting_that_reads_them() -> None:
    texts = [f"{2000 + i // 4}Q{1 + i % 4}" for i in range(80)]
    got = read(texts, has_times=False)
    assert got.values.tolist() == texts
    assert "data.dtypes.v=datetime:period" in got.warning
    assert read(texts, "datetime:period", has_times=False).values.iloc[4].year == 2001


def test_a_period_that_does_not_exist_is_an_error_if_the_setting_asks_for_periods() -> None:
    with pytest.raises(RelayError, match="'2000Q7'"):
        to_dtype(pd.Series(["2000Q1", "2000Q7"], name="v"), "datetime:period")
