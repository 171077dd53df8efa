"""Training: the estimator that the config names, cross-validation, saving."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from relay.models import estimators
from relay.models.libraries import interface
from relay.models.libraries.xgboost import XGBoost
from relay.models.loading import load_model
from relay.step.params import validate
from relay.util.errors import ConfigError, RelayError
from tests.loading import load
from tests.made_training import (
    MODELS,
    RIDGE,
    config,
    cross_validation,
    data,
    params,
    quick,
    sklearn_pipeline,
    spec,
    table,
    training_set,
)


def checked(model: dict[str, Any]) -> None:
    params.check(
        params.Params.model_validate({"train_artifact": "t", "target": "y", "model": model})
    )


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("target", ["price", "label", "yes"])
def test_each_model_of_the_config_suits_both_tasks(
    name: str, target: str, caplog: pytest.LogCaptureFixture
) -> None:
    checked(config(name))
    trained = cross_validation.train(data(target), spec(config(name)), folds=3, seed=0)
    main = "r2" if target == "price" else "f1"
    assert trained.metrics[f"cv_{main}_mean"] > 0.5
    assert "arning" not in caplog.text


@pytest.mark.parametrize(
    ("target", "task"),
    [("price", "regression"), ("label", "classification"), ("yes", "classification")],
)
def test_the_target_decides_the_task(target: str, task: str) -> None:
    assert data(target).task == task


def test_metrics_are_of_the_folds_and_of_the_last_fit() -> None:
    metrics = cross_validation.train(data(), spec(RIDGE), folds=3, seed=0).metrics
    assert set(metrics) == {
        *(f"cv_{name}_mean" for name in ("r2", "mae", "mse", "rmse", "mape")),
        *(f"cv_{name}_std" for name in ("r2", "mae", "mse", "rmse", "mape")),
        "cv_score", "cv_score_std", "fit_seconds", "n_features_in", "n_features_out",
    }  # fmt: skip
    assert metrics["n_features_in"] == 3
    assert metrics["n_features_out"] == 4
    assert metrics["cv_r2_mean"] > 0.99
    assert metrics["cv_score"] == metrics["cv_r2_mean"]


def test_the_score_of_classes_is_that_of_their_primary_metric() -> None:
    metrics = cross_validation.train(data("label"), spec(config("linear")), folds=2, seed=0).metrics
    assert metrics["cv_score"] == metrics["cv_f1_mean"]


def test_the_metrics_of_the_folds_so_far_are_known_after_each() -> None:
    pipeline = sklearn_pipeline.make_pipeline(spec(RIDGE), data(), 0)
    rows = list(cross_validation.score_folds(pipeline, spec(RIDGE), data(), folds=3, seed=0))
    assert len(rows) == 3
    assert rows[0]["cv_r2_std"] == 0
    assert rows[-1] == cross_validation.cross_validate(
        pipeline, spec(RIDGE), data(), folds=3, seed=0
    )


def test_the_seed_alone_decides_the_folds_and_the_model() -> None:
    forest = {**config("random_forest"), "params": {"n_estimators": 5}}

    def cv(seed: int) -> float:
        metrics = cross_validation.train(data(), spec(forest), folds=3, seed=seed).metrics
        return float(metrics["cv_r2_mean"])

    assert cv(1) == cv(1)
    assert cv(1) != cv(2)


def test_a_random_state_of_the_config_comes_before_the_seed() -> None:
    forest = {**config("random_forest"), "params": {"random_state": 7}}
    assert estimators.make_estimator(spec(forest), "regression", 1).random_state == 7
    assert (
        estimators.make_estimator(spec(config("random_forest")), "regression", 1).random_state == 1
    )


def test_each_fold_is_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "relay")
    cross_validation.train(data(), spec(RIDGE), folds=3, seed=0)
    folds = [line for line in caplog.messages if line.startswith("fold")]
    assert [line.split()[1] for line in folds] == ["1/3", "2/3", "3/3"]
    assert "r2=0.99" in folds[0]
    assert folds[0].endswith("s)")


@pytest.mark.parametrize(
    ("folds", "rows", "made"), [(5, 90, 5), (5, 7, 3), (0, 90, 0), (1, 90, 0), (5, 3, 0)]
)
def test_few_rows_have_fewer_folds(
    folds: int, rows: int, made: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "relay")
    metrics = cross_validation.train(data(rows=rows), spec(RIDGE), folds=folds, seed=0).metrics
    assert sum(line.startswith("fold ") for line in caplog.messages) == made
    assert ("cv_mae_mean" in metrics) == (made > 0)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("group_column", "all 90 rows of the training set belong to one group"),
        ("time_column", "the training set has only 1 different times"),
    ],
)
def test_a_cross_validation_that_cannot_be_made_is_a_warning_with_the_setting(
    column: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    rows = table().drop(columns=["label", "yes"]).assign(sex=1)
    given = training_set.prepare(rows, "price", None, **{column: "sex"})
    trained = cross_validation.train(given, spec(RIDGE), folds=5, seed=0)
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert line.startswith(f"No cross-validation: {message}")
    assert f"split.{column}" in line
    assert line.endswith(f"random folds with train.{column}=null.")
    assert not any(name.startswith("cv_") for name in trained.metrics)


def test_a_cross_validation_that_is_switched_off_is_not_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cross_validation.train(data(), spec(RIDGE), folds=0, seed=0)
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


def test_folds_with_one_class_to_learn_from_are_counted_in_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows = table().drop(columns=["price", "yes"]).assign(site=np.arange(90) // 30)
    rows["label"] = np.where(rows["site"] == 0, "low", "high")
    rows.loc[89, "label"] = "high"
    given = training_set.prepare(rows, "label", None, group_column="site")
    cross_validation.train(given, spec(config("linear")), folds=3, seed=0)
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert line.startswith("train.folds: 1 of the 3 folds are left out of the cross-validation, ")


@pytest.mark.parametrize("name", MODELS)
def test_a_class_with_a_single_row_can_be_trained_on(name: str) -> None:
    rare = table().drop(columns=["price", "yes"])
    rare.loc[0, "label"] = "only once"
    prepared = training_set.prepare(rare, "label", None)
    trained = cross_validation.train(prepared, spec(quick(config(name))), folds=3, seed=0)
    assert trained.metrics["cv_accuracy_mean"] > 0.7
    assert list(trained.pipeline.classes_) == ["high", "low", "only once"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"price": None}, "'price' is missing in 90 of 90 rows"),
        ({"price": "same"}, "'price' is always 'same'"),
        ({"price": pd.Timestamp("2024-01-01")}, "'price' is a date"),
        ({"x": 1, "noise": None, "group": "a"}, "no column is left"),
    ],
)
def test_what_cannot_be_learnt_is_an_error(change: dict[str, Any], message: str) -> None:
    changed = table().drop(columns=["label", "yes"]).assign(**change)
    with pytest.raises(RelayError, match=message):
        training_set.prepare(changed, "price", None)


def test_an_empty_training_set_and_a_wrong_target_are_errors() -> None:
    with pytest.raises(RelayError, match="no rows"):
        training_set.prepare(table().head(0), "price", None)
    with pytest.raises(RelayError, match="Did you mean 'price'"):
        training_set.prepare(table(), "prices", None)
    with pytest.raises(RelayError, match="'group' is the target"):
        training_set.prepare(table(), "group", "group")


def test_a_text_column_without_words_is_an_error_that_names_the_setting() -> None:
    texts = table().drop(columns=["label", "yes"]).assign(note=["!", "?"] * 45)
    with pytest.raises(RelayError, match=r"data\.text=null"):
        cross_validation.train(
            training_set.prepare(texts, "price", "note"), spec(RIDGE), folds=0, seed=0
        )


def test_what_an_estimator_has_against_the_data_is_one_line() -> None:
    model = {"_target_": "sklearn.linear_model.GammaRegressor"}
    with pytest.raises(RelayError, match="GammaRegressor cannot be fitted to this data") as error:
        cross_validation.train(data(), spec(model), folds=0, seed=0)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"_target_": "xgboost.dask.DaskXGBRegressor"}, "not an estimator of xgboost"),
        (
            {"_target_": "xgboost.XGBRegresor"},
            "mean 'xgboost.XGBRegressor'",
        ),
        (
            {"_target_": "lightgbm.LGBMClassifier", "params": {"num_leafs": 3}},
            "^model.params.num_leafs: .*Did you mean 'num_leaves'",
        ),
        (
            {"_target_": "xgboost.XGBRegressor", "params": {"max_dept": 3}},
            "^model.params.max_dept: .*Did you mean 'max_depth'",
        ),
        ({"_target_": {"regression": "xgboost.XGBClassifier"}}, "is not a regressor.*XGBRegressor"),
        ({"_target_": "sklearn.svm.SVR", "missing": "native"}, "^model.missing: SVR takes no"),
        (
            {"_target_": "sklearn.svm.SVR", "categories": "ordinal"},
            "^model.categories: SVR takes no",
        ),
        (
            {"_target_": "sklearn.ensemble.HistGradientBoostingRegressor", "categories": "native"},
            "^model.categories: native is not for HistGradientBoostingRegressor",
        ),
        (
            {"_target_": "sklearn.neighbors.KNeighborsClassifier", "class_weight": "balanced"},
            "^model.class_weight: KNeighborsClassifier cannot weigh rows",
        ),
        ({"_target_": "xgboost.XGBRFRegressor", "early_stopping": 5}, "^model.early_stopping: "),
        (
            {"_target_": "os.system"},
            "not a class of lightgbm, relay_nets, sklearn, xgboost .got 'os.system'",
        ),
        (
            {"_target_": "sklearn.__import__('os')"},
            "not a class of lightgbm, relay_nets, sklearn, xgboost",
        ),
        ({"_target_": "sklearnx.svm.SVR"}, "not a class of lightgbm, relay_nets, sklearn, xgboost"),
        ({"_target_": "sklearn.svn.SVR"}, "got 'sklearn.svn.SVR'.*Did you mean 'sklearn.svm.SVR'"),
        ({"_target_": "sklearn.svm.SVRR"}, "got 'sklearn.svm.SVRR'.*mean 'sklearn.svm.SVR'"),
        (
            {"_target_": "sklearn.svm.RandomForestRegressor"},
            "mean 'sklearn.ensemble.RandomForestRegressor'",
        ),
        ({"_target_": "sklearn.ensemble.np"}, "not a class of scikit-learn .got 'sklearn"),
        ({"_target_": "sklearn.decomposition.PCA"}, "neither a regressor nor a classifier"),
        (
            {"_target_": {"regression": "sklearn.svm.SVC"}},
            "SVC is not a regr.*'sklearn.svm.SVR'",
        ),
        ({"_target_": {}}, "there is no class"),
        (
            {"_target_": "sklearn.ensemble.RandomForestRegressor", "params": {"max_dept": 3}},
            "^model.params.max_dept: .*Did you mean 'max_depth'",
        ),
        (
            {"_target_": "sklearn.ensemble.RandomForestRegressor", "params": {"max_depth": -3}},
            "^model.params.max_depth: must be an int in the range .* Got -3",
        ),
        (
            {
                **config("linear"),
                "task_params": {"classification": {"C": "strong"}},
            },
            "^model.task_params.classification.C: must be",
        ),
        ({"_target_": "sklearn.ensemble.VotingRegressor"}, "^model.params.estimators: .* needs"),
    ],
)
def test_a_wrong_model_is_found_before_anything_runs(model: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        checked(model)
    assert "\n" not in str(error.value)


def test_a_model_for_the_other_task_is_an_error() -> None:
    with pytest.raises(ConfigError, match="there is no class for classification"):
        estimators.make_estimator(
            spec({"_target_": {"regression": "sklearn.svm.SVR"}}), "classification"
        )


def test_parameters_of_a_task_are_added_to_those_of_both() -> None:
    made = spec(
        {
            "_target_": "sklearn.svm.SVR",
            "params": {"tol": 0.1},
            "task_params": {"regression": {"C": 2.0}},
        }
    )
    assert made.params_for("regression") == {"C": 2.0, "tol": 0.1}
    assert made.params_for("classification") == {"tol": 0.1}


def test_a_parameter_that_one_of_the_task_would_override_is_an_error() -> None:
    model = config("linear")
    with pytest.raises(ValueError, match=r"Set model.task_params.classification.C=10 instead"):
        spec({**model, "params": {"C": 10}})


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("target", ["price", "label"])
def test_a_saved_model_predicts_what_the_trained_one_does(
    name: str, target: str, tmp_path: Path
) -> None:
    given = data(target)
    trained = cross_validation.train(given, spec(quick(config(name))), folds=0, seed=0)
    folder = sklearn_pipeline.save(trained.pipeline, given.x, tmp_path / "model")
    assert (folder / "MLmodel").is_file()
    predicted = load_model(folder, "it").predict(table()).values
    expected = trained.pipeline.predict(given.x)
    if target == "price":  # the trees of a forest are added up in any order
        np.testing.assert_allclose(predicted, expected)
    else:
        np.testing.assert_array_equal(predicted, expected)


def test_a_model_that_is_read_back_otherwise_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = data()
    good = cross_validation.train(given, spec(RIDGE), folds=0, seed=0).pipeline
    other = cross_validation.train(data(rows=10), spec(RIDGE), folds=0, seed=0).pipeline
    sklearn_pipeline.save(other, given.x, tmp_path / "other")
    monkeypatch.setattr(
        sklearn_pipeline, "load_model", lambda *_: load_model(tmp_path / "other", "it")
    )
    with pytest.raises(RelayError, match="predicts differently"):
        sklearn_pipeline.save(good, given.x, tmp_path / "model")


@pytest.mark.shared
def test_the_default_model_predicts_a_pokemons_total(shared: Path) -> None:
    pokemon = pd.read_csv(shared / "pokemon.csv")
    rows, held_out = load("split", "splitting").split(
        pokemon, "Total", test_size=0.2, stratify=True, time_column=None, seed=42
    )
    given = training_set.prepare(rows, "Total", None)
    assert set(given.features.aside) == {"Name"}
    trained = cross_validation.train(given, spec(config("random_forest")), folds=0, seed=42)
    frame = load("train", "features").model_frame(held_out, given.features)
    assert trained.pipeline.score(frame, held_out["Total"]) > 0.95


@pytest.mark.parametrize("name", ["Review Text", "review_text"])
def test_the_column_of_text_may_be_named_as_in_the_file(name: str) -> None:
    given = {"train_artifact": "a:v0", "target": "y", "model": RIDGE, "text": name}
    assert validate(params.Params, given).text == "review_text"


def test_a_library_that_is_not_here_is_left_to_the_step_that_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(XGBoost, "is_installed", lambda _: False)
    checked({"_target_": "xgboost.XGBRegressor", "params": {"max_dept": 3}})
    with pytest.raises(ConfigError, match="not an estimator of xgboost"):
        checked({"_target_": "xgboost.XGBRegresor"})


def test_a_library_that_does_not_load_is_an_error_with_the_likely_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(name: str) -> Any:
        raise OSError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setattr(interface, "import_module", fail)
    with pytest.raises(ConfigError, match=r"lightgbm cannot be used here: .*libgomp1"):
        estimators.make_estimator(spec(config("lightgbm")), "regression")
