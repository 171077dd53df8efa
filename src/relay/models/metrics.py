"""Metrics of predictions, computed one way in training, evaluation and registration.

A new metric is computed here, named in `metric_names.py`, and resampled in `bootstrap.py`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import metrics

from relay.models.metric_names import TableTask


def score(
    task: TableTask,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    y_proba: ArrayLike | None = None,
    classes: Sequence[Any] = (),
) -> dict[str, float]:
    """Return the metrics of the predictions `y_pred` of `y_true`, without undefined ones.

    Regression (n values each): r2, mae, mse, rmse, mape (a ratio, not per cent; undefined if an
    actual value is 0), log_mae (mae of the logarithms; undefined if a value is not above 0).
    Classification (n labels each, compared as texts): accuracy, balanced_accuracy, f1 (macro mean
    over the classes that occur); with `y_proba` (n rows, a column for each of `classes`) also
    log_loss, brier (the mean squared error of the probabilities) and roc_auc (of the second class;
    for more than two, the macro mean of one against the rest). These are undefined if `y_true` has
    a class that is not in `classes`, roc_auc also if it lacks a class. Formulas are scikit-learn's.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of classes that are absent, which are handled here
        if task == "regression":
            values = _regression(np.asarray(y_true, dtype=float), np.asarray(y_pred, dtype=float))
        else:
            values = _classification(_labels(y_true), _labels(y_pred), y_proba, _labels(classes))
    return {name: float(value) for name, value in values.items() if math.isfinite(value)}


def score_forecasts(
    actual: NDArray[np.float64], predicted: NDArray[np.float64], scales: NDArray[np.float64]
) -> dict[str, float]:
    """Return mase, smape, mae and rmse of forecasts, without undefined ones.

    mase is the mean absolute error in units of `scales`, for each value the mean absolute error
    of the seasonal naive forecast, one step ahead in the training part of its series (Hyndman and
    Koehler 2006); values of a constant series, whose scale is not finite, do not count. smape is in
    per cent, from 0 to 200: 200 |a - p| / (|a| + |p|), and 0 for two zeros.
    """
    if not len(actual) or not np.isfinite(predicted).all():
        return {}
    errors = np.abs(actual - predicted)
    scaled = scaled_errors(actual, predicted, scales)
    values = {
        "mase": float(scaled[np.isfinite(scaled)].mean()) if np.isfinite(scaled).any() else None,
        "smape": float(symmetric_errors(actual, predicted).mean()),
        "mae": float(errors.mean()),
        "rmse": math.sqrt(float((errors**2).mean())),
    }
    return {name: value for name, value in values.items() if value is not None}


def scaled_errors(
    actual: NDArray[np.float64], predicted: NDArray[np.float64], scales: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the absolute errors in units of `scales`; NaN if a scale is 0 or not finite."""
    is_defined = np.isfinite(scales) & (scales > 0)
    errors = np.full(len(actual), np.nan)
    errors[is_defined] = np.abs(actual - predicted)[is_defined] / scales[is_defined]
    return errors


def symmetric_errors(
    actual: NDArray[np.float64], predicted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the terms of smape, in per cent."""
    sizes = np.abs(actual) + np.abs(predicted)
    terms = np.zeros(len(sizes))
    np.divide(200 * np.abs(actual - predicted), sizes, out=terms, where=sizes > 0)
    return terms


def _regression(y_true: NDArray[np.float64], y_pred: NDArray[np.float64]) -> dict[str, float]:
    if not len(y_true) or not np.isfinite(y_pred).all():
        return {}
    mse = metrics.mean_squared_error(y_true, y_pred)
    values = {
        "r2": metrics.r2_score(y_true, y_pred, force_finite=False),
        "mae": metrics.mean_absolute_error(y_true, y_pred),
        "mse": mse,
        "rmse": math.sqrt(mse),
    }
    if (y_true != 0).all():
        values["mape"] = metrics.mean_absolute_percentage_error(y_true, y_pred)
    if (y_true > 0).all() and (y_pred > 0).all():
        values["log_mae"] = metrics.mean_absolute_error(np.log(y_true), np.log(y_pred))
    return values


def _classification(
    y_true: NDArray[np.str_],
    y_pred: NDArray[np.str_],
    y_proba: ArrayLike | None,
    classes: NDArray[np.str_],
) -> dict[str, float]:
    if not len(y_true):
        return {}
    values = {
        "accuracy": metrics.accuracy_score(y_true, y_pred),
        "balanced_accuracy": metrics.balanced_accuracy_score(y_true, y_pred),
        "f1": metrics.f1_score(y_true, y_pred, average="macro", zero_division=0.0),
    }
    if y_proba is None:
        return values
    order = np.argsort(classes)
    labels, proba = classes[order], np.asarray(y_proba, dtype=float)[:, order]
    seen = set(y_true)
    if len(labels) < 2 or not seen <= set(labels) or not np.isfinite(proba).all():
        return values
    values["log_loss"] = metrics.log_loss(y_true, proba, labels=labels)
    values["brier"] = metrics.brier_score_loss(y_true, proba, labels=labels)
    if len(seen) == len(labels) == 2:
        positive = str(classes[1])
        values["roc_auc"] = metrics.roc_auc_score(
            y_true == positive, proba[:, list(labels).index(positive)]
        )
    elif len(seen) == len(labels):
        values["roc_auc"] = metrics.roc_auc_score(
            y_true, proba, labels=labels, multi_class="ovr", average="macro"
        )
    return values


def _labels(values: ArrayLike) -> NDArray[np.str_]:
    """Return class labels as texts: a file, a model and a table can have different types."""
    return np.asarray(values, dtype=object).astype(str)
