"""Models in other formats than scikit-learn's: what they predict, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
import yaml
from onnx import TensorProto, helper

from relay.models.formats.interface import as_numbers
from relay.models.loading import load_model, require_servable
from relay.models.saving import describe_model, save_onnx
from relay.util.errors import RelayError
from tests.made_formats import X, booster, network, numbers, price_network

SIZES = ["large", "middle", "small"]
WEIGHTS, BIAS = [[0.1, 0.0, -0.1], [0, 0, 0]], [-6.5, 1.0, 6.5]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "model"


def change(folder: Path, **entries: Any) -> None:
    """Change entries of the flavors in the file MLmodel, as `flavor__key=value`."""
    path = folder / "MLmodel"
    content = yaml.safe_load(path.read_text())
    for name, value in entries.items():
        flavor, _, key = name.partition("__")
        content["flavors"].setdefault(flavor, {})[key] = value
    path.write_text(yaml.safe_dump(content))


def test_a_network_in_onnx_predicts_numbers(folder: Path) -> None:
    model = load_model(price_network(folder), "it")
    assert (model.task, model.classes, list(model.columns)) == ("regression", [], X)
    assert model.score(numbers(seed=1), "price").metrics["mae"] == pytest.approx(1, abs=0.01)
    require_servable(folder, "it")


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_boosting_in_its_own_format_predicts_numbers(folder: Path, library: str) -> None:
    model = load_model(booster(folder, library), "it")
    assert model.score(numbers(seed=1), "price").metrics["r2"] > 0.9


def test_a_network_with_a_softmax_predicts_classes(folder: Path) -> None:
    x = numbers()[X]
    save_onnx(network(WEIGHTS, BIAS, "Softmax"), x, folder, task="classification", classes=SIZES)
    model = load_model(folder, "it")
    predictions = model.predict(pd.DataFrame({"rooms": [1, 1, 1], "area": [100.0, 65, 30]}))
    assert predictions.values.tolist() == SIZES
    assert predictions.probabilities is not None
    assert predictions.probabilities.sum(axis=1) == pytest.approx(1)


def test_one_output_is_the_probability_of_the_second_of_two_classes(folder: Path) -> None:
    model = network([[1.0], [0.0]], [-60.0], "Sigmoid")
    save_onnx(model, numbers()[X], folder, task="classification", classes=[False, True])
    predictions = load_model(folder, "it").predict(numbers()[X])
    assert predictions.values.dtype == bool
    assert (predictions.values == (numbers()["area"] > 60)).all()


def test_a_network_may_take_each_column_by_its_name(folder: Path) -> None:
    save_onnx(
        network([[10.0]], [0.0], input="area"), numbers()[["area"]], folder, task="regression"
    )
    expected = numbers()["area"] * 10
    np.testing.assert_allclose(load_model(folder, "it").predict(numbers()).values, expected, 1e-6)


def test_an_input_for_a_column_may_take_texts(folder: Path) -> None:
    node = helper.make_node(
        "LabelEncoder", ["quarter"], ["price"], domain="ai.onnx.ml",
        keys_strings=["centre", "north"], values_floats=[50.0, 0.0], default_float=-1.0,
    )  # fmt: skip
    graph = helper.make_graph(
        [node],
        "quarters",
        [helper.make_tensor_value_info("quarter", TensorProto.STRING, [None, 1])],
        [helper.make_tensor_value_info("price", TensorProto.FLOAT, [None, 1])],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    save_onnx(model, pd.DataFrame({"quarter": ["north"]}), folder, task="regression")
    table = pd.DataFrame({"quarter": ["centre", "north", None]})
    assert load_model(folder, "it").predict(table).values.tolist() == [50, 0, -1]


@pytest.mark.parametrize(
    ("model", "classes", "message"),
    [
        (network(WEIGHTS, BIAS), SIZES, "are not probabilities of its classes.*softmax"),
        (network(WEIGHTS, BIAS, "Softmax"), SIZES[:2], r"\(5, 3\) for 5 rows, and 2 numbers"),
        (
            network([[1.0]], [0.0]),
            [],
            r"^The model cannot predict this table: (?s:.*)Got: 2 Expected: 1",
        ),
    ],
)
def test_a_network_that_does_not_suit_the_task_is_not_saved(
    folder: Path, model: Any, classes: list[str], message: str
) -> None:
    task: Any = "classification" if classes else "regression"
    with pytest.raises(RelayError, match=message):
        save_onnx(model, numbers()[X], folder, task=task, classes=classes)


def test_texts_are_an_error_and_booleans_are_numbers() -> None:
    table = pd.DataFrame({"a": [1, 2], "b": [True, None]})
    assert as_numbers(table).tolist()[0] == [1.0, 1.0]
    assert np.isnan(as_numbers(table)[1, 1])
    with pytest.raises(RelayError, match="numbers only, which column b does not have"):
        as_numbers(pd.DataFrame({"a": [1.0], "b": ["x"]}))


UNSAFE: dict[str, tuple[dict[str, Any], str]] = {
    "code": ({"onnx__code": "code"}, "its file MLmodel has onnx.code: code"),
    "file": ({"onnx__data": "../model.onnx"}, r"onnx.data: \.\./model.onnx"),
    "loader": ({"python_function__loader_module": "os"}, "python_function.loader_module: os"),
    "served file": ({"python_function__data": "other"}, "python_function.data: other"),
    "options": ({"onnx__onnx_session_options": {"a": 1}}, "onnx.onnx_session_options"),
    "another flavor": ({"python_function_2__a": 1}, "the flavor python_function_2"),
}


@pytest.mark.parametrize("kind", UNSAFE)
def test_a_description_that_leads_to_other_code_or_files_is_refused(
    folder: Path, kind: str
) -> None:
    entries, message = UNSAFE[kind]
    change(price_network(folder), **entries)
    with pytest.raises(RelayError, match=f"^it is not loaded: .*{message}"):
        load_model(folder, "it")


def test_a_class_that_loading_would_make_must_be_one_of_the_library(folder: Path) -> None:
    change(booster(folder, "xgboost"), xgboost__model_class="os.system")
    with pytest.raises(RelayError, match=r"xgboost\.model_class: os\.system"):
        load_model(folder, "it")


def test_numbers_in_other_files_are_refused(folder: Path) -> None:
    path = price_network(folder) / "model.onnx"
    model = onnx.load(str(path))
    tensor = model.graph.initializer[0]
    onnx.external_data_helper.set_external_data(tensor, "../../secret")
    tensor.ClearField("raw_data")
    path.write_bytes(model.SerializeToString())
    with pytest.raises(RelayError, match=r"model\.onnx refers to numbers in other files"):
        load_model(folder, "it")


@pytest.mark.parametrize(
    ("flavor", "advice"),
    [
        ("pytorch", r"Export it to ONNX .*torch\.onnx\.export"),
        ("statsmodels", "Save it in one of these: scikit-learn"),
    ],
)
def test_a_pickle_is_refused_with_the_way_to_a_safe_format(
    folder: Path, flavor: str, advice: str
) -> None:
    folder.mkdir()
    content = {"flavors": {flavor: {"data": "x"}, "python_function": {"loader_module": "os"}}}
    (folder / "MLmodel").write_text(yaml.safe_dump(content))
    with pytest.raises(RelayError, match=rf"^it is not loaded: it is {flavor}, .*{advice}"):
        load_model(folder, "it")


def test_a_model_without_its_task_is_an_error_that_names_the_metadata(folder: Path) -> None:
    path = price_network(folder) / "MLmodel"
    path.write_text(path.read_text().replace("task: regression", "task: other"))
    with pytest.raises(RelayError, match=r"not record its task: .*metadata \{task: regression\}"):
        load_model(folder, "it")


def test_an_environment_without_the_library_is_an_error_with_one_that_has_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    price_network(folder)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(RelayError, match=r"does not have onnxruntime.*`environment: NAME`.*onnx"):
        load_model(folder, "it")


def test_a_file_that_is_not_in_its_format_is_an_error(folder: Path) -> None:
    (booster(folder, "xgboost") / "model.ubj").write_bytes(b"nothing")
    with pytest.raises(RelayError, match=r"^it cannot be loaded: XGBoostError"):
        load_model(folder, "it")


def test_the_metadata_have_what_evaluate_and_predict_need() -> None:
    described = describe_model("mine", numbers(), "price", X, {"read_as": {"area": "float"}})
    assert (described["task"], described["train_rows"]) == ("regression", 60)
    assert set(described["train_target"]) == {"mean", "median"}
    assert described["read_as"] == {"area": "float"}
    shares = describe_model("mine", numbers(), "size", X, {})["train_target"]["shares"]
    assert list(shares) == SIZES
    assert sum(shares.values()) == pytest.approx(1)
