"""What a model's settings do: transforms, weights, folds, early stopping, native categories."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from relay.models.libraries.lightgbm import LightGBM
from relay.models.loading import load_model
from relay.util.errors import RelayError
from tests.loading import ROOT
from tests.made_training import (
    RIDGE,
    config,
    cross_validation,
    data,
    sklearn_pipeline,
    spec,
    table,
    training_set,
)


def fitted(given: Any, model: dict[str, Any]) -> Any:
    return cross_validation.train(given, spec(model), folds=0, seed=0).pipeline


@pytest.mark.parametrize("transform", ["log", "log1p", "sqrt"])
def test_a_transformed_target_is_predicted_in_its_own_units(transform: str, tmp_path: Path) -> None:
    skewed = table().drop(columns=["label", "yes"]).assign(price=lambda t: np.exp(t["x"]) + 1)
    given = training_set.prepare(skewed, "price", None)
    model = {**RIDGE, "target_transform": transform}
    trained = cross_validation.train(given, spec(model), folds=3, seed=0)
    plain = cross_validation.train(given, spec(RIDGE), folds=3, seed=0)
    assert trained.metrics["cv_mae_mean"] < plain.metrics["cv_mae_mean"]
    assert np.median(trained.pipeline.predict(given.x)) == pytest.approx(
        np.median(given.y), rel=0.3
    )
    folder = sklearn_pipeline.save(trained.pipeline, given.x, tmp_path / "model")
    predicted = load_model(folder, "it").predict(skewed).values
    np.testing.assert_allclose(predicted, trained.pipeline.predict(given.x))


@pytest.mark.parametrize(
    ("target", "settings", "message"),
    [
        ("price", {"target_transform": "log"}, r"log needs values above 0 \(got -"),
        ("price", {"target_transform": "sqrt"}, "sqrt needs values of at least 0"),
        ("label", {"target_transform": "log"}, "the target has classes"),
        ("price", {"class_weight": "balanced"}, "the target has numbers"),
        ("label", {"class_weight": {"hgh": 2}}, "no class 'hgh'. Did you mean 'high'"),
    ],
)
def test_a_setting_that_does_not_go_with_the_target_is_an_error(
    target: str, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(RelayError, match=message):
        cross_validation.train(
            data(target), spec({**config("linear"), **settings}), folds=0, seed=0
        )


def rare_class() -> Any:
    """One row in ten is rare, and half of these look like the others."""
    random = np.random.default_rng(0)
    rare = random.uniform(size=400) < 0.1
    rows = pd.DataFrame({"x": random.normal(size=400) + rare})
    rows["label"] = pd.Series(np.where(rare, "rare", "usual"), dtype="str")
    return training_set.prepare(rows, "label", None)


@pytest.mark.parametrize("name", ["linear", "random_forest", "xgboost", "lightgbm"])
@pytest.mark.parametrize("weight", ["balanced", {"rare": 9}])
def test_a_class_that_weighs_more_is_predicted_more_often(name: str, weight: Any) -> None:
    given = rare_class()
    few = {**config(name), "early_stopping": None}
    few["params"] = {**few.get("params", {}), **({} if name == "linear" else {"n_estimators": 20})}
    shares = [
        (fitted(given, model).predict(given.x) == "rare").mean()
        for model in (few, {**few, "class_weight": weight})
    ]
    assert shares[1] > shares[0]


@pytest.mark.parametrize("name", ["random_forest", "extra_trees"])
@pytest.mark.parametrize("target", ["price", "label"])
def test_an_ensemble_predicts_the_same_to_the_last_digit_each_time(name: str, target: str) -> None:
    given = data(target, rows=400)
    model = config(name)
    model["params"]["n_jobs"] = 4
    pipeline = fitted(given, model)
    ask = pipeline.predict if target == "price" else pipeline.predict_proba
    first = ask(given.x)
    assert all((ask(given.x) == first).all() for _ in range(10))
    assert pipeline.named_steps["model"].n_jobs is None


def test_so_does_one_of_a_transformed_target() -> None:
    given = training_set.prepare(table().assign(price=lambda t: np.exp(t["x"])), "price", None)
    pipeline = fitted(given, {**config("random_forest"), "target_transform": "log"})
    assert pipeline.named_steps["model"].regressor_.n_jobs is None


@pytest.mark.parametrize("name", ["True", "true"])
def test_a_truth_is_weighed_under_either_of_its_names(name: str) -> None:
    given = data("yes")
    model = {**config("linear"), "class_weight": {name: 50}}
    assert fitted(given, model).predict(given.x).sum() > given.y.sum()


def test_the_rounds_at_which_boosting_stopped_are_known() -> None:
    stopped = cross_validation.train(data(rows=400), spec(config("lightgbm")), folds=0, seed=0)
    assert stopped.rounds is not None
    assert 0 < stopped.rounds < 1000
    assert cross_validation.train(data(), spec(RIDGE), folds=0, seed=0).rounds is None


def with_group() -> pd.DataFrame:
    """Each group has a level of its own, which only the group shows."""
    random = np.random.default_rng(0)
    group = np.repeat(np.arange(30), 6)
    level = random.normal(size=30)[group]
    return pd.DataFrame({"customer": group, "x": level + 0.01 * group, "y": level})


def test_no_group_is_on_both_sides_of_a_fold() -> None:
    given = training_set.prepare(with_group(), "y", None, group_column="customer")
    assert "customer" in given.features.aside
    made = list(training_set.make_folds(given, 5, 0))
    assert len(made) == 5
    for rows, held_out in made:
        assert not set(given.groups[rows]) & set(given.groups[held_out])
        assert len(rows) + len(held_out) == len(given)


def test_folds_of_classes_keep_groups_together_too() -> None:
    rows = with_group().assign(y=lambda t: np.where(t["y"] > 0, "up", "down"))
    given = training_set.prepare(rows, "y", None, group_column="customer")
    for learnt, held_out in training_set.make_folds(given, 5, 0):
        assert not set(given.groups[learnt]) & set(given.groups[held_out])
        assert set(given.y[held_out]) == {"up", "down"}


def test_folds_by_time_learn_from_what_is_older_and_keep_a_moment_together() -> None:
    days = pd.to_datetime("2024-01-01") + pd.to_timedelta(np.arange(90) // 3, unit="D")
    rows = table().drop(columns=["label", "yes"]).assign(day=days).sample(frac=1, random_state=0)
    given = training_set.prepare(rows, "price", None, time_column="day")
    made = list(training_set.make_folds(given, 5, 0))
    assert len(made) == 5
    for learnt, held_out in made:
        assert given.times[learnt].max() < given.times[held_out].min()


def test_more_folds_than_groups_or_moments_are_as_many_as_there_can_be() -> None:
    few = with_group().head(18)
    given = training_set.prepare(few, "y", None, group_column="customer")
    assert len(list(training_set.make_folds(given, 5, 0))) == 3
    given = training_set.prepare(few, "y", None, time_column="customer")
    assert len(list(training_set.make_folds(given, 5, 0))) == 2
    given = training_set.prepare(
        few.assign(x=range(18)).head(6), "y", None, group_column="customer"
    )
    assert list(training_set.make_folds(given, 5, 0)) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"group_column": "customers"}, r"train\.group_column: .*Did you mean 'customer'"),
        ({"group_column": "part"}, r"train\.group_column: 'part' is missing in 1 of 180 rows"),
        ({"time_column": "name"}, r"train\.time_column: 'name' has texts"),
    ],
)
def test_a_column_that_cannot_make_folds_is_an_error(options: dict[str, str], message: str) -> None:
    rows = with_group().assign(part=[np.nan, *[1.0] * 179], name="a")
    with pytest.raises(RelayError, match=message):
        training_set.prepare(rows, "y", None, **options)


def rounds(name: str, given: Any, patience: int | None) -> int:
    values = config(name)
    limit = "max_iter" if name.startswith("hist") else "n_estimators"
    values["params"] = {**values["params"], limit: 300}
    model = fitted(given, {**values, "early_stopping": patience})
    return int(sklearn_pipeline.estimator_in(model).get_params()[limit])


@pytest.mark.parametrize("name", ["hist_gradient_boosting", "xgboost", "lightgbm"])
@pytest.mark.parametrize("target", ["y", "label"])
def test_boosting_stops_where_held_out_rows_are_predicted_no_better(name: str, target: str) -> None:
    random = np.random.default_rng(0)
    rows = pd.DataFrame({"x": random.normal(size=300)})
    rows["y"] = rows["x"] + random.normal(size=300)
    rows["label"] = np.where(rows["y"] > 0, "up", "down")
    given = training_set.prepare(rows.drop(columns=({"y", "label"} - {target}).pop()), target, None)
    assert rounds(name, given, None) == 300
    assert 1 <= rounds(name, given, 5) < 150


def test_with_too_few_rows_to_hold_out_all_rounds_are_made(caplog: Any) -> None:
    caplog.set_level(logging.INFO, "relay")
    assert rounds("lightgbm", data(rows=16), 5) == 300
    assert "too few rows to stop early" in caplog.messages


@pytest.mark.parametrize(
    ("rows", "parts", "held_out"), [(90, 5, 18), (4000, 3, 800), (10_000, 1, 1000)]
)
def test_of_few_rows_all_are_held_out_once_and_of_many_a_tenth(
    rows: int, parts: int, held_out: int
) -> None:
    made = training_set.hold_outs(data(rows=rows), 0)
    assert [len(rows) for _, rows in made] == [held_out] * parts
    assert len(np.unique(np.concatenate([rows for _, rows in made]))) == parts * held_out


def test_the_rounds_of_few_rows_are_the_mean_of_those_of_the_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    best = iter([10, 20, 30, 40, 51])
    monkeypatch.setattr(LightGBM, "best_round", lambda *_: next(best))
    given, model = data(rows=100), spec(config("lightgbm"))
    pipeline = sklearn_pipeline.make_pipeline(model, given, 0)
    assert (
        cross_validation.rounds_of(cross_validation.fit_best(pipeline, model, given, 0), model)
        == 31
    )


def test_rows_of_one_group_are_held_out_at_random() -> None:
    given = training_set.prepare(
        with_group().assign(customer=1), "y", None, group_column="customer"
    )
    assert len(training_set.hold_outs(given, 0)) == 5


def test_with_times_the_newest_tenth_is_held_out() -> None:
    given = training_set.prepare(with_group(), "y", None, time_column="customer")
    ((learnt, held_out),) = training_set.hold_outs(given, 0)
    assert given.times[learnt].max() < given.times[held_out].min()


def countries(seed: int = 0) -> pd.DataFrame:
    """Many categories with few rows each, which say most of the target: a country, and a year."""
    random = np.random.default_rng(seed)
    level = random.normal(60, 12, 120)
    country = np.repeat(np.arange(120), 9)
    year = np.tile(np.arange(1950, 1995, 5), 120)
    life = level[country] + 0.2 * (year - 1950) + random.normal(0, 1, len(country))
    names = pd.Series(np.char.add("land ", country.astype(str)), dtype="str")
    return pd.DataFrame({"country": names, "year": year, "life": life})


@pytest.mark.parametrize("name", ["hist_gradient_boosting", "xgboost", "lightgbm"])
def test_boosting_learns_from_categories_with_few_rows_each(name: str) -> None:
    rows = countries().sample(frac=1, random_state=0)
    given = training_set.prepare(rows.head(860), "life", None)
    predicted = fitted(given, config(name)).predict(rows.iloc[860:])
    rest = rows["life"].iloc[860:]
    assert 1 - np.mean((rest - predicted) ** 2) / np.var(rest) > 0.9


@pytest.mark.parametrize("name", ["xgboost", "lightgbm"])
def test_native_categories_are_declared_and_unknown_ones_are_predicted(
    name: str, tmp_path: Path
) -> None:
    rows = table(300).drop(columns=["label", "yes"])
    rows.loc[::5, "x"] = None
    given = training_set.prepare(rows, "price", None)
    pipeline = fitted(given, config(name))
    estimator = sklearn_pipeline.estimator_in(pipeline)
    if name == "xgboost":
        assert estimator.feature_types == ["q", "q", "c"]
    else:
        assert estimator.booster_.params["categorical_column"] == [2]
    folder = sklearn_pipeline.save(pipeline, given.x, tmp_path / "model")
    new = rows.head(3).assign(group=pd.Series(["red", "blue", None]), x=[0.0, np.nan, 1.0])
    assert np.isfinite(load_model(folder, "it").predict(new).values).all()
    needed = (folder / "requirements.txt").read_text()
    assert name in needed
    assert "lightgbm" not in needed.replace(name, "") and "xgboost" not in needed.replace(name, "")


def test_what_lightgbm_has_against_the_data_is_one_line() -> None:
    model = {**config("lightgbm"), "early_stopping": None, "params": {"num_leaves": 1}}
    with pytest.raises(RelayError, match="LGBMRegressor cannot be fitted to this data: "):
        fitted(data(), model)


@pytest.mark.parametrize("name", ["random_forest"])
def test_no_library_is_imported_that_the_model_does_not_need(name: str) -> None:
    code = (
        "import sys, numpy, pandas; sys.path[:0] = ['src', 'components/train']\n"
        "import yaml, training_set, cross_validation\n"
        "from relay.models.estimators import ModelSpec\n"
        f"values = yaml.safe_load(open('config/model/{name}.yaml')); values.pop('defaults')\n"
        "rows = pandas.DataFrame({'x': range(50), 'y': range(50)})\n"
        "given = training_set.prepare(rows, 'y', None)\n"
        "cross_validation.train(given, ModelSpec.model_validate(values), folds=2, seed=0)\n"
        "print([one for one in ('xgboost', 'lightgbm', 'matplotlib') if one in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
