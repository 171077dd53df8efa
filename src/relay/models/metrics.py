"""Metrics of predictions, computed one way in training, evaluation and registration."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import metrics

from relay.models.metric_names import Task


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


def _regression(y_true: NDArray[np.float64], y_pred: NDArray[np.float64]) -> dict[str, float]:
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
