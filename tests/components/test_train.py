"""`train` through its real command line, on a real local store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relay.models.loading import load_model
from tests.components.conftest import Finished, Store, either_way

FOREST = json.dumps(
    {
        "name": "small_forest",
        "_target_": {
            "regression": "sklearn.ensemble.RandomForestRegressor",
            "classification": "sklearn.ensemble.RandomForestClassifier",
        },
        "params": {"n_estimators": 10},
    }
)
RIDGE = json.dumps({"_target_": "sklearn.linear_model.Ridge", "scale": True})


def table(rows: int = 120) -> pd.DataFrame:
    """Columns of every kind, with missing values, and two targets."""
    random = np.random.default_rng(0)
    x = random.normal(size=rows)
    group = random.choice(["red", "green", "blue"], rows)
    made = pd.DataFrame(
        {
            "x": x,
            "count": random.integers(0, 9, rows),
            "group": pd.Series(group, dtype="str"),
            "flag": random.random(rows) > 0.5,
            "day": pd.date_range("2024-01-01", periods=rows, freq="17h"),
            "note": [f"some words {i % 5}" for i in range(rows)],
            "code": [f"c{i}" for i in range(rows)],
            "same": 1,
            "price": 10 * x + 5 * (group == "red"),
            "label": np.where(x > 0, "high", "low"),
        }
    )
    made.loc[3, ["x", "group", "note"]] = None
    made.loc[4, "day"] = pd.NaT
    return made


def train(store: Store, target: str, **params: object) -> Finished:
    other = "label" if target == "price" else "price"
    store.put_table("demo_train", "split_data", table().drop(columns=other))
    params = {"model": FOREST, "folds": 3, **params}
    return store.run(
        "train",
        train_artifact="demo_train:latest",
        model_artifact="demo_model",
        target=target,
        **params,
    )


@either_way
def test_a_trained_model_is_stored_with_what_it_is_and_how_good_it_is(
    store: Store, alone: bool
) -> None:
    done = train(store, "price", alone=alone, text="note")
    assert done.status == 0, done.output
    assert done.result is not None
    assert done.result.inputs == {"train": "demo_train:v0"}
    assert done.result.outputs == {"model": "demo_model:v0"}
    assert done.result.types == {"model": "model"}
    metrics = done.result.metrics
    assert metrics["cv_r2_mean"] > 0.8
    assert {"cv_r2_std", "cv_rmse_mean", "fit_seconds", "n_features_out"} <= set(metrics)
    assert metrics["n_features_in"] == 6
    phases = done.result.phases
    assert set(phases) == {"reading", "features", "fit", "scoring", "writing"}
    assert phases["fit"] > metrics["fit_seconds"] / 2 > 0  # three folds, and all rows
    version = store.backend.find("demo_model:v0")
    assert version is not None
    metadata = version.metadata
    assert metadata["task"] == "regression"
    assert metadata["target"] == "price"
    assert metadata["model_class"] == "sklearn.ensemble.RandomForestRegressor"
    assert metadata["features"]["note"] == "text"
    assert set(metadata["set_aside"]) == {"code", "same"}
    assert metadata["train_rows"] == 120
    assert metadata["cv"]["cv_r2_mean"] == metrics["cv_r2_mean"]
    assert set(metadata["train_target"]) == {"mean", "median"}
    for number in (1, 2, 3):
        assert f"fold {number}/3 r2=0." in done.output
    assert "set aside, column same: constant" in done.output
    assert "Warning" not in done.output


def test_a_stored_model_predicts_with_mlflow_alone(store: Store) -> None:
    done = train(store, "price", text="note", folds=0)
    assert done.status == 0, done.output
    folder = store.files("demo_model:v0")
    requirements = (folder / "requirements.txt").read_text().split()
    assert all("==" in line for line in requirements)
    assert any(line.startswith("scikit-learn==") for line in requirements)
    predicted = predict_without_relay(folder)
    assert len(predicted) == 3
    assert all(isinstance(prediction, float) for prediction in predicted)


def test_a_target_of_texts_is_classified(store: Store) -> None:
    done = train(store, "label")
    assert done.status == 0, done.output
    assert done.result is not None
    assert done.result.metrics["cv_f1_mean"] > 0.8
    model = load_model(store.files("demo_model:v0"), "demo_model:v0")
    assert model.classes == ["high", "low"]
    scored = model.score(table(), "label")
    assert scored.metrics["accuracy"] > 0.95
    assert "roc_auc" in scored.metrics


def predict_without_relay(folder: Path) -> list[object]:
    """Return what `mlflow models predict` answers to three rows of JSON, one without values."""
    row = {"x": 0.5, "count": 3, "group": "red", "flag": True, "note": "some words"}
    rows = [
        {**row, "day": "2024-02-01T10:00:00"},
        {**row, "day": "2030-01-01T00:00:00", "group": "never seen", "count": None},
        {"x": None, "count": None, "group": None, "flag": False, "note": None, "day": None},
    ]
    given = folder.parent / "rows.json"
    given.write_text(json.dumps({"dataframe_records": rows}))
    command = ["models", "predict", "-m", str(folder), "-i", str(given), "--env-manager", "local"]
    done = subprocess.run(
        [sys.executable, "-m", "mlflow", *command],
        capture_output=True,
        text=True,
        cwd=folder.parent,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    predicted: list[object] = json.loads(done.stdout.splitlines()[-1])["predictions"]
    return predicted


@pytest.mark.parametrize(
    ("params", "status", "message"),
    [
        ({"text": "notes"}, 1, "no column 'notes'. Did you mean 'note'?"),
        ({"folds": -1}, 2, "folds"),
        ({"model": "{_target_: sklearn.svm.SVR, params: {C: -1}}"}, 2, "model.params.C"),
        ({"model": "{_target_: sklearn.svm.SVR, parms: {}}"}, 2, "model.parms"),
    ],
)
def test_a_mistake_is_one_clear_error_and_leaves_no_model(
    store: Store, params: dict[str, object], status: int, message: str
) -> None:
    done = train(store, **{"target": "price", **params})  # type: ignore[arg-type]
    assert done.status == status, done.output
    assert message in done.output
    assert "Traceback" not in done.output
    assert store.backend.find("demo_model:latest") is None


def split_and_checked(store: Store, made: pd.DataFrame, **rules: object) -> Finished:
    """Check and split a clean table, as the pipeline would; the check's end."""
    store.put_table("demo_clean", "clean_data", made)
    given = {"input_artifact": "demo_clean:latest", "target": "price"}
    split = store.run("split", **given, train_artifact="demo_train", test_artifact="demo_test")
    assert split.status == 0, split.output
    return store.run("check", **given, report_artifact="demo_report", **rules)


def train_behind_the_gate(store: Store, **params: object) -> Finished:
    given = {
        "train_artifact": "demo_train:latest",
        "report_artifact": "demo_report:latest",
        "model_artifact": "demo_model",
        "target": "price",
        "model": RIDGE,
        "folds": 0,
    }
    return store.run("train", **{**given, **params})


def test_data_that_passed_its_check_is_trained_on_and_the_report_is_an_input(store: Store) -> None:
    checked = split_and_checked(store, table().drop(columns="label"))
    assert checked.status == 0, checked.output
    done = train_behind_the_gate(store)
    assert done.status == 0, done.output
    assert done.result is not None
    assert done.result.inputs == {"train": "demo_train:v0", "report": "demo_report:v0"}

    # The newest report is about another table than the one that the training set was split from.
    store.put_table("demo_clean", "clean_data", table(rows=100).drop(columns="label"))
    given = {"input_artifact": "demo_clean:latest", "target": "price"}
    again = store.run("check", **given, report_artifact="demo_report")
    assert again.status == 0, again.output
    stale = train_behind_the_gate(store, model_artifact="other_model")
    assert stale.status == 1
    assert "demo_report:v1: it is about demo_clean:v1" in stale.output
    assert "demo_train:v0 was split from demo_clean:v0" in stale.output
    assert "Traceback" not in stale.output
    assert store.backend.find("other_model:latest") is None


def test_data_that_failed_its_check_is_not_trained_on(store: Store) -> None:
    checked = split_and_checked(store, table().drop(columns="label"), min_rows=500)
    assert checked.status == 1
    done = train_behind_the_gate(store)
    assert done.status == 1
    assert "The data check of demo_clean:v0 failed (violations: 1, see demo_report:v0)" in (
        done.output
    )
    assert "Traceback" not in done.output
    assert store.backend.find("demo_model:latest") is None


def test_a_training_set_from_elsewhere_needs_no_report_but_passes_no_gate_either(
    store: Store,
) -> None:
    store.put_table("demo_train", "split_data", table().drop(columns="label"))
    store.put("demo_report", "data_report", store.folder / "put", {"passed": True})
    gated = train_behind_the_gate(store)
    assert gated.status == 1
    assert "demo_train:v0: it is not recorded from which table it was split" in gated.output
    assert store.backend.find("demo_model:latest") is None
    alone = train_behind_the_gate(store, report_artifact="")
    assert alone.status == 0, alone.output
    assert alone.result is not None
    assert alone.result.inputs == {"train": "demo_train:v0"}


def test_something_other_than_a_report_is_refused(store: Store) -> None:
    store.put_table("demo_train", "split_data", table().drop(columns="label"))
    done = train_behind_the_gate(store, report_artifact="demo_train:latest")
    assert done.status == 1
    assert "needs one of type 'data_report'" in done.output


def test_something_other_than_a_training_set_is_refused(store: Store) -> None:
    store.put_table("raw", "raw_data", table())
    done = store.run("train", train_artifact="raw:latest", target="price", model=RIDGE)
    assert done.status == 1
    assert "needs one of type 'split_data'" in done.output
