"""The page of results: what is on it of what was measured."""

from __future__ import annotations

from pathlib import Path

from tools import results

DATA = results.DataSet("houses", "houses.csv", "price", ("log_mae",), ("tuned",), ("linear",))


def measured(r2: float) -> dict[str, object]:
    return {
        "seconds": 12.4,
        "cv": {"cv_r2_mean": r2, "cv_r2_std": 0.01, "cv_mae_mean": 1234.5, "cv_mae_std": 10.5},
        "test": {"r2": r2, "mae": 1250.0, "log_mae": 0.1, "baseline_r2": -0.0001},
        "rows": {"train_rows": 800.0, "test_rows": 200.0},
    }


def test_a_line_is_a_run_of_a_table_or_of_an_experiment(tmp_path: Path) -> None:
    url = f"data.url={tmp_path}/houses.csv"
    assert dict(results.lines(DATA, tmp_path)) == {
        "linear": ["data=table", url, "data.target=price", "model=linear"],
        "experiment=tuned": ["experiment=tuned", url],
    }


def test_a_table_has_each_model_and_the_baseline() -> None:
    text = results.section(DATA, {"linear": measured(0.5), "experiment=tuned": measured(0.75)})
    assert "800 rows to learn from, 200 to test" in text
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    header, _, linear, tuned, baseline = lines
    assert header == [
        "model", "r2, cv", "r2, test", "mae, cv", "mae, test", "log_mae, cv", "log_mae, test",
        "seconds",
    ]  # fmt: skip
    assert linear == [
        "linear", "0.500 ± 0.010", "0.500", "1,234 ± 10.50", "1,250", "undefined ± undefined",
        "0.100", "12",
    ]  # fmt: skip
    assert tuned[:2] == ["**experiment=tuned**", "0.750 ± 0.010"]
    assert baseline[2] == "0.000"
