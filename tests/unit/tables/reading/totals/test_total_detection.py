"""Rows of totals are left out and reported; what only looks a little like one stays."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from relay.tables.reading.pieces import read_in_pieces
from relay.tables.reading.settings.options import ReadOptions
from relay.tables.reading.table import read_raw
from relay.tables.reading.totals.total_detection import find_totals, is_label
from relay.util.errors import RelayError
from relay.util.setting_text import setting
from tests.loading import load

run, cleaning, params = load("clean"), load("clean", "cleaning"), load("clean", "params")

ROWS = 40
_RANDOM = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "a": _RANDOM.normal(10, 3, ROWS).round(3),
        "b": _RANDOM.integers(1, 99, ROWS),
        "place": _RANDOM.choice(["north", "south", "west"], ROWS),
        "y": _RANDOM.normal(40, 9, ROWS).round(2),
    }
)
SUMS = {name: TABLE[name].sum() for name in ("a", "b", "y")}
MEANS = {name: TABLE[name].mean() for name in ("a", "b", "y")}


def with_row(table: pd.DataFrame, **row: Any) -> pd.DataFrame:
    return pd.concat([table, pd.DataFrame([row])], ignore_index=True)[list(table.columns)]


def sure(table: pd.DataFrame) -> list[int]:
    """Return the rows that are totals: alike where the table's values are texts, as from a CSV."""
    content = table.to_csv(index=False)
    typed, texts = (pd.read_csv(io.StringIO(content), dtype=dtype) for dtype in (None, "str"))
    totals = list(find_totals(typed).sure)
    assert totals == list(find_totals(texts).sure)
    return totals


@pytest.mark.parametrize(
    "label", ["Total", "GRAND TOTAL:", "Sum", "Gesamt", "Summe", "Total général", "Итого", "合计"]
)
def test_a_labelled_row_of_sums_is_a_total(label: str) -> None:
    assert sure(with_row(TABLE, place=label, **SUMS)) == [ROWS]


def test_a_total_may_be_rounded_formatted_or_fill_some_columns_only() -> None:
    assert sure(with_row(TABLE, place="Total", y=round(SUMS["y"]))) == [ROWS]
    texts = with_row(TABLE, place="Total", **SUMS).astype({"y": object})
    texts["y"] = texts["y"].map(lambda value: f"${value:,.2f}")
    assert sure(texts) == [ROWS]


def test_a_row_of_means_is_one_too_and_both_may_stand_below() -> None:
    table = with_row(TABLE, place="Total", **SUMS)
    assert sure(with_row(table, place="Average", **MEANS)) == [ROWS, ROWS + 1]


def test_sums_without_a_label_are_a_total_where_the_row_has_no_texts() -> None:
    assert sure(with_row(TABLE, **SUMS)) == [ROWS]
    assert sure(with_row(TABLE.drop(columns="place"), **SUMS)) == [ROWS]
    assert sure(with_row(TABLE, place="north", **SUMS)) == []


def test_a_label_in_a_column_of_numbers_is_enough() -> None:
    numbered = TABLE.assign(id=range(ROWS)).astype({"id": object})
    assert sure(with_row(numbered, id="Total", a=1, b=2, y=3)) == [ROWS]


def test_sub_totals_go_with_the_grand_total() -> None:
    parts = []
    for place, part in TABLE.sort_values("place").groupby("place"):
        sums = {name: part[name].sum() for name in SUMS}
        parts.append(with_row(part, place=f"{place} Total", **sums))
    table = with_row(pd.concat(parts, ignore_index=True), place="Grand Total", **SUMS)
    rows = [row for row, place in enumerate(table["place"]) if place.endswith("Total")]
    assert len(rows) == 4
    assert sure(table) == rows


def test_a_total_may_stand_above_the_rows() -> None:
    above = pd.DataFrame([{"place": "Total", **SUMS}])
    assert sure(pd.concat([above, TABLE], ignore_index=True)[list(TABLE.columns)]) == [0]


def by_sex() -> pd.DataFrame:
    rows = []
    for year in range(2000, 2030):
        male, female = (int(number) for number in _RANDOM.integers(100, 999, 2))
        for sex, deaths in (("male", male), ("female", female), ("total", male + female)):
            rows.append({"sex": sex, "year": year, "deaths": deaths})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(TABLE, id="no total"),
        pytest.param(by_sex(), id="a class that sums up others"),
        pytest.param(TABLE.assign(place=["total", "urban"] * (ROWS // 2)), id="a class"),
        pytest.param(with_row(TABLE.head(8), place="west", a=900, b=9000, y=5000), id="large"),
        pytest.param(with_row(TABLE, place="Total", a=9.5, b=44, y=40.5), id="a firm's name"),
        pytest.param(with_row(TABLE, a=9.5, b=44, y=40.5), id="a missing text"),
        pytest.param(pd.DataFrame({"n": [1, 1, 2, 4, 8, 16], "c": [3, 5, 8, 9, 7, 6]}), id="2^n"),
        pytest.param(pd.DataFrame({"n": [0] * 9, "t": ["a"] * 8 + [None]}), id="zeros"),
    ],
)
def test_healthy_tables_have_none(table: pd.DataFrame) -> None:
    assert sure(table) == []
    assert find_totals(table).doubtful is None


def test_words_for_totals_are_whole_words_with_few_others() -> None:
    assert all(map(is_label, ["Total", "Sub-total", "Summe Nord", "total (all)"]))
    assert not any(map(is_label, ["Summer", "totally", "in total there are five of these"]))


def written(folder: Path, table: pd.DataFrame, kind: str) -> Path:
    path = folder / f"t.{kind}"
    if kind == "csv":
        table.to_csv(path, index=False)
    elif kind == "parquet":
        table.to_parquet(path)
    elif kind == "json":
        path.write_text("".join(f"{json.dumps(row)}\n" for row in table.to_dict("records")))
    else:
        book = openpyxl.Workbook()
        for row in [list(table.columns), *table.to_numpy().tolist()]:
            book.active.append(row)
        book.save(path)
    return path


@pytest.mark.parametrize("kind", ["csv", "parquet", "json", "xlsx"])
def test_it_is_left_out_of_each_kind_of_file_with_a_warning_and_a_setting_keeps_it(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = written(tmp_path, with_row(TABLE, place="Total", **SUMS), kind)
    raw = read_raw(path, ReadOptions())
    assert (len(raw.table), raw.about["totals"]) == (ROWS, 1)
    (warned,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert warned.message == (
        f"t.{kind}: left out 1 row, sums or means of other rows: row 41 of the data ('Total'). "
        "To keep such: data.read.totals=keep."
    )
    pieces = read_in_pieces(path, ReadOptions())
    assert [sum(map(len, pieces)) for _ in range(2)] == [ROWS, ROWS]
    kept = ReadOptions(totals="keep")
    assert len(read_raw(path, kept).table) == sum(map(len, read_in_pieces(path, kept))) == ROWS + 1


def test_a_label_alone_is_doubtful_where_the_numbers_are_beyond_all_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = with_row(TABLE.rename(columns={"place": "The Place"}), a=900.0, b=9000, y=5000.0)
    table.loc[ROWS, "The Place"] = "Total"
    assert len(read_raw(written(tmp_path, table, "csv"), ReadOptions()).table) == ROWS + 1
    assert "the last row can be a total" in caplog.text
    assert setting("data.filters", ['the_place != "Total"']) in caplog.text


def test_a_label_is_seen_in_each_of_many_columns_and_in_a_wide_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "relay.tables.reading.totals.total_detection._TEXTS_AT_ONCE", 2 * (ROWS + 1)
    )
    words = pd.DataFrame({f"w{number}": TABLE["place"] for number in range(5)})
    for name in map(str, words):
        wide = pd.concat([TABLE, words], axis=1)
        assert sure(with_row(wide, **{name: "Total"}, **SUMS)) == [ROWS]
    many = pd.concat([TABLE, *(TABLE["a"].rename(f"n{i}") for i in range(400))], axis=1)
    with_row(many, place="Total", **SUMS).to_csv(tmp_path / "t.csv", index=False)
    raw = read_raw(tmp_path / "t.csv", ReadOptions())
    assert len(raw.table) == ROWS and raw.about["totals"] == 1


@pytest.mark.parametrize("dtype", [None, "str", "float"])
def test_a_row_of_totals_that_is_kept_may_have_its_word_among_numbers(
    tmp_path: Path, dtype: str | None
) -> None:
    numbered = TABLE.assign(id=range(100, 100 + ROWS)).astype({"id": object})
    with_row(numbered, id="Total", **SUMS).to_csv(tmp_path / "t.csv", index=False)
    given = params.Params(
        input_artifact="raw",
        target="y",
        totals="keep",
        dtypes={"id": dtype} if dtype else {},
    )
    raw = run.read(tmp_path / "t.csv", given)
    rules = run.rules(given, raw.about, raw.marked, raw.labels)
    if dtype == "float":
        with pytest.raises(RelayError, match=r"column 'id', row 41 .*'Total'"):
            cleaning.clean(raw.table, rules)
        return
    done = cleaning.clean(raw.table, rules)
    assert len(done.table) == ROWS + 1
    assert done.table["y"].iloc[-1] == pytest.approx(SUMS["y"])
    if dtype == "str":
        assert done.table["id"].iloc[-1] == "Total"
        assert "id" not in done.warnings
        return
    assert done.table["id"].tolist()[:ROWS] == list(range(100, 100 + ROWS))
    assert pd.isna(done.table["id"].iloc[-1])
    assert "'Total' in row 41 of the data stands among numbers" in done.warnings["id"]
    assert "data.dtypes.id=str" in done.warnings["id"]
