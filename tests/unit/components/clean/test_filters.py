"""Filters say which rows are kept, and run no code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from relay.step.params import validate
from relay.util.errors import ConfigError, RelayError
from tests.loading import load
from tests.made_clean import clean, numbers

params = load("clean", "params")


def test_filters_decide_which_rows_are_kept() -> None:
    done = clean(
        {"kind": ["a", "b", "a", "c"], "x": [1, 2, 3, 4], "y": [0.1, 0.2, 0.3, 0.4]},
        filters=["kind != 'c'", "x > 1 and kind in ['a', 'b']"],
    )
    assert done.table["x"].tolist() == [2, 3]
    assert (done.removed["filter_1"], done.removed["filter_2"]) == (1, 1)


def test_a_filter_or_range_may_be_on_a_column_that_is_dropped() -> None:
    columns = {**numbers(), "id": list(range(60))}
    done = clean(columns, drop=["id"], filters=["id < 30"], ranges={"id": (10, None)})
    assert len(done.table) == 20
    assert list(done.table.columns) == ["x", "y"]


@pytest.mark.parametrize(
    "query", ["x >", "nope > 1", "x + 1", "x = 3", "@pd.DataFrame", "x.__class__", "kind > 1", "1"]
)
def test_a_filter_that_does_not_work_is_named(query: str) -> None:
    with pytest.raises(RelayError, match=r"data\.filters: "):
        clean({**numbers(), "kind": ["a"] * 60}, filters=[query])


@pytest.mark.parametrize(
    "query",
    [
        "x.to_csv('{out}') != 3",
        "(x.to_csv('{out}') != 3) and x > 1",
        "x.isin(x.to_csv('{out}'))",
        "x.to_csv('{out}').isin([1])",
        "x in [y.to_csv('{out}')]",
        "`x`.to_csv('{out}') != 3",
        "x.str.contains(pat=y.to_csv('{out}'))",
    ],
)
def test_a_filter_runs_no_code(query: str, tmp_path: Path) -> None:
    query = query.format(out=tmp_path / "out")
    with pytest.raises(RelayError, match=r"data\.filters: .*to_csv' is not allowed.*str\.contains"):
        clean(numbers(), filters=[query])
    with pytest.raises(ConfigError, match="to_csv' is not allowed"):
        validate(
            params.Params, {"input_artifact": "x", "target": "y", "filters": json.dumps([query])}
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("query", ["x._data > 1", "x.values > 1", "x[0] > 1", "[i for i in x]"])
def test_a_filter_sees_values_only(query: str) -> None:
    with pytest.raises(RelayError, match="is not allowed"):
        clean(numbers(), filters=[query])


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("class.str.lower().str.startswith('a')", None),
        ("`class`.str.lower().str.startswith('a')", [0, 1]),
        ("`class`.isin(['B']) | (x > 2) & ~(x == 9)", [2, 3]),
        ("`class`.str.contains('a', case=False) and x.between(1, 2)", [1]),
        ("not x.isna() and -x + 2 * x >= 3", [3]),
        ("`class` == 'it`s' or 1 < x <= 3", None),
    ],
)
def test_filters_compare_calculate_and_look_into_texts(query: str, kept: list[int] | None) -> None:
    columns = {"class": ["a", "A", "B", "c"], "x": [0, 1, 2, 3], "y": [0.1, 0.2, 0.3, 0.4]}
    if kept is None:
        with pytest.raises(RelayError, match="is not a query"):
            clean(columns, filters=[query])
    else:
        assert clean(columns, filters=[query]).table["x"].tolist() == kept
