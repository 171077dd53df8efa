"""The plain libraries with their defaults, on the rows that Relay's models were measured on.

The difference is what Relay adds to a library, or costs: the same train and test set, the columns
as the clean table has them, texts as pandas' categories, and no other option of the library.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from relay.models.metrics import score
from relay.tables.io import TABLE_FILE, is_categorical, read_parquet
from relay.tracking import TrackingSettings, open_backend
from relay.util.errors import RelayError

LIBRARIES = ("hist_gradient_boosting", "xgboost", "lightgbm")
"""The models of Relay that are compared with their libraries."""
MOST_CATEGORIES = 255
"""The most categories that scikit-learn's boosting takes; for more, codes are numbers."""
SEED = 42


def measure(name: str, target: str, library: str, root: Path) -> dict[str, Any]:
    """Measure `library` on the training and test set of data set `name` in the store at `root`.

    Raises RelayError if these are not in the store, or do not have the target.
    """
    train, test = (_table(f"{name}_{part}:latest", root) for part in ("train", "test"))
    if target not in train.columns:
        raise RelayError(f"{name}: the training set has no column '{target}'. Name another.")
    started = time.perf_counter()
    metrics = fit_and_score(train, test, target, library)
    return {"seconds": time.perf_counter() - started, "cv": {}, "test": metrics, "rows": {}}


def fit_and_score(
    train: pd.DataFrame, test: pd.DataFrame, target: str, library: str
) -> Mapping[str, float]:
    """Fit `library` on `train` and score it on `test`."""
    both = pd.concat([train, test], ignore_index=True)
    x = pd.DataFrame({name: _as_it_takes(both[name], library) for name in both if name != target})
    seen, new = x.iloc[: len(train)], x.iloc[len(train) :]
    if not is_categorical(train[target]):
        model = _estimator(library, "Regressor").fit(seen, train[target].astype(float))
        return score("regression", test[target], model.predict(new))
    labels = train[target].astype(str)
    codes, classes = pd.factorize(labels, sort=True)
    model = _estimator(library, "Classifier").fit(seen, codes)
    probabilities = np.asarray(model.predict_proba(new))
    predicted = np.asarray(classes)[probabilities.argmax(axis=1)]
    actual = test[target].astype(str)
    return score("classification", actual, predicted, probabilities, list(classes))


def _table(reference: str, root: Path) -> pd.DataFrame:
    backend = open_backend(TrackingSettings(backend="local"), root)
    version = backend.find(reference)
    if version is None:
        raise RelayError(f"{reference}: not in the store. Measure a model of Relay first.")
    with tempfile.TemporaryDirectory() as folder:
        backend.download(version, Path(folder))
        return read_parquet(Path(folder) / TABLE_FILE)


def _as_it_takes(values: pd.Series, library: str) -> pd.Series:
    types = pd.api.types
    if types.is_datetime64_any_dtype(values):
        times = pd.to_datetime(values, utc=True)
        return (times - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
    if types.is_bool_dtype(values) or not is_categorical(values):
        return values.astype(float)
    categories = values.astype("category")
    if library == "hist_gradient_boosting" and len(categories.cat.categories) > MOST_CATEGORIES:
        return categories.cat.codes.astype(float)
    return categories


def _estimator(library: str, kind: str) -> Any:
    if library == "lightgbm":
        import lightgbm  # noqa: PLC0415

        return getattr(lightgbm, f"LGBM{kind}")(random_state=SEED, verbose=-1)
    if library == "xgboost":
        import xgboost  # noqa: PLC0415

        return getattr(xgboost, f"XGB{kind}")(random_state=SEED, enable_categorical=True)
    import sklearn.ensemble  # noqa: PLC0415

    return getattr(sklearn.ensemble, f"HistGradientBoosting{kind}")(random_state=SEED)
