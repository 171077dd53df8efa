"""Small models in other formats than scikit-learn's, saved as a component of a user's would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightgbm
import mlflow
import numpy as np
import onnx
import pandas as pd
import xgboost
from mlflow.models import infer_signature
from onnx import TensorProto, helper

from relay.models.saving import save_onnx
from tests.made_models import flats

X = ["area", "rooms"]


def numbers(rows: int = 60, seed: int = 0) -> pd.DataFrame:
    """Flats without texts: price = 10 * area + 50 * rooms, nearly."""
    table = flats(rows, seed)
    rooms = np.random.default_rng(seed).integers(1, 6, rows)
    price = 10 * table["area"] + 50 * rooms
    return pd.DataFrame(
        {"area": table["area"], "rooms": rooms, "price": price, "size": table["size"]}
    )


def network(weights: Any, bias: Any, last: str | None = None, *, input: str = "x") -> Any:
    """Return the ONNX graph of one layer, with the function `last` after it."""
    weights, bias = np.asarray(weights, np.float32), np.asarray(bias, np.float32)
    names = ["product", "sum", *([last.lower()] if last else [])]
    nodes = [
        helper.make_node("MatMul", [input, "weights"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["sum"]),
        *([helper.make_node(last, ["sum"], [last.lower()])] if last else []),
    ]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info(input, TensorProto.FLOAT, [None, weights.shape[0]])],
        [helper.make_tensor_value_info(names[-1], TensorProto.FLOAT, [None, weights.shape[1]])],
        [
            onnx.numpy_helper.from_array(weights, "weights"),
            onnx.numpy_helper.from_array(bias, "bias"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def price_network(folder: Path) -> Path:
    """Save a network of the price that is nearly right, and return the folder."""
    model = network([[10.0], [50.0]], [1.0])
    return save_onnx(model, numbers()[X], folder, task="regression")


def booster(folder: Path, library: str) -> Path:
    """Save a model of the price in the own format of `library`, and return the folder."""
    table = numbers()
    x, y = table[X].astype(float), table["price"]
    model: Any
    if library == "xgboost":
        model = xgboost.train({}, xgboost.DMatrix(x, y), 30)
    else:
        given = {"verbose": -1, "min_data_in_leaf": 2, "num_threads": 1}
        model = lightgbm.train(given, lightgbm.Dataset(x, y), 60)
    save = getattr(mlflow, library).save_model
    options: dict[str, Any] = {"pip_requirements": [library], "metadata": {"task": "regression"}}
    save(model, str(folder), signature=infer_signature(x, y), **options)
    return folder
