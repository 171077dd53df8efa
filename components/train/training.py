"""Estimating by cross-validation how good a model is, and fitting it on all rows."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from data import Data
from fitting import fit, make_pipeline, rounds_of
from folds import folds as folds_of
from folds import no_folds
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from relay.models.estimators import ModelSpec
from relay.models.metric_names import PRIMARY
from relay.models.metrics import score

log = logging.getLogger("relay")


@dataclass(frozen=True)
class Trained:
    """A fitted pipeline, and what was measured while making it."""

    pipeline: Pipeline
    metrics: dict[str, float]
    rounds: int | None
    """Those of a boosted model that stops early; None for any other."""


def train(data: Data, spec: ModelSpec, *, folds: int, seed: int) -> Trained:
    """Cross-validate, then fit on all rows.

    Metrics: cv_<metric>_mean and cv_<metric>_std over the folds (none with fewer than 2 folds),
    fit_seconds of the last fit, n_features_in (columns) and n_features_out (numbers that the
    estimator sees). ConfigError or RelayError where the model cannot be fitted.
    """
    pipeline = make_pipeline(spec, data, seed)
    metrics = cross_validate(pipeline, spec, data, folds=folds, seed=seed)
    started = time.perf_counter()
    fit(pipeline, spec, data, seed)
    seconds = time.perf_counter() - started
    width = len(pipeline.named_steps["features"].get_feature_names_out())
    log.info("fitted on %d rows, %d numbers each (%.1f s)", len(data.x), width, seconds)
    metrics |= {"fit_seconds": seconds, "n_features_in": data.x.shape[1], "n_features_out": width}
    measured = {name: float(value) for name, value in metrics.items()}
    return Trained(pipeline, measured, rounds_of(pipeline, spec))


def cross_validate(
    pipeline: Pipeline, spec: ModelSpec, data: Data, *, folds: int, seed: int
) -> dict[str, float]:
    """cv_<metric>_mean and cv_<metric>_std (population) of `pipeline`, fitted anew in each fold.

    The folds are those of folds.py; with less than two of them there are no metrics.
    """
    found: dict[str, list[float]] = defaultdict(list)
    parts = list(folds_of(data, folds, seed))
    reason = no_folds(data, folds)
    if reason:
        log.warning("No cross-validation: %s.", reason)
    elif not parts:
        log.info("no cross-validation (train.folds=%d)", folds)
    left_out = 0
    for number, (rows, held_out) in enumerate(parts, start=1):
        started = time.perf_counter()
        learnt = data.at(rows)
        if data.task == "classification" and len(np.unique(learnt.y)) < 2:
            left_out += 1
            continue
        fitted = fit(clone(pipeline), spec, learnt, seed)
        metrics = _score(fitted, data.at(held_out))
        for name, value in metrics.items():
            found[name].append(value)
        main = PRIMARY[data.task]
        shown = f"{main}={metrics[main]:.4f}" if main in metrics else f"{main} is undefined"
        seconds = time.perf_counter() - started
        log.info("fold %d/%d %s (%.1f s)", number, len(parts), shown, seconds)
    if left_out:
        log.warning(
            "%d of the %d folds are left out of the cross-validation: what they learn from has "
            "one class only. Fewer folds (train.folds) or other groups may help.",
            left_out, len(parts),
        )  # fmt: skip
    first = PRIMARY[data.task]
    return _summary({name: found[name] for name in sorted(found, key=lambda name: name != first)})


def _summary(found: Mapping[str, list[float]]) -> dict[str, float]:
    summary = {}
    for name, values in found.items():
        summary[f"cv_{name}_mean"] = float(np.mean(values))
        summary[f"cv_{name}_std"] = float(np.std(values))
    return summary


def _score(fitted: Pipeline, data: Data) -> dict[str, float]:
    if data.task == "classification" and hasattr(fitted, "predict_proba"):
        probabilities = fitted.predict_proba(data.x)
        return score(
            data.task, data.y, fitted.predict(data.x), probabilities, list(fitted.classes_)
        )
    return score(data.task, data.y, fitted.predict(data.x))
