"""JSON lines, and one JSON document in one of the usual forms, as tables."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from relay.util.errors import RelayError
from tests.reading import read_as_it_stands as read


def lines(folder: Path, *rows: Any) -> Path:
    path = folder / "data.csv"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_objects_are_rows_and_keys_may_be_left_out(tmp_path: Path) -> None:
    table = read(lines(tmp_path, {"a": 1, "b": "x"}, {"b": "y", "c": 2.5}, {"a": None, "c": 1}))
    assert list(table.columns) == ["a", "b", "c"]
    assert table["a"].isna().tolist() == [False, True, True]
    assert table["b"].tolist()[:2] == ["x", "y"]
    assert table["c"].tolist()[1:] == [2.5, 1.0]


def test_values_keep_their_types_and_mixed_ones_are_texts(tmp_path: Path) -> None:
    rows = [{"i": 1, "f": 1, "b": True, "m": 5.0}, {"i": 2, "f": 0.5, "b": False, "m": "x"}]
    table = read(lines(tmp_path, *rows))
    assert [str(dtype) for dtype in table.dtypes] == ["int64", "float64", "bool", "str"]
    assert table["m"].tolist() == ["5", "x"]


def test_objects_within_become_columns_and_lists_texts(tmp_path: Path) -> None:
    table = read(lines(tmp_path, {"a": {"b": {"c": 1}, "d": 2}, "tags": ["x"]}, {"tags": []}))
    assert list(table.columns) == ["a.b.c", "a.d", "tags"]
    assert table["tags"].iloc[0] == '["x"]'
    assert table["tags"].isna().iloc[1]


def test_a_file_may_be_one_list_of_objects_and_blank_lines_count_for_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "data.json"
    path.write_text('\ufeff[\n {"a": 1, "b": 2},\n {"a": 3, "b": 4}\n]')
    assert read(path)["b"].tolist() == [2, 4]
    path.write_text('{"a": 1, "b": 2}\n\n{"a": 3, "b": 4}')
    assert read(path)["a"].tolist() == [1, 3]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 1}\n{"a": \n', "line 2 is not a JSON object"),
        ('{\n "a": 1\n}', "one JSON object over several lines, with 'a'.*orient=.records"),
        ('{"a": 1}\n7\n', "line 2 is not a JSON object \\(got int\\)"),
        ('[{"a": 1}, 7]', "row 2 of the data is not a JSON object"),
        ('[{"a": 1}', "is not JSON"),
        ("{}\n", "has no rows"),
    ],
)
def test_broken_json_names_its_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(content)
    with pytest.raises(RelayError, match=message):
        read(path)


TABLE = pd.DataFrame({"n": [1.5, 2.5, 4.5], "kind": ["x", "y", None], "y": [3, 4, 5]})


def written(folder: Path, content: str) -> Path:
    path = folder / "data.json"
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("orient", ["columns", "index", "split", "table", "records"])
def test_each_form_that_pandas_writes_gives_the_same_table(
    tmp_path: Path, orient: Any, indent: int | None
) -> None:
    got = read(written(tmp_path, TABLE.to_json(orient=orient, indent=indent)))
    pd.testing.assert_frame_equal(got, TABLE, check_dtype=False)


@pytest.mark.parametrize("orient", ["columns", "index", "split", "table"])
def test_numbers_of_rows_that_do_more_than_count_are_a_column_without_a_name(
    tmp_path: Path, orient: Any
) -> None:
    got = read(written(tmp_path, TABLE.iloc[[0, 2]].to_json(orient=orient)))
    assert list(got.columns) == ["", "n", "kind", "y"]
    assert got[""].tolist() == [0, 2]


def test_names_of_rows_are_kept_where_the_form_shows_that_they_are_such(tmp_path: Path) -> None:
    named = TABLE.set_index(pd.Index(["r1", "r2", "r3"]))
    got = read(written(tmp_path, named.to_json(orient="split")))
    assert got[""].tolist() == ["r1", "r2", "r3"]
    with pytest.raises(RelayError, match=r"are 'n', 'kind', 'y' the columns, or 'r1'.*lines=True"):
        read(written(tmp_path, named.to_json(indent=1)))


def test_lists_by_column_and_lists_by_row_below_names_are_tables(tmp_path: Path) -> None:
    by_column = (
        written(tmp_path, json.dumps(TABLE.to_dict("list"))).read_text().replace("NaN", "null")
    )
    assert read(written(tmp_path, by_column))["y"].tolist() == [3, 4, 5]
    rows = [["n", "y"], [1.5, 3], [2.5, 4]]
    assert read(written(tmp_path, json.dumps(rows)))["n"].tolist() == [1.5, 2.5]


def test_the_one_list_of_objects_in_an_object_is_the_table_and_the_rest_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    answer = {"count": 2, "results": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]}
    assert read(written(tmp_path, json.dumps(answer)))["b"].tolist() == [2, 4]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "left out what is beside it: 'count'" in caplog.text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (TABLE.to_json(orient="values"), r'without the names of columns .pandas. orient="values"'),
        ('{"a": [1, 2], "b": [1]}', "different lengths: 'b' has 1 values, 'a' 2"),
        ('{"columns": ["a", "b"], "data": [[1, 2], [3]]}', "row 2 of the data: it has 1 values"),
        ('{"columns": ["a", "a"], "data": [[1, 2]]}', "two columns 'a'"),
    ],
)
def test_a_form_without_one_meaning_is_named(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(RelayError, match=message):
        read(written(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("{'a': 1, 'b': None}\n", 1),
        ("[{'a': 1, 'b': True},\n {'a': 2, 'b': False}]", 1),
        ('{"a": 1}\n{"a": None}\n', 2),
        ('{"a": 1}\n\n{"a": True}\n', 3),
    ],
)
def test_what_python_prints_is_named_as_that_with_its_line(
    tmp_path: Path, content: str, line: int
) -> None:
    with pytest.raises(RelayError, match=rf"line {line} is not JSON but as Python prints it"):
        read(written(tmp_path, content))


@pytest.mark.parametrize(
    "deep", ["[" * 100_000 + "]" * 100_000, '{"k":' * 100 + "1" + "}" * 100, '[{"a":' * 50_000]
)
def test_deep_nesting_is_an_error_with_its_line(tmp_path: Path, deep: str) -> None:
    with pytest.raises(RelayError, match="line 2 is nested too deeply"):
        read(written(tmp_path, f'{{"a": 1}}\n{{"a": {deep}}}\n'))


def test_a_key_that_stands_twice_loses_no_value(tmp_path: Path) -> None:
    with pytest.raises(RelayError, match="line 2: the key 'a' stands twice"):
        read(written(tmp_path, '{"a": 1}\n{"a": 1, "a": 2}\n'))
    with pytest.raises(RelayError, match=r"line 1: there is a key 'a\.b', and an object within"):
        read(written(tmp_path, '{"a": {"b": 1}, "a.b": 2}\n{"a": 1}\n'))


def test_long_integers_keep_all_digits(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first, second = 1234567890123456788, 1234567890123456789
    got = read(lines(tmp_path, {"a": first, "b": 1}, {"a": second}, {"a": None}))
    assert got["a"].dropna().tolist() == [first, second]
    assert str(got["a"].dtype) == "Int64"
    assert not caplog.records
    longer = 1234567890123456789012
    got = read(lines(tmp_path, {"a": longer, "b": 1}, {"a": longer + 1}, {"b": 2}))
    assert got["a"].dropna().tolist() == [str(longer), str(longer + 1)]
    assert "Column a: its whole numbers have more digits than a number can have" in caplog.text
    assert "data.dtypes.a=float" in caplog.text
    with pytest.raises(RelayError, match="line 1 holds a number of too many digits"):
        read(written(tmp_path, '{"a": ' + "1" * 5_000 + "}\n{}\n"))


def test_half_of_a_character_names_its_column(tmp_path: Path) -> None:
    with pytest.raises(RelayError, match="column 'a': has half of a character"):
        read(written(tmp_path, '{"a": "\\ud800", "b": 1}\n{"a": "x"}\n'))


def test_utf_16_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_bytes('{"a": "ö", "b": 1}\r\n{"a": "x", "b": 2}\r\n'.encode("utf-16"))
    assert read(path)["a"].tolist() == ["ö", "x"]
