"""What is measured on rows held out: how many rounds to boost, and how good a model is."""

from __future__ import annotations

import logging
import math
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from fold_numbers import Fold, KeptFolds, transform_fold
from progress_hooks import NO_HOOKS, Phase, ProgressHooks, no_phase
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn_pipeline import (
    encode_targets,
    estimator_in,
    fit_error,
    fit_model,
    fit_options,
    make_pipeline,
)
from training_set import Examples, explain_no_folds, hold_outs, make_folds

from relay.models.estimators import ModelSpec
from relay.models.libraries import library_of
from relay.models.libraries.interface import FitInputs, no_progress
from relay.models.metric_names import PRIMARY
from relay.models.metrics import score

log = logging.getLogger("relay")

FEWEST_HELD_OUT = 20
SCORE = "cv_score"
"""The metric by which models of any task are compared: higher is better."""


@dataclass(frozen=True)
class Trained:
    """A fitted pipeline, and what was measured while making it."""

    pipeline: Pipeline
    metrics: dict[str, float]
    rounds: int | None
    """Rounds or epochs of a model that stops early; None of any other."""
    losses: list[dict[str, float]] = field(default_factory=list)
    """The losses after each epoch of the fit that chose their number, if the library reports."""


def train(
    examples: Examples,
    spec: ModelSpec,
    *,
    folds: int,
    seed: int,
    hooks: ProgressHooks = NO_HOOKS,
) -> Trained:
    """Cross-validate a model, then fit it on all rows; the losses are those of the last fits.

    Metrics: those of `score_folds` over all folds (none with fewer than 2 folds), fit_seconds of
    the last fit, n_features_in (columns) and n_features_out (numbers that the estimator sees).
    Raises ConfigError or RelayError if the model cannot be fitted.
    """
    pipeline = make_pipeline(spec, examples, seed)
    metrics = cross_validate(pipeline, spec, examples, folds=folds, seed=seed, phase=hooks.phase)
    losses: list[dict[str, float]] = []

    def keep(row: Mapping[str, float]) -> None:
        losses.append(dict(row))
        hooks.progress(row)

    started = time.perf_counter()
    fit_best(pipeline, spec, examples, seed, replace(hooks, progress=keep))
    seconds = time.perf_counter() - started
    width = len(pipeline.named_steps["features"].get_feature_names_out())
    log.info("fitted on %d rows, %d numbers each (%.1f s)", len(examples), width, seconds)
    metrics |= {
        "fit_seconds": seconds,
        "n_features_in": examples.x.shape[1],
        "n_features_out": width,
    }
    numbers = {name: float(value) for name, value in metrics.items()}
    return Trained(pipeline, numbers, rounds_of(pipeline, spec), losses)


def cross_validate(
    pipeline: Pipeline,
    spec: ModelSpec,
    examples: Examples,
    *,
    folds: int,
    seed: int,
    phase: Phase = no_phase,
) -> dict[str, float]:
    """Return the metrics of copies fitted in each fold; empty with fewer than two folds."""
    reason = explain_no_folds(examples, folds)
    if reason:
        log.warning("No cross-validation: %s.", reason)
    elif folds < 2:
        log.info("no cross-validation (train.folds=%d)", folds)
    so_far = list(score_folds(pipeline, spec, examples, folds=folds, seed=seed, phase=phase))
    return so_far[-1] if so_far else {}


def score_folds(
    pipeline: Pipeline,
    spec: ModelSpec,
    examples: Examples,
    *,
    folds: int,
    seed: int,
    kept: KeptFolds | None = None,
    phase: Phase = no_phase,
) -> Iterator[dict[str, float]]:
    """Fit a copy of `pipeline` in each fold, and yield the metrics of the folds so far.

    They are cv_<metric>_mean and cv_<metric>_std (population) of the held-out rows, and cv_score
    and cv_score_std, those of the task's primary metric, by which models of any task are compared.
    `kept` has what earlier calls for the same examples have transformed.
    """
    values: dict[str, list[float]] = defaultdict(list)
    parts = list(make_folds(examples, folds, seed))
    main = PRIMARY[examples.task]
    skipped = 0
    for number, (rows, held_out) in enumerate(parts, start=1):
        started = time.perf_counter()
        training = examples.at(rows)
        if examples.task == "classification" and len(np.unique(training.y)) < 2:
            skipped += 1
            continue
        fold, hooks = Fold(number, len(parts), seed), ProgressHooks(phase=phase)
        metrics = _score_fold(pipeline, spec, training, examples.at(held_out), fold, kept, hooks)
        for name, value in metrics.items():
            values[name].append(value)
        shown = f"{main}={metrics[main]:.4f}" if main in metrics else f"{main} is undefined"
        seconds = time.perf_counter() - started
        log.info("fold %d/%d %s (%.1f s)", number, len(parts), shown, seconds)
        yield _summary(values, main)
    if skipped:
        log.warning(
            "train.folds: %d of the %d folds are left out of the cross-validation, because their "
            "training rows have one class only. Set fewer folds, or group by another column.",
            skipped, len(parts),
        )  # fmt: skip


def fit_best(
    pipeline: Pipeline,
    spec: ModelSpec,
    examples: Examples,
    seed: int,
    hooks: ProgressHooks = NO_HOOKS,
) -> Pipeline:
    """Fit `pipeline` on `examples`, and return it.

    With `early_stopping`, the number of rounds is chosen on held-out rows first, and the model is
    then fitted on all rows. Raises RelayError if the library cannot fit these rows.
    """
    with _explained(pipeline):
        if spec.early_stopping is not None:
            _choose_rounds(pipeline, spec, examples, seed, hooks)
        with hooks.phase("features"):
            numbers = pipeline.named_steps["features"].fit_transform(examples.x, examples.y)
        with hooks.phase("fit"):
            return fit_model(pipeline, spec, examples, numbers)


def _score_fold(
    pipeline: Pipeline,
    spec: ModelSpec,
    training: Examples,
    held_out: Examples,
    fold: Fold,
    kept: KeptFolds | None,
    hooks: ProgressHooks,
) -> dict[str, float]:
    """Return the metrics on `held_out` of a copy that is fitted as `fit_best` does."""
    fitted = clone(pipeline)
    with _explained(fitted):
        if spec.early_stopping is not None:
            _choose_rounds(fitted, spec, training, fold.seed, hooks)
        features = fitted.named_steps["features"]
        with hooks.phase("features"):
            if kept is None:
                numbers = transform_fold(features, training, held_out)
            else:
                numbers = kept.transform(features, training, held_out, fold=fold)
        fitted.set_params(features=numbers.preprocessor)
        with hooks.phase("fit"):
            fit_model(fitted, spec, training, numbers.training)
    with hooks.phase("scoring"):
        return _score(fitted.named_steps["model"], held_out, numbers.held_out)


@contextmanager
def _explained(pipeline: Pipeline) -> Iterator[None]:
    """Raise RelayError instead of the error of a library that cannot fit these rows."""
    try:
        yield
    except Exception as error:
        message = fit_error(pipeline, error)
        if message is None:
            raise
        raise message from error


def rounds_of(pipeline: Pipeline, spec: ModelSpec) -> int | None:
    """Return the boosting rounds of a model that stops early; None for any other."""
    if spec.early_stopping is None:
        return None
    estimator = estimator_in(pipeline)
    return int(estimator.get_params(deep=False)[library_of(estimator).rounds_parameter])


def _choose_rounds(
    pipeline: Pipeline,
    spec: ModelSpec,
    examples: Examples,
    seed: int,
    hooks: ProgressHooks = NO_HOOKS,
) -> None:
    """Set the number of rounds to that after which held-out rows are predicted best.

    It is the mean over the held-out parts: the best round of a single small part is chance.
    """
    estimator = estimator_in(pipeline)
    library = library_of(estimator)
    best_rounds: list[int] = []
    rows = 0
    parts = hold_outs(examples, seed)[: library.most_parts]
    for training_rows, held_out_rows in parts:
        training, held_out = examples.at(training_rows), examples.at(held_out_rows)
        if examples.task == "classification":  # a class that is not trained on cannot be scored
            held_out = held_out.at(np.isin(held_out.y, training.y))
        if len(held_out) and len(np.unique(training.y)) > 1:
            shown = replace(hooks, progress=no_progress) if best_rounds else hooks  # one is enough
            best_rounds.append(_best_round(pipeline, spec, training, held_out, shown))
            rows += len(held_out)
    if rows < FEWEST_HELD_OUT:
        log.info("too few rows to stop early")
        return
    rounds = math.ceil(np.mean(best_rounds))
    estimator.set_params(**{library.rounds_parameter: rounds})
    log.info("%d rounds, chosen on %d held-out rows", rounds, rows)


def _best_round(
    pipeline: Pipeline,
    spec: ModelSpec,
    training: Examples,
    held_out: Examples,
    hooks: ProgressHooks,
) -> int:
    """Return the round after which a copy fitted on `training` predicts `held_out` best."""
    preprocessor = clone(pipeline.named_steps["features"])
    with hooks.phase("features"):
        x = preprocessor.fit_transform(training.x, training.y)
        held_out_x = preprocessor.transform(held_out.x)
    estimator = clone(estimator_in(pipeline))
    y, held_out_y = encode_targets(training.y, held_out.y, spec, training.task)
    with hooks.phase("fit"):
        return library_of(estimator).best_round(
            estimator,
            int(spec.early_stopping or 0),
            FitInputs(x, y, fit_options(estimator, spec, preprocessor, training)),
            FitInputs(held_out_x, held_out_y),
            hooks.progress,
        )


def _summary(values: Mapping[str, list[float]], main: str) -> dict[str, float]:
    """Return mean and deviation of each metric, those of the metric `main` first."""
    summary = {}
    for name in sorted(values, key=lambda name: name != main):
        summary[f"cv_{name}_mean"] = float(np.mean(values[name]))
        summary[f"cv_{name}_std"] = float(np.std(values[name]))
    if main not in values:
        return summary
    score = {SCORE: summary[f"cv_{main}_mean"], f"{SCORE}_std": summary[f"cv_{main}_std"]}
    return summary | score


def _score(model: Any, examples: Examples, numbers: Any) -> dict[str, float]:
    predicted = model.predict(numbers)
    if examples.task == "classification" and hasattr(model, "predict_proba"):
        probabilities = model.predict_proba(numbers)
        return score(examples.task, examples.y, predicted, probabilities, list(model.classes_))
    return score(examples.task, examples.y, predicted)
