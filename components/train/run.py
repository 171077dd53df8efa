"""Train a model, and estimate by cross-validation how good it is."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd
from cross_validation import Trained, score_folds, train
from fold_numbers import KeptFolds
from params import Params
from progress_hooks import ProgressHooks
from sklearn_pipeline import make_pipeline, save
from training_set import Examples, prepare, target_summary

from relay import Input, StepRun, main
from relay.models.estimators import ModelSpec
from relay.models.libraries import library_at
from relay.pages.learning_curve import draw_losses
from relay.tables.io import read_artifact, reading_metadata
from relay.tables.passed_check import require_passed
from relay.util.names import list_columns

log = logging.getLogger("relay")

LOSSES = {"regression": "squared error, scaled", "classification": "cross-entropy"}


def describe(examples: Examples, trained: Trained, spec: ModelSpec, target: str) -> dict[str, Any]:
    """Return the metadata of the model artifact."""
    cv = {name: value for name, value in trained.metrics.items() if name.startswith("cv_")}
    return {
        "task": examples.task,
        "target": target,
        "model": spec.name,
        "model_class": spec.class_path(examples.task),
        "model_params": spec.params_for(examples.task),
        "target_transform": spec.target_transform,
        "class_weight": spec.class_weight,
        "rounds": trained.rounds,
        "repeatable": library_at(spec.class_path(examples.task) or "").repeatable,
        "features": dict(examples.features.used),
        "set_aside": dict(examples.features.aside),
        "cv": cv,
        "train_rows": len(examples),
        "train_target": target_summary(examples),
    }


def load(run: StepRun[Params]) -> Input:
    """Return the training set; with a report, only if its data check has passed."""
    source = run.input("train", type="split_data")
    if run.params.report_artifact:
        report = run.input("report", type="data_report")
        require_passed(report.version, source.version, run.params.target)
    return source


def examples_in(table: pd.DataFrame, params: Params) -> Examples:
    """Return the features and the target that `params` choose from `table`."""
    return prepare(
        table,
        params.target,
        params.text,
        group_column=params.group_column,
        time_column=params.time_column,
    )


def step(run: StepRun[Params]) -> None:
    """Train a model on a training set; with a report, only if its data check has passed."""
    params = run.params
    source = load(run)
    with run.phase("reading"):
        table = read_artifact(source)
    with run.phase("features"):
        examples = examples_in(table, params)
    log.info(
        "%s of %s with %s: %d rows, %d columns",
        examples.task, params.target, params.model.name, len(examples), examples.x.shape[1],
    )  # fmt: skip
    reasons: dict[str, list[str]] = {}
    for name, reason in examples.features.aside.items():
        reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        log.info("set aside, %s: %s", list_columns(names), reason)

    def progress(losses: Mapping[str, float]) -> None:
        run.log_row(losses)
        shown = "  ".join(f"{name} {value:.4g}" for name, value in losses.items())
        log.info("epoch %d: %s", len(run.rows), shown)

    hooks = ProgressHooks(progress, run.phase)
    trained = train(examples, params.model, folds=params.folds, seed=params.seed, hooks=hooks)
    run.log_metrics(trained.metrics)
    if trained.losses and trained.rounds:
        run.log_metrics({"epochs": float(trained.rounds)})
        label = LOSSES[examples.task]
        picture = run.workspace / "learning_curve.png"
        run.log_image("learning_curve", draw_losses(trained.losses, trained.rounds, label, picture))

    with run.phase("writing"):
        folder = save(trained.pipeline, examples.x, run.workspace / "model", params.trusted_types)
    run.output(
        "model",
        folder,
        type="model",
        description=f"{params.model.name}, {examples.task} of {params.target}.",
        metadata={
            **describe(examples, trained, params.model, params.target),
            **reading_metadata(source.metadata),
        },
    )


def score(run: StepRun[Params]) -> Callable[[Params], Iterator[dict[str, float]]]:
    """Return the function that cross-validates parameters on the training set, read once."""
    table = read_artifact(load(run))

    kept: dict[tuple[str | None, ...], tuple[Examples, KeptFolds]] = {}

    def score_params(params: Params) -> Iterator[dict[str, float]]:
        columns = (params.target, params.text, params.group_column, params.time_column)
        if columns not in kept:
            kept.clear()  # what is kept for other columns takes memory
            kept[columns] = examples_in(table, params), KeptFolds()
        examples, folds = kept[columns]
        pipeline = make_pipeline(params.model, examples, params.seed)
        yield from score_folds(
            pipeline, params.model, examples, folds=params.folds, seed=params.seed, kept=folds
        )

    return score_params


if __name__ == "__main__":
    sys.exit(main(Params, step, score=score))
