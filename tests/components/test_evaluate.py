"""`evaluate` through its real command line, on a real local store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from relay.tables.io import write_parquet
from tests.components.conftest import Finished, Store, either_way
from tests.made_models import features, flats, poor_price_model, price_model, save, size_model

KNOWN = {
    "price": {"mean": 720.0, "median": 700.0},
    "size": {"shares": {"large": 0.4, "middle": 0.3, "small": 0.3}},
}


def put_model(store: Store, pipeline: Any, target: str) -> None:
    folder = save(pipeline, store.folder / f"model-{target}", features(flats()))
    store.put("flats_model", "model", folder, {"target": target, "train_target": KNOWN[target]})


def evaluate(store: Store, **params: Any) -> Finished:
    given = {
        "model_artifact": "flats_model:latest",
        "test_artifact": "flats_test:latest",
        "evaluation_artifact": "flats_evaluation",
        "target": "price",
    }
    return store.run("evaluate", **{**given, **params})


def report(store: Store) -> dict[str, Any]:
    path = store.files("flats_evaluation:latest") / "metrics.json"
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


@pytest.fixture
def test_set(store: Store) -> pd.DataFrame:
    table = flats(seed=1)
    store.put_table("flats_test", "split_data", table)
    return table


@either_way
def test_a_regression_is_evaluated_with_metrics_and_pictures(
    store: Store, test_set: pd.DataFrame, alone: bool
) -> None:
    put_model(store, price_model(), "price")
    done = evaluate(store, alone=alone, thresholds='{"r2": 0.4, "rmse": 50}', slices="[Quarter]")
    assert done.status == 0, done.output
    assert done.result is not None
    assert done.result.outputs == {"evaluation": "flats_evaluation:v0"}
    assert done.result.metrics["r2"] > 0.99
    assert list(done.result.metrics)[:3] == ["r2", "mae", "baseline_mae"]
    pictures = {"predicted_vs_actual", "residuals", "feature_importance", "by_quarter"}
    assert set(done.result.images) == pictures
    assert all(Path(image).is_file() for image in done.result.images.values())
    read = report(store)
    assert read["task"] == "regression"
    assert read["model"] == "flats_model:v0"
    assert read["test"] == "flats_test:v0"
    assert read["rows"] == len(test_set)
    assert read["metrics"].items() <= done.result.metrics.items()
    assert read["beats_baseline"] is True
    assert list(read["importance"]) == ["area", "quarter"]
    assert {part["value"] for part in read["slices"]["quarter"]} == {"centre", "north"}
    (note,) = done.result.notes
    assert note.startswith("by quarter: mae is worst for ")
    assert read["thresholds"] == {"r2": 0.4, "rmse": 50.0}
    assert (read["passed"], read["violations"]) == (True, [])
    model = store.backend.find("flats_model:v0")
    assert model is not None and read["model_digest"] == model.digest
    names = {path.name for path in store.files("flats_evaluation:v0").iterdir()}
    files = {"metrics.json", "predictions.parquet"}
    assert names == files | {f"{picture}.png" for picture in pictures}


def test_a_classification_has_a_confusion_matrix_and_roc(
    store: Store, test_set: pd.DataFrame
) -> None:
    put_model(store, size_model(), "size")
    done = evaluate(store, target="size")
    assert done.status == 0, done.output
    assert done.result is not None
    assert set(done.result.images) == {
        "confusion_matrix", "roc", "calibration", "feature_importance",
    }  # fmt: skip
    assert {"accuracy", "f1", "roc_auc", "brier"} <= set(done.result.metrics)


def test_a_model_not_better_than_the_mean_is_a_warning(
    store: Store, test_set: pd.DataFrame
) -> None:
    put_model(store, poor_price_model(), "price")
    done = evaluate(store)
    assert done.status == 0, done.output
    assert done.result is not None
    assert "on 60 test rows this can be chance: r2 -0.0065" in done.result.warnings[0]
    assert report(store)["beats_baseline"] is False


def test_a_column_to_slice_by_that_is_not_there_is_named(
    store: Store, test_set: pd.DataFrame
) -> None:
    put_model(store, price_model(), "price")
    done = evaluate(store, slices="[quarters]")
    assert done.status == 1
    assert "evaluate.slices: the table has no column 'quarters'. Did you mean 'quarter'" in (
        done.output
    )


def test_a_threshold_of_another_task_is_an_error_before_anything_is_computed(
    store: Store, test_set: pd.DataFrame
) -> None:
    put_model(store, price_model(), "price")
    done = evaluate(store, thresholds='{"f1": 0.4}')
    assert done.status == 2
    assert "evaluate.thresholds.f1: 'f1' is not a metric of regression" in done.output
    assert store.backend.find("flats_evaluation") is None


def test_below_a_threshold_the_step_fails_and_the_evaluation_is_kept(
    store: Store, test_set: pd.DataFrame
) -> None:
    put_model(store, poor_price_model(), "price")
    done = evaluate(store, thresholds='{"r2": 0.4}')
    assert done.status == 1
    assert "below the threshold 0.4 (evaluate.thresholds.r2)" in done.output
    assert "Traceback" not in done.output
    assert done.result is not None
    assert done.result.status == "failed"
    assert done.result.outputs == {"evaluation": "flats_evaluation:v0"}
    read = report(store)
    assert read["passed"] is False
    assert len(read["violations"]) == 1


def test_a_test_set_without_the_models_columns_is_one_clear_error(store: Store) -> None:
    put_model(store, price_model(), "price")
    store.put_table("flats_test", "split_data", flats().rename(columns={"quarter": "quarters"}))
    done = evaluate(store)
    assert done.status == 1
    assert "'quarter' (is it 'quarters'?)" in done.output
    assert "Traceback" not in done.output
    assert store.backend.find("flats_evaluation:latest") is None


def put_part(store: Store, name: str, table: pd.DataFrame, source: str, seed: int) -> Any:
    """Store one side of a split of the artifact with digest `source`, as split would."""
    params = {"test_size": 0.2, "seed": seed, "stratify": True, "time_column": None}
    inputs = {"input": {"artifact": "flats_clean:v0", "digest": source}}
    path = write_parquet(table, store.folder / "put" / name / "data.parquet")
    return store.put(name, "split_data", path, {"params": params, "inputs": inputs})


@pytest.mark.parametrize(("source", "seed"), [("other data", 42), ("data", 7)])
def test_a_test_set_of_another_split_than_the_models_training_set_is_refused(
    store: Store, source: str, seed: int
) -> None:
    train = put_part(store, "flats_train", flats(), "data", 42)
    trained_on = {"train": {"artifact": str(train), "digest": train.digest}}
    folder = save(price_model(), store.folder / "model", features(flats()))
    store.put("flats_model", "model", folder, {"target": "price", "inputs": trained_on})
    put_part(store, "flats_test", flats().head(30), source, seed)
    done = evaluate(store)
    assert done.status == 1
    assert (
        "test set flats_test:v0 and the model's training set flats_train:v0 come from"
        in done.output
    )
    assert "steps=split+" in done.output
    assert "Traceback" not in done.output
    assert store.backend.find("flats_evaluation:latest") is None


@pytest.mark.parametrize("seed", [42, 7])
def test_a_test_set_of_the_same_split_or_without_rows_of_the_training_set_is_evaluated(
    store: Store, seed: int
) -> None:
    # A changed value in the training set leaves the test set, and its description, as it was.
    train = put_part(store, "flats_train", flats(), "data", 42)
    trained_on = {"train": {"artifact": str(train), "digest": train.digest}}
    folder = save(price_model(), store.folder / "model", features(flats()))
    store.put("flats_model", "model", folder, {"target": "price", "inputs": trained_on})
    put_part(store, "flats_test", flats(seed=1), "data", seed)
    done = evaluate(store)
    assert done.status == 0, done.output
