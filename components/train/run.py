"""Trains a model on a train set and estimates by cross-validation how good it is."""

from __future__ import annotations

import logging
import sys
from typing import Any

from data import Data, prepare, target_summary
from gate import require_passed
from params import Params
from saving import save
from training import Trained, train

from relay import StepRun, main
from relay.models.estimators import ModelSpec
from relay.tables.io import read_artifact
from relay.util.names import columns_said

log = logging.getLogger("relay")


def describe(data: Data, trained: Trained, spec: ModelSpec, target: str) -> dict[str, Any]:
    """What the model artifact says of itself."""
    cv = {name: value for name, value in trained.metrics.items() if name.startswith("cv_")}
    return {
        "task": data.task,
        "target": target,
        "model": spec.name,
        "model_class": spec.class_path(data.task),
        "model_params": spec.params_for(data.task),
        "target_transform": spec.target_transform,
        "class_weight": spec.class_weight,
        "rounds": trained.rounds,
        "features": dict(data.features.used),
        "set_aside": dict(data.features.aside),
        "cv": cv,
        "train_rows": len(data.x),
        "train_target": target_summary(data),
    }


def step(run: StepRun[Params]) -> None:
    """Train a model on a train set; with a report only where that says that the data is good."""
    params = run.params
    source = run.input("train", type="split_data")
    if params.report_artifact:
        report = run.input("report", type="data_report")
        require_passed(report.version, source.version, params.target)
    table = read_artifact(source)
    data = prepare(
        table,
        params.target,
        params.text,
        group_column=params.group_column,
        time_column=params.time_column,
    )
    log.info(
        "%s of %s with %s: %d rows, %d columns",
        data.task, params.target, params.model.name, len(data.x), data.x.shape[1],
    )  # fmt: skip
    reasons: dict[str, list[str]] = {}
    for name, reason in data.features.aside.items():
        reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        log.info("set aside, %s: %s", columns_said(names), reason)
    trained = train(data, params.model, folds=params.folds, seed=params.seed)
    run.log_metrics(trained.metrics)

    folder = save(trained.pipeline, data.x, run.workspace / "model", params.trusted_types)
    run.output(
        "model",
        folder,
        type="model",
        description=f"{params.model.name}, {data.task} of {params.target}.",
        metadata={
            **describe(data, trained, params.model, params.target),
            # predict reads the dates of other files by it
            "read_as": source.metadata.get("read_as") or {},
        },
    )


if __name__ == "__main__":
    sys.exit(main(Params, step))
