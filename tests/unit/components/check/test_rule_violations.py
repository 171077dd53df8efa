"""Checking a clean table: every rule that does not hold is found, all of them at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from relay.step.params import validate
from relay.util.errors import ConfigError
from tests.loading import ROOT, load

run = load("check")
params = load("check", "params")
checking = load("check", "rule_violations")
summary = load("check", "column_summaries")


def table(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"x": [1, 2, 3, 4], "y": [0.5, 1.5, 2.5, 3.5], **columns})


def violations(
    frame: pd.DataFrame, columns: dict[str, Any] | None = None, target: str = "y", min_rows: int = 1
) -> list[Any]:
    given = {
        "input_artifact": "t",
        "target": target,
        "min_rows": min_rows,
        "columns": columns or {},
    }
    checked = validate(params.Params, given)
    reported: list[Any] = run.check(frame, target, min_rows=min_rows, columns=checked.columns)
    return reported


def only(reported: list[Any]) -> Any:
    assert len(reported) == 1, [str(violation) for violation in reported]
    return reported[0]


def test_a_table_that_keeps_all_rules_has_no_violations() -> None:
    frame = table(kind=["a", "b", "a", "b"], when=pd.to_datetime(["2020-01-01"] * 4))
    rules = {
        "x": {"dtype": "int", "min": 1, "max": 4, "nullable": False, "unique": True},
        "y": {"dtype": "float"},
        "kind": {"dtype": "str", "allowed": ["a", "b"]},
        "when": {"dtype": "datetime"},
    }
    assert violations(frame, rules, min_rows=4) == []


def test_values_out_of_bounds_are_counted_with_examples() -> None:
    low, high = violations(table(), {"x": {"min": 2, "max": 2}})
    assert (low.column, low.check, low.count, low.examples) == ("x", "below min 2", 1, [1])
    assert (high.check, high.count, high.examples) == ("above max 2", 2, [3, 4])


def test_values_that_are_not_allowed_are_counted_with_examples() -> None:
    violation = only(violations(table(kind=["a", "b", "b", None]), {"kind": {"allowed": ["a"]}}))
    assert (violation.count, violation.examples) == (2, ["b"])
    assert str(violation) == "kind: not one of the allowed: a; 2 rows, such as b"


def test_missing_values_are_a_violation_where_none_may_be() -> None:
    frame = table(z=[1, None, None, 4])
    assert violations(frame, {"z": {}}) == []
    assert str(only(violations(frame, {"z": {"nullable": False}}))) == "z: missing in 2 rows"


def test_repeated_values_are_a_violation_where_each_must_be_one() -> None:
    violation = only(violations(table(z=[1, 1, 2, 3]), {"z": {"unique": True}}))
    assert "more than once" in violation.check


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("int", [0.5] * 4),
        ("float", ["a"] * 4),
        ("bool", [0, 1, 0, 1]),
        ("str", [1] * 4),
        ("datetime", ["2020-01-01"] * 4),
        ("category", ["a"] * 4),
    ],
)
def test_another_dtype_is_a_violation(word: str, values: list[Any]) -> None:
    violation = only(violations(table(z=values), {"z": {"dtype": word}}))
    assert violation.check.endswith(f"not {word}")


def test_whole_numbers_pass_as_float() -> None:
    assert violations(table(), {"x": {"dtype": "float"}}) == []


def test_bounds_on_texts_are_a_violation_and_no_crash() -> None:
    violation = only(violations(table(z=["a"] * 4), {"z": {"min": 1}}))
    assert "has no min and max" in violation.check


def test_classes_are_checked_as_the_values_that_they_are() -> None:
    frame = pd.DataFrame({"x": [1, 2], "y": pd.Categorical([3, 9])})
    assert violations(frame, {"y": {"dtype": "category", "min": 3, "max": 9}}) == []
    assert only(violations(frame, {"y": {"max": 8}})).examples == [9]


def test_a_column_that_is_not_there_is_a_violation_with_the_nearest() -> None:
    violation = only(violations(table(lot_area=[1] * 4), {"LotAera": {"min": 1}}))
    assert "Did you mean 'lot_area'" in str(violation)


def test_columns_may_be_named_as_in_the_file() -> None:
    assert only(violations(table(lot_area=[1] * 4), {"LotArea": {"min": 2}})).column == "lot_area"
    assert violations(pd.DataFrame({"sale_price": [1.5, 2.5]}), target="SalePrice") == []


def test_too_few_rows_are_a_violation() -> None:
    assert "4 rows, and at least 5" in str(only(violations(table(), min_rows=5)))


def test_a_missing_target_is_a_violation_of_its_own() -> None:
    assert "no such column. Did you mean 'y'" in str(only(violations(table(), target="yy")))


def test_the_target_must_not_be_missing_or_constant() -> None:
    assert only(violations(table(z=[1, None, 2, 3]), target="z")).check == "missing in 1 rows"
    assert "constant" in only(violations(table(z=["a"] * 4), target="z")).check


def test_all_violations_are_found_at_once() -> None:
    reported = violations(
        table(kind=["a", "b", "a", None]),
        {
            "x": {"min": 2, "max": 3, "dtype": "str"},
            "kind": {"nullable": False, "allowed": ["a"]},
            "gone": {},
        },
        min_rows=5,
    )
    assert len(reported) == 7


def test_a_report_holds_every_column_as_plain_json() -> None:
    frame = table(kind=["a", "a", None, "b"], when=[pd.Timestamp("2020-01-01"), None, None, None])
    report = json.loads(json.dumps(run.report(frame, "y", [], {}, None, {}), allow_nan=False))
    assert report["passed"] is True
    assert report["columns"]["x"] == {
        "dtype": "int64",
        "missing": 0,
        "distinct": 4,
        "min": 1,
        "max": 4,
        "mean": 2.5,
    }
    assert report["columns"]["kind"]["top"] == {"a": 2, "b": 1}
    assert report["columns"]["when"]["min"] == "2020-01-01T00:00:00"


def test_a_column_without_values_has_a_summary_too() -> None:
    frame = table(z=[float("nan")] * 4)
    summary = json.loads(json.dumps(run.report(frame, "y", [], {}, None, {}), allow_nan=False))
    assert summary["columns"]["z"]["mean"] is None


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"x": {"mni": 1}}, r"columns\.x\.mni"),
        ({"x": {"min": 5, "max": 1}}, "min 5 is above max 1"),
        ({"x": {"dtype": "number"}}, r"columns\.x\.dtype"),
        ({"x": {"allowed": []}}, r"columns\.x\.allowed"),
    ],
)
def test_rules_with_typos_are_refused_before_anything_runs(
    columns: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        violations(table(), columns)


CONFIGURED = {
    "pokemon": ("pokemon.csv", 800),
    "house_prices": ("house_prices/train.csv", 1460),
    "nyc_airbnb": ("nyc_airbnb/sample1.csv", 19001),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", CONFIGURED)
def test_real_data_sets_pass_the_checks_in_their_config(shared: Path, name: str) -> None:
    file, rows = CONFIGURED[name]
    data = yaml.safe_load((ROOT / "config" / "data" / f"{name}.yaml").read_text())
    clean, clean_params = load("clean"), load("clean", "params")
    given = {
        key: data[key] for key in ("target", "task", "drop", "dtypes", "ranges") if key in data
    }
    parsed = validate(clean_params.Params, {"input_artifact": "x", **given, **data.get("read", {})})
    raw = clean.read(shared / file, parsed)
    cleaned = clean.clean(raw.table, clean.rules(parsed, raw.about))
    assert len(cleaned.table) == rows
    check = data["check"]
    reported = violations(
        cleaned.table, check["columns"], target=cleaned.target, min_rows=check["min_rows"]
    )
    assert [str(violation) for violation in reported] == []


def test_a_mean_that_is_what_rounding_has_left_of_zero_is_zero() -> None:
    table = pd.DataFrame({"x": [0.1, 0.2, -0.3, 1e-17], "y": [1e-19, 2e-19, 3e-19, 4e-19]})
    facts = summary.summarise(table)
    assert facts["x"]["mean"] == 0
    assert facts["y"]["mean"] == pytest.approx(2.5e-19)
