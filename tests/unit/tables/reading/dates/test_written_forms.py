"""Dates as some programs and languages write them: a short year first, 01JAN2019, 2019年1月4日."""

from __future__ import annotations

import pandas as pd
import pytest

from relay.tables.reading.columns.column_reading import Reading
from relay.tables.reading.columns.type_inference import convention_of, read_column

TIMES = pd.Series(pd.date_range("2019-01-01 10:11:12", periods=200, freq="3D", unit="us"))
DAYS = TIMES.dt.normalize()


def read(texts: pd.Series) -> Reading:
    column = texts.astype("str").rename("x")
    return read_column(column, None, convention_of(pd.DataFrame({"x": column})))


@pytest.mark.parametrize(
    ("times", "form"),
    [
        (DAYS, "%d%b%Y"),  # SAS
        (DAYS, "%d%b%y"),
        (TIMES, "%d%b%Y:%H:%M:%S"),
        (TIMES, "%d/%b/%Y:%H:%M:%S"),  # web servers
        (DAYS, "%Y年%m月%d日"),
    ],
)
def test_forms_of_programs_and_languages_are_read(times: pd.Series, form: str) -> None:
    got = read(times.dt.strftime(form).str.upper())
    assert got.word == f"datetime:{form}"
    assert got.values.tolist() == times.tolist()
    assert not got.warning


def test_the_offset_behind_such_a_time_is_reported() -> None:
    got = read(TIMES.dt.strftime("%d/%b/%Y:%H:%M:%S +0200"))
    assert got.values.iloc[0] == pd.Timestamp("2019-01-01 08:11:12")
    assert "the offset +0200 from UTC" in got.note


def test_codes_with_letters_that_are_months_stay_texts() -> None:
    texts = pd.Series([f"{n % 90 + 10}MAR{n % 70 + 10}" for n in range(200)])
    assert read(texts).values.tolist() == texts.tolist()


@pytest.mark.parametrize("mark", ["-", "/", "."])
def test_a_year_of_two_digits_can_be_first_with_a_warning(mark: str) -> None:
    form = f"%y{mark}%m{mark}%d"
    got = read(DAYS.dt.strftime(form))
    assert got.values.tolist() == DAYS.tolist()
    assert "with the year first" in got.warning and f"=datetime:%d{mark}%m{mark}%y" in got.warning


def test_it_needs_no_warning_if_it_cannot_be_a_day() -> None:
    days = DAYS - pd.Timedelta(days=9000)
    got = read(days.dt.strftime("%y-%m-%d"))
    assert got.values.tolist() == days.tolist()
    assert not got.warning and "with the year first" in got.note


@pytest.mark.parametrize(
    "days",
    [
        DAYS,
        DAYS - pd.Timedelta(days=5800),  # 2003
        pd.Series(pd.date_range("2000-01-15", periods=200, freq="MS", unit="us"))
        + pd.Timedelta(days=14),
        DAYS[:30],
    ],
)
def test_a_day_that_is_first_stays_so(days: pd.Series) -> None:
    texts = days.dt.strftime("%d.%m.%y")
    got = read(texts)
    assert got.values.tolist() == days.tolist() and not got.warning
    texts.iloc[3] = "31.02.19"
    got = read(texts)
    assert got.values.drop(days.index[3]).tolist() == days.drop(days.index[3]).tolist()
    assert "'31.02.19'" in got.warning and "year first" not in got.warning
