"""The page of results: what is on it of what was measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tools import plain_libraries, results, results_page

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
    text = results_page.section(DATA, {"linear": measured(0.5), "experiment=tuned": measured(0.75)})
    assert "800 training rows, 200 test rows" in text
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


def test_lines_and_data_sets_that_were_not_measured_stay_as_they_are() -> None:
    before = results_page.page({DATA: {"linear": measured(0.5)}}, "")
    tuned = {"experiment=tuned": measured(0.75)}
    other = results.DataSet("flats", "flats.csv", "price", models=("linear",))
    page = results_page.page({DATA: tuned, other: {"linear": measured(0.25)}}, before)
    assert "| linear | 0.500 ± 0.010 | 0.500 |" in page
    assert "| **experiment=tuned** | 0.750 ± 0.010 | 0.750 |" in page
    again = results_page.page({DATA: {}, other: {}}, page)
    assert again.split("## Beside")[0] == page.split("## Beside")[0]


def test_the_section_on_repeated_splits_stays() -> None:
    page = results_page.page({DATA: {"linear": measured(0.5)}}, "\n## Ten splits\n\nText.\n")
    assert page.endswith("\n## Ten splits\n\nText.\n")
    assert results_page.page({DATA: {}}, page).endswith("\n## Ten splits\n\nText.\n")


def test_relays_models_stand_beside_the_plain_libraries_with_the_ratio_of_errors() -> None:
    plain_one = {"seconds": 1.0, "cv": {}, "test": {"r2": 0.2, "mae": 2500.0}, "rows": {}}
    text = results_page.beside(
        {"houses": {"lightgbm": measured(0.6), "plain lightgbm": plain_one}, "flats": {}}
    )
    assert "| houses | r2 |  |  |  |  | 0.200, 0.600 | 0.50 |" in text
    assert "| houses | mae |  |  |  |  | 2,500, 1,250 | 0.50 |" in text
    assert "flats" not in text
    assert text.rstrip().endswith("| geometric mean |  |  |  |  |  |  | 0.50 |")


def test_what_was_not_measured_again_stays_beside_the_plain_libraries() -> None:
    plain_one = {"seconds": 1.0, "cv": {}, "test": {"r2": 0.2, "mae": 2500.0}, "rows": {}}
    before = results_page.beside(
        {"houses": {"lightgbm": measured(0.6), "plain lightgbm": plain_one}, "flats": {}}
    )
    after = results_page.beside(
        {"houses": {"xgboost": measured(0.4), "plain xgboost": plain_one}, "flats": {}}, before
    )
    assert "| houses | r2 |  |  | 0.200, 0.400 | 0.75 | 0.200, 0.600 | 0.50 |" in after
    assert results_page.beside({"houses": {}, "flats": {}}, after) == after


@pytest.mark.parametrize("library", plain_libraries.LIBRARIES)
def test_a_plain_library_learns_from_texts_dates_and_truths(library: str) -> None:
    random = np.random.default_rng(0)
    kind = random.choice(["a", "b", "c"], 300)
    table = pd.DataFrame(
        {
            "kind": pd.Series(kind, dtype="str"),
            "when": pd.date_range("2024-01-01", periods=300),
            "truth": random.uniform(size=300) < 0.5,
            "price": pd.Series(kind).map({"a": 1.0, "b": 2.0, "c": 3.0}),
        }
    )
    train, test = table.head(240), table.tail(60)
    assert plain_libraries.fit_and_score(train, test, "price", library)["r2"] > 0.95
    classes = table.assign(price=table["kind"] + "!").drop(columns="kind").assign(code=kind)
    scores = plain_libraries.fit_and_score(classes.head(240), classes.tail(60), "price", library)
    assert scores["accuracy"] == 1.0
    assert "log_loss" in scores
