"""The report of what cleaning inferred and did."""

from __future__ import annotations

import dataclasses
import json
import logging

import pandas as pd
import pytest

from relay.tables.reading.table import RawTable
from relay.util.errors import RelayError
from tests.loading import load
from tests.made_clean import clean, numbers

table_facts = load("clean", "table_facts")
run = load("clean")


@pytest.mark.parametrize("missing", [1, 20])
def test_rows_that_go_without_being_asked_for_are_a_warning(
    missing: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "relay")
    done = clean({"x": list(range(60)), "y": [None] * missing + [0.5] * (60 - missing)})
    run.report(done, 60)
    records = [entry for entry in caplog.records if "missing target" in entry.message]
    assert [entry.levelname for entry in records] == ["WARNING"]
    assert records[0].message == f"Removed {missing} of 60 rows: missing target"


def test_words_of_the_target_that_mean_missing_are_named(caplog: pytest.LogCaptureFixture) -> None:
    texts = [f"{i}.5" if i % 6 else ["unknown", "?"][i % 4 // 2] for i in range(60)]
    done = clean({"x": list(range(60)), "y": texts})
    run.report(done, 60)
    (line,) = [record.message for record in caplog.records if "missing target" in record.message]
    assert line == (
        "Removed 10 of 60 rows: missing target (taken as missing among numbers: 'unknown' 5, '?' 5)"
    )
    assert done.table["y"].tolist()[:2] == [1.5, 2.5]


@pytest.mark.parametrize(("asked", "level"), [("auto", "WARNING"), (True, "INFO")])
def test_duplicates_that_go_unasked_are_a_warning_with_examples(
    asked: object, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "relay")
    measured = [i / 7 for i in range(60)]
    done = clean(
        {"x": [*measured, measured[4]], "y": [*measured, measured[4]]}, drop_duplicates=asked
    )
    run.report(done, 61)
    (record,) = [entry for entry in caplog.records if "duplicates" in entry.message]
    assert record.levelname == level
    assert record.message.startswith("Removed 1 of 61 rows: duplicates")
    for words in ("(row 61 equals row 5)", "data.drop_duplicates=false"):
        assert (words in record.message) == (level == "WARNING")


def test_columns_with_the_same_note_share_a_line() -> None:
    done = clean({**{f"x{i}": [1] * 60 for i in range(20)}, **numbers()})
    description = table_facts.describe(done, {"kind": "text"})
    (line,) = table_facts.columns_in_words(description)
    assert line.startswith("Columns x0, x1, ")
    assert line.endswith("x7 and 12 more: constant: nothing can be learned from it")


def test_a_warning_stands_in_the_report_and_is_one_line_for_columns_alike() -> None:
    done = clean({"a": ["u", "v"] * 30, "b": ["u", "v"] * 30, **numbers()})
    done = dataclasses.replace(done, warnings={"a": "2 are odd", "b": "2 are odd"})
    assert list(table_facts.warnings_in_words(done)) == ["Columns a, b: 2 are odd"]
    assert table_facts.describe(done, {"kind": "text"})["columns"]["a"]["warning"] == "2 are odd"


def test_each_column_has_the_facts_that_were_inferred() -> None:
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
    description = table_facts.describe(
        done, {"kind": "text", "separator": ";", "encoding": "cp1252"}
    )
    kinds = {name: facts["kind"] for name, facts in description["columns"].items()}
    assert kinds == {
        "id": "identifier", "kind": "category", "same": "constant", "note": "text",
        "key": "identifier", "price": "number", "on": "boolean", "day": "date",
        "zip": "category", "y": "number", "empty": "empty",
    }  # fmt: skip
    assert description["columns"]["price"]["read_as"] == "float:1.234,56"
    assert description["file"]["decimal"] == ","
    assert json.loads(json.dumps(description)) == description
    lines = "\n".join(table_facts.columns_in_words(description))
    assert "Column price: float:1.234,56" in lines
    assert "Column same: constant" in lines
    assert "Column kind" not in lines
    assert table_facts.file_in_words(description["file"]).endswith(
        "semicolons between its fields, cp1252"
    )


def test_a_target_of_formulas_without_results_is_an_error() -> None:
    table = pd.DataFrame({"x": range(9), "The Y": [None] * 9})
    raw = RawTable(table, {"kind": "excel", "uncomputed": {"The Y": 9}})
    params = run.Params(input_artifact="raw", target="the_y")
    with pytest.raises(RelayError, match="column 'The Y' has 9 formulas without a result"):
        run.require_results(raw, params)
    run.require_results(raw, run.Params(input_artifact="raw", target="x"))
