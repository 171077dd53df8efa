"""Texts that usually mean "missing" are counted, warned of where they may be values, and kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from relay.tables.reading.arrow_texts import last_bytes_in, may_hold
from relay.tables.reading.pieces import read_in_pieces
from relay.tables.reading.settings.dtype_words import check_dtype_word
from relay.tables.reading.settings.options import ReadOptions
from relay.tables.reading.settings.params import kept_in
from relay.tables.reading.table import read_raw
from tests.loading import load

run, table_facts = load("clean"), load("clean", "table_facts")
params = load("clean", "params")

CODES = ["NA", "DE", "FR", "ZA", "BW"]
PAIN = ["None", "Mild", "Severe"]


def cleaned(tmp_path: Path, columns: dict[str, list[Any]], kind: str = "csv", **given: Any) -> Any:
    """Clean a table of `columns`, each repeated, beside numbers."""
    table = pd.DataFrame({name: (values * 60)[:60] for name, values in columns.items()})
    table["n"] = [i + 0.5 for i in range(60)]
    if kind == "csv":
        table.to_csv(path := tmp_path / "t.csv", index=False)
    else:
        rows = [json.dumps(row) for row in table.to_dict("records")]
        (path := tmp_path / "t.jsonl").write_text("\n".join(rows))
    settings = params.Params(input_artifact="x", **{"target": "n", **given})
    raw = run.read(path, settings)
    return run.clean(raw.table, run.rules(settings, raw.about, raw.marked))


def lines(done: Any) -> list[str]:
    return [*done.taken.warnings(60, done.target)]


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_na_among_codes_of_two_capitals_is_a_value_and_it_is_warned_of(
    tmp_path: Path, kind: str
) -> None:
    done = cleaned(tmp_path, {"country": CODES}, kind)
    assert done.table["country"].tolist()[:5] == CODES
    assert done.warnings["country"].startswith("'NA' (12) is kept as a value among codes")
    assert "data.read.missing_values=[NA]" in done.warnings["country"]
    assert done.read_as["country"] == "str:NA"


def test_it_is_missing_where_it_is_in_other_columns_too_with_a_warning(tmp_path: Path) -> None:
    done = cleaned(tmp_path, {"country": CODES, "size": ["NA", "big", "small"]})
    assert done.table["country"].isna().sum() == 12
    [line] = lines(done)
    assert line.startswith("'NA' is taken as missing in columns of texts: size 20, country 12.")
    assert "data.read.keep_texts=[NA]" in line


def test_or_where_the_settings_decide_without_a_warning(tmp_path: Path) -> None:
    done = cleaned(tmp_path, {"country": CODES}, missing_values=["NA"])
    assert done.table["country"].isna().sum() == 12
    assert (done.warnings, lines(done)) == ({}, [])
    both = {"country": CODES, "size": ["NA", "big", "small"]}
    done = cleaned(tmp_path, both, dtypes={"country": "str:NA"})
    assert done.table.isna().sum().to_dict() == {"country": 0, "size": 20, "n": 0}


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_none_among_texts_is_missing_with_a_warning_of_how_many_and_the_setting(
    tmp_path: Path, kind: str
) -> None:
    done = cleaned(tmp_path, {"pain": PAIN}, kind)
    assert done.table["pain"].isna().sum() == 20
    [line] = lines(done)
    assert line.startswith("'None' is taken as missing in columns of texts: pain 20. ")
    assert "'data.read.keep_texts=[\"None\"]', or data.dtypes.pain=str:None" in line
    facts = table_facts.describe(done, {"kind": "text"})["columns"]["pain"]
    assert facts["note"].startswith("taken as missing: 'None' 20")
    kept = cleaned(tmp_path, {"pain": PAIN}, kind, keep_texts=["None"])
    assert kept.table["pain"].tolist()[:3] == PAIN
    assert lines(kept) == []


def test_na_that_most_rows_have_is_warned_of_in_one_line(tmp_path: Path) -> None:
    alley = {f"a{i}": ["NA", "NA", "Paved"] for i in range(5)}
    [line] = lines(cleaned(tmp_path, alley))
    assert "a0 40, a1 40, a2 40 and 2 more columns." in line


@pytest.mark.parametrize(
    "regions", [["EU", "APAC", "LATAM"], ["Europe", "Asia"], ["EMEA", "APJ"], ["ENG", "HR"]]
)
@pytest.mark.parametrize("kind", ["csv", "json"])
def test_na_among_regions_and_acronyms_is_warned_of(
    tmp_path: Path, regions: list[str], kind: str
) -> None:
    done = cleaned(tmp_path, {"region": [*regions * 4, "NA"]}, kind)
    [line] = lines(done)
    count = int(done.table["region"].isna().sum())
    assert line.startswith(f"'NA' is taken as missing in columns of texts: region {count}.")
    kept = cleaned(tmp_path, {"region": [*regions * 4, "NA"]}, kind, keep_texts=["NA"])
    assert kept.table["region"].eq("NA").sum() == count > 0
    assert lines(kept) == []


def test_acronyms_beside_columns_of_numbers_with_na_are_not(tmp_path: Path) -> None:
    done = cleaned(tmp_path, {"unit": ["ENG", "HR", "NA"], "size": ["1.5", "NA", "2"]})
    assert lines(done) == []


def test_a_few_missing_values_are_noted_and_no_warning(tmp_path: Path) -> None:
    done = cleaned(tmp_path, {"c": ["NA", *"abcdefg"], "v": ["NA", "1", "2"], "w": ["null", "x"]})
    assert lines(done) == []
    notes = {name: facts.get("note", "") for name, facts in
             table_facts.describe(done, {"kind": "text"})["columns"].items()}  # fmt: skip
    assert notes["c"].startswith("taken as missing: 'NA' 8 ('data.read.keep_texts=[NA]'")
    assert "'null' 30" in notes["w"]
    assert notes["v"] == ""
    assert done.table["v"].isna().sum() == 20


def test_rows_whose_class_is_such_a_text_are_left_out_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    done = cleaned(tmp_path, {"pain": PAIN}, target="pain")
    run.report(done, 60)
    [record] = [entry for entry in caplog.records if "missing target" in entry.message]
    assert record.levelname == "WARNING"
    assert record.message == (
        "Removed 20 of 60 rows: missing target ('None' 20; if that is a class: "
        "'data.read.keep_texts=[\"None\"]')"
    )


def test_new_rows_are_read_as_the_training_data_was(tmp_path: Path) -> None:
    (path := tmp_path / "new.csv").write_text("Land,size\nNA,NA\nDE,big\n")
    keep = kept_in({"country": "str:NA"}, {"Land": "country"})
    assert keep == {"land": ["NA"]}
    [piece] = read_in_pieces(path, ReadOptions(keep_in=keep))
    assert piece["Land"].tolist() == ["NA", "DE"]
    assert piece["size"].isna().tolist() == [True, False]
    [piece] = read_in_pieces(path, ReadOptions())
    assert piece["Land"].isna().tolist() == [True, False]


def test_a_file_without_the_setting_is_read_as_before(tmp_path: Path) -> None:
    (path := tmp_path / "t.csv").write_text("a, b\nNA, NaN\n x ,N/A\n,y\n")
    raw = read_raw(path, ReadOptions())
    assert raw.table.isna().to_numpy().tolist() == [[True, True], [False, True], [True, False]]
    assert raw.marked.taken == {0: {"NA": 1}, 1: {"NaN": 1, "N/A": 1}}


def test_a_field_with_nothing_but_a_no_break_space_is_missing(tmp_path: Path) -> None:
    done = cleaned(tmp_path, {"x": ["1.5", "\u00a0", "2"], "kind": ["a\u00a0", "b", "\u00a0"]})
    assert done.table["x"].iloc[0] == 1.5
    assert done.table["x"].isna().sum() == 20
    assert done.table["kind"].dropna().tolist()[:2] == ["a", "b"]
    assert done.table["kind"].isna().sum() == 20


def test_a_quick_look_never_misses_a_text() -> None:
    texts = pa.array(["1.5", None, "", "NA", "2", "x\u00e9"], pa.large_string())
    chunks = pa.chunked_array([texts.slice(4), texts.slice(2, 2)])
    na, accent = last_bytes_in(["NA"]), last_bytes_in(["\u00e9"])
    assert may_hold(texts, na) and may_hold(chunks, na) and may_hold(texts, accent)
    assert may_hold(texts.slice(3, 1), last_bytes_in(["NA", "null"]))
    assert not may_hold(texts.slice(4), na) and not may_hold(texts, last_bytes_in(["null", ""]))
    assert not may_hold(texts.slice(1, 2), na)


def test_the_word_for_it_is_checked() -> None:
    assert check_dtype_word("str:NA|None") == "str:NA|None"
    with pytest.raises(ValueError, match="is not a dtype"):
        check_dtype_word("str:Alice")


def write_numbers(folder: Path, kind: str) -> Path:
    table = pd.DataFrame({"whole": [-999, 2, 3], "part": [0.5, -999.0, 2.5], "t": ["a", "b", "c"]})
    path = folder / f"t.{kind}"
    if kind == "parquet":
        table.to_parquet(path)
    elif kind == "xlsx":
        table.to_excel(path, index=False)
    elif kind == "csv":
        table.to_csv(path, index=False)
    else:
        path.write_text(table.to_json(orient="records"), encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json", "parquet"])
def test_a_number_that_means_missing_does_in_every_format(tmp_path: Path, kind: str) -> None:
    options = ReadOptions(missing_values=["-999"])
    path = write_numbers(tmp_path, kind)
    raw = read_raw(path, options)
    assert raw.table.isna().to_numpy().tolist() == [
        [True, False, False], [False, True, False], [False, False, False],
    ]  # fmt: skip
    assert raw.table["whole"].astype("float64").tolist()[1:] == [2, 3]
    assert raw.marked.absent == []
    [piece] = read_in_pieces(path, options)
    assert piece["whole"].isna().tolist() == [True, False, False]


def test_whole_numbers_that_a_float_cannot_represent_stay_exact(tmp_path: Path) -> None:
    large = 2**53 + 1
    pd.DataFrame({"a": [large, -999], "b": [1, 2]}).to_parquet(tmp_path / "t.parquet")
    table = read_raw(tmp_path / "t.parquet", ReadOptions(missing_values=["-999"])).table
    assert table["a"].iloc[0] == large
    assert table["a"].isna().iloc[1]


def test_a_number_that_means_missing_may_have_decimals_but_no_thousands(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a;b\n-9;-9,00\n-9.0;-9,000\n-90;1\n", encoding="utf-8")
    table = read_raw(path, ReadOptions(missing_values=["-9"], separator=";")).table
    assert table["a"].isna().tolist() == [True, True, False]
    assert table["b"].isna().tolist() == [True, False, False]


def test_usual_words_are_values_in_parquet_and_those_that_are_set_are_not(tmp_path: Path) -> None:
    pd.DataFrame({"a": ["NA", "?", "x"], "b": [1, 2, 3]}).to_parquet(tmp_path / "t.parquet")
    table = read_raw(tmp_path / "t.parquet", ReadOptions(missing_values=["?"])).table
    assert table["a"].isna().tolist() == [False, True, False]


def test_those_that_the_file_does_not_have_are_reported(tmp_path: Path) -> None:
    options = ReadOptions(missing_values=["-999", "?", "-99"])
    assert read_raw(write_numbers(tmp_path, "xlsx"), options).marked.absent == ["?", "-99"]


def test_errors_of_a_spreadsheet_are_missing_with_a_warning(tmp_path: Path) -> None:
    done = cleaned(tmp_path, {"a": ["#DIV/0!", "1", "2", "3"], "b": ["#REF!", "#N/A", "u", "v"]})
    assert done.table["a"].dtype == "float64" and done.table["a"].isna().sum() == 15
    first, second = lines(done)
    assert first.startswith("Column a: errors of a spreadsheet ('#DIV/0!' 15) are taken as missing")
    assert "Column b: errors of a spreadsheet ('#REF!' 15)" in second
    settled = ["#DIV/0!", "#REF!"]
    columns = {"a": ["#DIV/0!", "1"], "b": ["#REF!", "u"]}
    assert not lines(cleaned(tmp_path, columns, missing_values=settled))


def test_the_null_of_mysql_is_missing_among_texts_and_numbers(tmp_path: Path) -> None:
    done = cleaned(tmp_path, {"a": ["\\N", "red", "blue"], "b": ["\\N", "1", "2"]})
    assert done.table["a"].isna().sum() == done.table["b"].isna().sum() == 20
    assert done.table["b"].dtype == "float64"
