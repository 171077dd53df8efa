"""A network without Keras: its parameters, the numbers that it reads, and how it predicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from relay.models import estimators
from relay.models.libraries import library_of
from relay.models.loading import load_model
from relay.models.saving import save_sklearn
from relay.util.errors import ConfigError, RelayError
from relay_nets import MLPClassifier, MLPRegressor

X = np.array([[0.0, 1.0, 5.0], [1.0, 3.0, np.nan], [0.0, np.nan, 7.0], [1.0, 2.0, 6.0]])


def fitted(net: Any, y: Any) -> Any:
    """Return `net` as `fit` would leave it: read columns, and weights of one layer."""
    random = np.random.default_rng(0)
    net._read_columns(X, [0])
    net._read_target(np.asarray(y))
    width = net._width
    net.embeddings_ = [random.normal(size=(3, 2)).astype(np.float32)]
    shapes = [(2, 6, 3), (2, 3, width)]
    net.weights_ = [random.normal(size=shape).astype(np.float32) for shape in shapes]
    net.biases_ = [random.normal(size=(2, shape[2])).astype(np.float32) for shape in shapes]
    return net


def regressor() -> Any:
    return fitted(MLPRegressor(layers=[3], members=2), [1.0, 2.0, 3.0, 4.0])


def test_numbers_are_standardised_and_pulled_in_and_missing_ones_are_marked() -> None:
    codes, numbers = regressor()._inputs(X)
    assert codes.tolist() == [1, 2, 1, 2]
    assert numbers.shape == (4, 4)  # two numbers, and a mark for each
    assert numbers[1, 1] == 0 and numbers[2, 0] == 0  # the mean
    assert numbers[:, 2:].tolist() == [[0, 0], [0, 1], [1, 0], [0, 0]]
    far = regressor()._inputs(np.array([[0.0, 1e9, 6.0]]))[1]
    assert far[0, 0] == pytest.approx(3)


def test_a_category_that_training_does_not_have_is_code_0() -> None:
    codes = regressor()._inputs(np.array([[np.nan, 1.0, 1.0], [17.0, 1.0, 1.0]]))[0]
    assert codes.tolist() == [0, 0]


def test_a_prediction_is_the_mean_of_the_members_in_units_of_the_target() -> None:
    net = regressor()
    row = np.concatenate([net.embeddings_[0][1], net._inputs(X[:1])[1][0]])
    outputs = []
    for member in range(2):
        hidden = np.maximum(row @ net.weights_[0][member] + net.biases_[0][member], 0)
        outputs.append(hidden @ net.weights_[1][member] + net.biases_[1][member])
    expected = np.mean(outputs) * np.std([1, 2, 3, 4]) + 2.5
    assert net.predict(X[:1])[0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    "y", [["a", "b", "b", "a"], ["a", "b", "c", "a"], [True, False, True, True]]
)
def test_probabilities_are_one_for_each_class_and_add_up_to_1(y: list[Any]) -> None:
    net = fitted(MLPClassifier(layers=[3], members=2), y)
    probabilities = net.predict_proba(X)
    assert probabilities.shape == (4, len(set(y)))
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (net.predict(X) == net.classes_[probabilities.argmax(axis=1)]).all()


def test_many_rows_are_predicted_like_each_by_itself() -> None:
    net = regressor()
    rows = np.tile(X, (3000, 1))
    assert np.allclose(net.predict(rows), np.tile(net.predict(X), 3000))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"layers": [0]}, "'layers' .* a list of whole numbers"),
        ({"layers": "128"}, "'layers'"),
        ({"dropout": 1}, "'dropout' .* from 0 to below 1"),
        ({"members": 0}, "'members'"),
        ({"epochs": 1.5}, "'epochs'"),
        ({"backend": "theano"}, "'backend' .* jax, tensorflow, torch"),
    ],
)
def test_a_wrong_parameter_is_an_error(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MLPRegressor(**params)._validate_params()


def saved(folder: Path) -> tuple[Path, pd.DataFrame, Any]:
    features = FunctionTransformer().fit(X)
    pipeline = Pipeline([("features", features), ("model", regressor())])
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    code = library_of(pipeline.named_steps["model"]).code_files
    return save_sklearn(pipeline, table, folder, code_paths=code), table, pipeline


def test_it_is_stored_without_code_but_relays_own_and_predicts_the_same(tmp_path: Path) -> None:
    folder, table, pipeline = saved(tmp_path / "model")
    assert [path.name for path in (folder / "code").iterdir()] == ["relay_nets.py"]
    loaded = load_model(folder, "it").predict(table).values
    assert (loaded == pipeline.predict(table)).all()
    assert "keras" not in (folder / "requirements.txt").read_text()


def test_a_changed_copy_of_the_module_is_not_loaded(tmp_path: Path) -> None:
    folder, _, _ = saved(tmp_path / "model")
    path = folder / "code" / "relay_nets.py"
    path.write_text(path.read_text() + "\n")
    with pytest.raises(RelayError, match="brings code that is not this version's"):
        load_model(folder, "it")


def test_without_keras_the_error_names_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.models.libraries.nets.find_spec", lambda name: None)
    spec = estimators.ModelSpec.model_validate({"_target_": "relay_nets.MLPRegressor"})
    with pytest.raises(ConfigError, match=r"model\.environment=keras_jax"):
        estimators.make_estimator(spec, "regression")
