"""Train a model, and estimate by cross-validation how good it is."""

from __future__ import annotations

import logging
import sys
from typing import Any

from params import Params
from sklearn_pipeline import save
from training_set import Examples, prepare, require_passed, target_summary
from validation import Trained, train

from relay import StepRun, main
from relay.models.estimators import ModelSpec
from relay.tables.io import read_artifact
from relay.util.names import list_columns

log = logging.getLogger("relay")


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
        "features": dict(examples.features.used),
        "set_aside": dict(examples.features.aside),
        "cv": cv,
        "train_rows": len(examples),
        "train_target": target_summary(examples),
    }


def step(run: StepRun[Params]) -> None:
    """Train a model on a training set; with a report, only if its data check has passed."""
    params = run.params
    source = run.input("train", type="split_data")
    if params.report_artifact:
        report = run.input("report", type="data_report")
        require_passed(report.version, source.version, params.target)
    table = read_artifact(source)
    examples = prepare(
        table,
        params.target,
        params.text,
        group_column=params.group_column,
        time_column=params.time_column,
    )
    log.info(
        "%s of %s with %s: %d rows, %d columns",
        examples.task, params.target, params.model.name, len(examples), examples.x.shape[1],
    )  # fmt: skip
    reasons: dict[str, list[str]] = {}
    for name, reason in examples.features.aside.items():
        reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        log.info("set aside, %s: %s", list_columns(names), reason)
    trained = train(examples, params.model, folds=params.folds, seed=params.seed)
    run.log_metrics(trained.metrics)

    folder = save(trained.pipeline, examples.x, run.workspace / "model", params.trusted_types)
    run.output(
        "model",
        folder,
        type="model",
        description=f"{params.model.name}, {examples.task} of {params.target}.",
        metadata={
            **describe(examples, trained, params.model, params.target),
            # predict reads the dates of other files by it
            "read_as": source.metadata.get("read_as") or {},
        },
    )


if __name__ == "__main__":
    sys.exit(main(Params, step))
