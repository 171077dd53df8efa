"""Small models, saved in the form in which `train` saves them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def flats(rows: int = 60, seed: int = 0) -> pd.DataFrame:
    """Flats: price = 10 * area + 50 in the centre, nearly."""
    random = np.random.default_rng(seed)
    area = random.uniform(20, 120, rows).round(1)
    quarter = random.choice(["centre", "north"], rows)
    price = 10 * area + 50 * (quarter == "centre") + random.normal(0, 5, rows)
    size = np.where(area > 80, "large", np.where(area > 50, "middle", "small"))
    return pd.DataFrame({"area": area, "quarter": quarter, "price": price, "size": size})


def features(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that the models below take."""
    return table[["area", "quarter"]]


def _fitted(estimator: Any, target: str, table: pd.DataFrame) -> Any:
    prepare = make_column_transformer(
        (StandardScaler(), ["area"]), (OneHotEncoder(handle_unknown="ignore"), ["quarter"])
    )
    return make_pipeline(prepare, estimator).fit(features(table), table[target])


def price_model(table: pd.DataFrame | None = None) -> Any:
    """Return a good model of the price."""
    return _fitted(LinearRegression(), "price", flats() if table is None else table)


def poor_price_model(constant: float | None = None) -> Any:
    """Return a model that predicts the mean price, or `constant`, for each flat."""
    strategy = "mean" if constant is None else "constant"
    return _fitted(DummyRegressor(strategy=strategy, constant=constant), "price", flats())


def size_model() -> Any:
    """Return a model of the size: large, middle, small."""
    return _fitted(LogisticRegression(max_iter=1000), "size", flats())


def save(pipeline: Any, folder: Path, like: pd.DataFrame, **options: Any) -> Path:
    """Save `pipeline`, which takes tables like `like`, and return the folder."""
    mlflow.sklearn.save_model(
        pipeline,
        str(folder),
        signature=infer_signature(like, pipeline.predict(like)),
        input_example=like.head(3),
        pip_requirements=["scikit-learn"],
        **options,
    )
    return folder
