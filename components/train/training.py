"""Fitting a model, and estimating by cross-validation how good it is."""

from __future__ import annotations

import logging
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from features import Features, choose_features, make_preprocessor, model_frame, needs_sparse
from numpy.typing import NDArray
from params import ModelSpec, make_estimator
from sklearn.base import clone
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from relay.errors import RelayError
from relay.metrics import PRIMARY, Task, score
from relay.tables import is_categorical, require_column

log = logging.getLogger("relay")


@dataclass(frozen=True)
class Data:
    """What is learnt from: a row per example in `x`, its target in `y`."""

    task: Task
    x: pd.DataFrame
    y: NDArray[Any]
    features: Features


@dataclass(frozen=True)
class Trained:
    """A fitted pipeline, and what was measured while making it."""

    pipeline: Pipeline
    metrics: dict[str, float]


def prepare(table: pd.DataFrame, target: str, text: str | None) -> Data:
    """The features and the target in `table`; the target's type says what the task is.

    RelayError where the target is not there, is missing in a row, or has a single class, and
    where no column is left to learn from.
    """
    require_column(table, target, "target")
    values = table[target]
    if table.empty:
        raise RelayError("The train set has no rows.")
    if values.isna().any():
        raise RelayError(
            f"target '{target}' is missing in {int(values.isna().sum())} of {len(table)} rows."
        )
    if text == target:
        raise RelayError(f"data.text: '{text}' is the target; name another column, or none.")
    task: Task = "classification" if is_categorical(values) else "regression"
    if task == "classification" and values.nunique() < 2:
        raise RelayError(f"target '{target}' is always '{values.iloc[0]}': there is no choice.")
    table = table.drop(columns=target)
    features = choose_features(table, text)
    return Data(task, model_frame(table, features), _target(values), features)


def target_summary(data: Data) -> dict[str, Any]:
    """What a prediction that looks at no column needs: mean and median, or each class's share."""
    if data.task == "regression":
        return {"mean": float(np.mean(data.y)), "median": float(np.median(data.y))}
    classes, counts = np.unique(data.y, return_counts=True)
    return {
        "shares": {
            str(one): count / len(data.y)
            for one, count in zip(classes, counts.tolist(), strict=True)
        }
    }


def train(data: Data, spec: ModelSpec, *, folds: int, seed: int) -> Trained:
    """Cross-validate, then fit on all rows.

    Metrics: cv_<metric>_mean and cv_<metric>_std over the folds (none with fewer than 2 folds),
    fit_seconds of the last fit, n_features_in (columns) and n_features_out (numbers that the
    estimator sees). ConfigError or RelayError where the model cannot be fitted.
    """
    estimator = make_estimator(spec, data.task, seed)
    takes_sparse = bool(get_tags(estimator).input_tags.sparse)
    sparse = takes_sparse and needs_sparse(data.x, data.features)
    preprocessor = make_preprocessor(data.features, scale=spec.scale, sparse=sparse)
    pipeline = Pipeline([("features", preprocessor), ("model", estimator)])
    with short_warnings():
        metrics = cross_validate(pipeline, data, folds=folds, seed=seed)
        started = time.perf_counter()
        _fit(pipeline, data.x, data.y)
        seconds = time.perf_counter() - started
    width = len(preprocessor_of(pipeline).get_feature_names_out())
    log.info("fitted on %d rows, %d numbers each (%.1f s)", len(data.x), width, seconds)
    metrics |= {"fit_seconds": seconds, "n_features_in": data.x.shape[1], "n_features_out": width}
    return Trained(pipeline, {name: float(value) for name, value in metrics.items()})


def cross_validate(pipeline: Pipeline, data: Data, *, folds: int, seed: int) -> dict[str, float]:
    """cv_<metric>_mean and cv_<metric>_std (population) of `pipeline`, fitted anew in each fold.

    Folds are stratified where every class has a row for each. There are fewer of them where there
    are fewer than two rows a fold, and none, with no metrics, below 2.
    """
    folds = min(folds, len(data.y) // 2)
    if folds < 2:
        log.info("no cross-validation")
        return {}
    found: dict[str, list[float]] = defaultdict(list)
    for number, (rows, held_out) in enumerate(_folds(data, folds, seed), start=1):
        started = time.perf_counter()
        if data.task == "classification" and len(np.unique(data.y[rows])) < 2:
            log.info("fold %d/%d left out: one class only", number, folds)
            continue
        fitted = _fit(clone(pipeline), data.x.iloc[rows], data.y[rows])
        metrics = _score(fitted, data.task, data.x.iloc[held_out], data.y[held_out])
        for name, value in metrics.items():
            found[name].append(value)
        main = PRIMARY[data.task]
        shown = f"{main}={metrics[main]:.4f}" if main in metrics else f"{main} is undefined"
        log.info("fold %d/%d %s (%.1f s)", number, folds, shown, time.perf_counter() - started)
    return _summary(found)


def preprocessor_of(pipeline: Pipeline) -> Any:
    """The ColumnTransformer of a pipeline made here."""
    return pipeline.named_steps["features"]


def _summary(found: Mapping[str, list[float]]) -> dict[str, float]:
    summary = {}
    for name, values in found.items():
        summary[f"cv_{name}_mean"] = float(np.mean(values))
        summary[f"cv_{name}_std"] = float(np.std(values))
    return summary


def _folds(
    data: Data, folds: int, seed: int
) -> Iterator[tuple[NDArray[np.int_], NDArray[np.int_]]]:
    rows = np.arange(len(data.y))
    if data.task == "classification" and np.unique(data.y, return_counts=True)[1].min() >= folds:
        splitter: Any = StratifiedKFold(folds, shuffle=True, random_state=seed)
    else:
        splitter = KFold(folds, shuffle=True, random_state=seed)
    yield from splitter.split(rows, data.y)


def _score(fitted: Pipeline, task: Task, x: pd.DataFrame, y: NDArray[Any]) -> dict[str, float]:
    if task == "classification" and hasattr(fitted, "predict_proba"):
        return score(task, y, fitted.predict(x), fitted.predict_proba(x), list(fitted.classes_))
    return score(task, y, fitted.predict(x))


def _fit(pipeline: Pipeline, x: pd.DataFrame, y: NDArray[Any]) -> Pipeline:
    """`pipeline`, fitted; what scikit-learn has against the data becomes a RelayError."""
    try:
        return pipeline.fit(x, y)
    except (ValueError, TypeError, np.linalg.LinAlgError) as error:
        name = type(pipeline.named_steps["model"]).__name__
        message = " ".join(str(error).split())
        if "empty vocabulary" in message:
            raise RelayError(
                "data.text: the text column has no words to learn from; data.text=null "
                "takes it as a category."
            ) from error
        raise RelayError(f"{name} cannot be fitted to this data: {message}") from error


def _target(values: pd.Series) -> NDArray[Any]:
    """Booleans, floats, or labels as texts."""
    if pd.api.types.is_bool_dtype(values):
        return values.to_numpy(dtype=bool)
    if is_categorical(values):
        return values.astype(object).to_numpy().astype(str)
    if pd.api.types.is_datetime64_any_dtype(values):
        raise RelayError(
            f"target '{values.name}' is a date, which cannot be predicted as it is: make it a "
            "number in the file, or read it as another type with data.dtypes."
        )
    return values.to_numpy(dtype=np.float64)


@contextmanager
def short_warnings() -> Iterator[None]:
    """Logs what libraries warn of as one line each, at the end, with how often it came.

    Without what they will no longer support some day: that is for those who write code.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        finally:
            lines = Counter(
                _line(warning)
                for warning in caught
                if not issubclass(warning.category, DeprecationWarning)
            )
            for line, count in lines.items():
                log.warning("warning: %s%s", line, f" ({count} times)" if count > 1 else "")


def _line(warning: warnings.WarningMessage) -> str:
    text = str(warning.message).strip().split("\n")[0]
    line = f"{warning.category.__name__}: {' '.join(text.split())}"
    return line if len(line) <= 160 else f"{line[:159]}…"
