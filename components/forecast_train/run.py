"""Train a model that forecasts series, and find the band of its forecasts on held-out values."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

from matplotlib.ticker import MaxNLocator
from params import Params
from training import Trained, train

from relay import RelayError, StepRun, main
from relay.forecasts.files import KIND, save_forecaster
from relay.forecasts.frequencies import in_words
from relay.forecasts.rolling import HORIZON, LAYOUT
from relay.forecasts.series import Layout
from relay.pages.figures import BLUE, ORANGE, new_figure, style_axes
from relay.tables.io import read_artifact
from relay.tables.passed_check import require_passed

log = logging.getLogger("relay")


def draw_losses(trained: Trained, path: Path) -> Path:
    """Draw the loss after each epoch, and the epoch that was kept."""
    figure = new_figure(4.5)
    axes = figure.subplots()
    epochs = range(1, len(trained.losses) + 1)
    for key, label, color in (("loss", "training", BLUE), ("val_loss", "held out", ORANGE)):
        axes.plot(epochs, [row[key] for row in trained.losses], color=color, label=label)
    axes.axvline(trained.epochs or 0, color="#718096", linestyle="--", label="kept")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss (mean absolute error, scaled)")
    axes.set_title("Learning curve")
    style_axes(axes)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False)
    figure.savefig(path, format="png")
    return path


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
        run.log_image("learning_curve", draw_losses(trained, run.workspace / "learning_curve.png"))
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
