"""Metrics of predictions, computed one way in training, evaluation and registration."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relay.errors import ConfigError
from relay.names import did_you_mean

Task = Literal["regression", "classification"]

HIGHER_IS_BETTER: Mapping[str, bool] = MappingProxyType(
    {
        "r2": True,
        "mae": False,
        "mse": False,
        "rmse": False,
        "mape": False,
        "log_mae": False,
        "accuracy": True,
        "balanced_accuracy": True,
        "f1": True,
        "roc_auc": True,
        "log_loss": False,
        "brier": False,
    }
)
"""Every metric's name, and whether more of it is better."""

PRIMARY: Mapping[Task, str] = MappingProxyType({"regression": "r2", "classification": "f1"})
"""The metric that models of a task are compared on where nothing else is said."""


def score(
    task: Task,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    y_proba: ArrayLike | None = None,
    classes: Sequence[Any] = (),
) -> dict[str, float]:
    """The metrics of the predictions `y_pred` of `y_true`; one that is undefined is left out.

    Regression (n values each): r2, mae, mse, rmse, mape (a ratio, not per cent; left out where
    an actual value is 0), log_mae (mae of the logarithms; left out where a value is not above 0).
    Classification (n labels each, compared as texts): accuracy, balanced_accuracy, f1 (macro mean
    over the classes seen); with `y_proba` (n rows, a column for each of `classes`) also log_loss,
    brier (the mean square of what probabilities are off) and roc_auc (of the second class, or with
    more than two the macro mean of one against the rest), each left out where `y_true` lacks a
    class or has one that is not in `classes`. Formulas are scikit-learn's.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # on classes that are absent; they are dealt with here
        if task == "regression":
            found = _regression(np.asarray(y_true, dtype=float), np.asarray(y_pred, dtype=float))
        else:
            found = _classification(_labels(y_true), _labels(y_pred), y_proba, _labels(classes))
    return {name: float(value) for name, value in found.items() if math.isfinite(value)}


def is_better(metric: str, a: float, b: float) -> bool:
    """True where value `a` of `metric` is better than `b`; False where they are equal."""
    if metric not in HIGHER_IS_BETTER:
        raise ConfigError(f"There is no metric '{metric}'.{did_you_mean(metric, HIGHER_IS_BETTER)}")
    return a > b if HIGHER_IS_BETTER[metric] else a < b


def _regression(y_true: NDArray[np.float64], y_pred: NDArray[np.float64]) -> dict[str, float]:
    # Here and below: the names above are read where scikit-learn is not installed.
    from sklearn import metrics  # noqa: PLC0415

    if not len(y_true) or not np.isfinite(y_pred).all():
        return {}
    mse = metrics.mean_squared_error(y_true, y_pred)
    found = {
        "r2": metrics.r2_score(y_true, y_pred, force_finite=False),
        "mae": metrics.mean_absolute_error(y_true, y_pred),
        "mse": mse,
        "rmse": math.sqrt(mse),
    }
    if (y_true != 0).all():
        found["mape"] = metrics.mean_absolute_percentage_error(y_true, y_pred)
    if (y_true > 0).all() and (y_pred > 0).all():
        found["log_mae"] = metrics.mean_absolute_error(np.log(y_true), np.log(y_pred))
    return found


def _classification(
    y_true: NDArray[np.str_],
    y_pred: NDArray[np.str_],
    y_proba: ArrayLike | None,
    classes: NDArray[np.str_],
) -> dict[str, float]:
    from sklearn import metrics  # noqa: PLC0415

    if not len(y_true):
        return {}
    found = {
        "accuracy": metrics.accuracy_score(y_true, y_pred),
        "balanced_accuracy": metrics.balanced_accuracy_score(y_true, y_pred),
        "f1": metrics.f1_score(y_true, y_pred, average="macro", zero_division=0.0),
    }
    if y_proba is None:
        return found
    order = np.argsort(classes)
    known, proba = classes[order], np.asarray(y_proba, dtype=float)[:, order]
    seen = set(y_true)
    if len(known) < 2 or not seen <= set(known) or not np.isfinite(proba).all():
        return found
    found["log_loss"] = metrics.log_loss(y_true, proba, labels=known)
    found["brier"] = metrics.brier_score_loss(y_true, proba, labels=known)
    if len(seen) == len(known) == 2:
        positive = str(classes[1])
        found["roc_auc"] = metrics.roc_auc_score(
            y_true == positive, proba[:, list(known).index(positive)]
        )
    elif len(seen) == len(known):
        found["roc_auc"] = metrics.roc_auc_score(
            y_true, proba, labels=known, multi_class="ovr", average="macro"
        )
    return found


def _labels(values: ArrayLike) -> NDArray[np.str_]:
    """Class labels as texts: a file, a model and a table may hold one label in different types."""
    return np.asarray(values, dtype=object).astype(str)
