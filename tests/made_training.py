"""Tables to train on, the models of the config, and the modules of `train`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import yaml

from relay.models import estimators
from tests.loading import ROOT, load

cross_validation = load("train", "cross_validation")
sklearn_pipeline = load("train", "sklearn_pipeline")
params = load("train", "params")
training_set = load("train", "training_set")
fold_numbers = load("train", "fold_numbers")

FORECASTERS = {"forecaster", "lag_boosting", "ets", "lstm"}
MODELS = sorted(
    {path.stem for path in (ROOT / "config" / "model").glob("*.yaml")}
    - {"custom", "mlp"}  # Keras is in an environment of its own: tests/e2e/test_deep.py
    - FORECASTERS
)
RIDGE = {"_target_": "sklearn.linear_model.Ridge", "scale": True}


def table(rows: int = 90) -> pd.DataFrame:
    random = np.random.default_rng(0)
    x = random.normal(size=rows)
    group = random.choice(["red", "green"], rows)
    return pd.DataFrame(
        {
            "x": x,
            "noise": random.normal(size=rows),
            "group": pd.Series(group, dtype="str"),
            "price": 10 * x + 5 * (group == "red"),
            "label": pd.Series(np.where(x > 0, "high", "low"), dtype="str"),
            "yes": x > 0,
        }
    )


def data(target: str = "price", rows: int = 90) -> Any:
    others = {"price", "label", "yes"} - {target}
    return training_set.prepare(table(rows).drop(columns=[*others]), target, None)


def spec(values: dict[str, Any]) -> Any:
    return estimators.ModelSpec.model_validate(values)


def config(name: str) -> dict[str, Any]:
    path = ROOT / "config" / "model" / f"{name}.yaml"
    values: dict[str, Any] = yaml.safe_load(path.read_text())
    values.pop("defaults", None)
    return values


def quick(model: dict[str, Any]) -> dict[str, Any]:
    """Return `model` with few trees or rounds, if it has any."""
    names = {
        "hist": "max_iter",
        **dict.fromkeys(("light", "xg", "forest", "extra"), "n_estimators"),
    }
    few = {param: 5 for name, param in names.items() if name in model["name"]}
    return {**model, "params": {**model.get("params", {}), **few}}
