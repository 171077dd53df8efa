"""Train a model that forecasts series, and find the band of its forecasts on held-out values."""

from __future__ import annotations

import logging
import sys
from typing import Any

from params import Params
from training import Trained, train

from relay import RelayError, StepRun, main
from relay.forecasts.files import KIND, save_forecaster
from relay.forecasts.frequencies import in_words
from relay.forecasts.rolling_origin import HORIZON, LAYOUT
from relay.forecasts.series import Layout
from relay.pages.learning_curve import draw_losses
from relay.tables.io import read_artifact
from relay.tables.passed_check import require_passed

log = logging.getLogger("relay")


def describe(trained: Trained, params: Params, rows: int) -> dict[str, Any]:
    """Return the metadata of the model artifact."""
    frame, spec = trained.frame, params.model
    cv = {name: value for name, value in trained.metrics.items() if name != "cv_score"}
    return {
        "task": KIND,
        "target": params.target,
        "model": spec.name,
        "model_class": spec.method,
        "model_params": dict(spec.params),
        "features": {params.target: f"the last {frame.window} values and those of a season before"}
        if spec.method != "ets"
        else {params.target: "all values before the forecast"},
        "log": frame.log,
        "horizon": trained.forecaster.horizon,
        "rounds": trained.epochs,
        "cv": {f"{name}_mean": value for name, value in cv.items()},
        "train_rows": rows,
        "repeatable": _repeatable(spec.method),
    }


def _repeatable(method: str) -> str:
    if method == "lstm":
        return (
            "The same seed gives the same net on the same machine and versions; on another "
            "processor, or with another number of threads, the last digits can differ."
        )
    return "The same seed gives the same model on any machine with these versions."


def step(run: StepRun[Params]) -> None:
    """Train a model on a training set; with a report, only if its data check has passed."""
    params = run.params
    source = run.input("train", type="split_data")
    if params.report_artifact:
        report = run.input("report", type="data_report")
        require_passed(report.version, source.version, params.target)
    if LAYOUT not in source.metadata:
        raise RelayError(
            f"{source.version}: it has no time axis. Split it again: pipeline=forecast steps=split+"
        )
    layout, horizon = Layout.from_json(source.metadata[LAYOUT]), int(source.metadata[HORIZON])
    with run.phase("reading"):
        table = read_artifact(source)
        series = list(layout.read(table).values())
    log.info(
        "%s of %s with %s: %d series, %d values, %s ahead",
        KIND, params.target, params.model.name, len(series), len(table),
        in_words(layout.axis.frequency, horizon),
    )  # fmt: skip
    trained = train(
        series,
        layout,
        horizon,
        params.model,
        coverage=params.coverage,
        seed=params.seed,
        phase=run.phase,
        log_row=run.log_row,
    )
    run.log_metrics(trained.metrics)
    if trained.losses:
        run.log_metrics({"epochs": float(trained.epochs or 0)})
        picture = run.workspace / "learning_curve.png"
        label = "mean absolute error, scaled"
        draw_losses(trained.losses, trained.epochs or 0, label, picture)
        run.log_image("learning_curve", picture)
    run.output(
        "model",
        save_forecaster(trained.forecaster, run.workspace / "model"),
        type="model",
        description=f"{params.model.name}, {KIND} of {params.target}.",
        metadata=describe(trained, params, len(table)),
        environment=params.model.environment,
    )


if __name__ == "__main__":
    sys.exit(main(Params, step))
