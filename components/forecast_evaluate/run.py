"""Evaluate forecasts from a rolling origin, beside the seasonal naive forecast."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from params import Params
from plots import draw_forecasts, draw_steps

from relay import GateFailed, RelayError, StepRun, main
from relay.forecasts.files import KIND, load_forecaster
from relay.forecasts.forecaster import Forecaster
from relay.forecasts.frequencies import in_words
from relay.forecasts.methods.naive import seasonal_naive
from relay.forecasts.rolling import Windows, read_windows
from relay.forecasts.series import Floats
from relay.models.baselines import (
    BaselineComparison,
    compare_by,
    describe_comparison,
    missed_thresholds,
)
from relay.models.predictions import ScoredPredictions, write_predictions
from relay.tables.io import read_artifact

log = logging.getLogger("relay")

COMPARED_BY = ("mase", "rmse")
"""The metrics that are compared with the baseline."""


@dataclass(frozen=True)
class Evaluation:
    """The forecasts of a test set, those of the baseline, and the band of the model's."""

    scored: ScoredPredictions
    naive: ScoredPredictions
    baseline: str
    comparisons: Mapping[str, BaselineComparison]
    half: Floats

    @property
    def covered(self) -> float:
        """Return the share of values within the band."""
        actual, predicted, _ = self.scored.forecasts
        return float((np.abs(actual - predicted) <= self.half).mean())

    @property
    def metrics(self) -> dict[str, float]:
        """Return the numbers of this run, the main ones first, each with that of the baseline."""
        both: dict[str, float] = {}
        for name, value in self.scored.metrics.items():
            both |= {name: value}
            if name in self.naive.metrics:
                both[f"baseline_{name}"] = self.naive.metrics[name]
        return {**both, "covered": self.covered}


def evaluate(forecaster: Forecaster, windows: Windows) -> Evaluation:
    """Forecast each window of the test set by the model and by the baseline."""
    season = windows.layout.season
    scored = forecaster.score(windows)
    predicted = windows.predict(lambda known, steps: seasonal_naive(known, steps, season))
    naive = windows.score(predicted)
    name = f"seasonal naive, {in_words(windows.layout.axis.frequency, season)} before"
    made = {metric: compare_by(metric, scored, {name: naive}) for metric in COMPARED_BY}
    comparisons = {metric: one for metric, one in made.items() if one is not None}
    half = np.nan_to_num(windows.scales) * forecaster.band[windows.steps]
    return Evaluation(scored, naive, name, comparisons, half)


def report(evaluation: Evaluation, coverage: float) -> None:
    """Log how good the forecasts are; a model that is not better than the baseline is a warning."""
    shown = (f"{name} {value:.4g}" for name, value in evaluation.scored.metrics.items())
    log.info("%d values: %s", len(evaluation.scored), ", ".join(shown))
    for comparison in evaluation.comparisons.values():
        is_clear = comparison.is_beaten and comparison.interval is not None
        log.log(
            logging.INFO if is_clear else logging.WARNING,
            "The model is %s", describe_comparison(comparison, len(evaluation.scored)),
        )  # fmt: skip
    log.info(
        "%.0f %% of the values are in the %.0f %% band", 100 * evaluation.covered, 100 * coverage
    )


def draw(
    evaluation: Evaluation, windows: Windows, times: pd.DatetimeIndex, coverage: float, folder: Path
) -> dict[str, Path]:
    """Draw the pictures into `folder`, and return {name: PNG}."""
    actual, predicted, _ = evaluation.scored.forecasts
    naive = np.abs(actual - evaluation.naive.forecasts[1])
    figures = {
        "forecast": draw_forecasts(windows, times, predicted, evaluation.half, coverage),
        "error_by_step": draw_steps(windows.steps, np.abs(actual - predicted), naive),
    }
    paths = {name: folder / f"{name}.png" for name in figures}
    for name, path in paths.items():
        figures[name].savefig(path, format="png")
    return paths


def describe(evaluation: Evaluation) -> dict[str, Any]:
    """Return the part of metrics.json about the model beside the baseline."""
    main_comparison = evaluation.comparisons.get("mase")
    return {
        "metrics": evaluation.scored.metrics,
        "covered": evaluation.covered,
        "baselines": {evaluation.baseline: evaluation.naive.metrics},
        "beats_baseline": main_comparison and main_comparison.is_beaten,
        "against_baseline": {
            name: {
                **comparison.as_json(),
                "in_words": describe_comparison(comparison, len(evaluation.scored)),
            }
            for name, comparison in evaluation.comparisons.items()
        },
    }


def step(run: StepRun[Params]) -> None:
    """Evaluate forecasts on a test set; its thresholds are a gate."""
    params = run.params
    model_input = run.input("model", type="model")
    test_input = run.input("test", type="split_data")
    with run.phase("reading"):
        forecaster = load_forecaster(model_input.path, str(model_input.version))
        windows = read_windows(test_input.path, test_input.metadata)
        test = read_artifact(test_input)
    trained_on = model_input.metadata.get("target", params.target)
    if trained_on != params.target:
        raise RelayError(
            f"data.target: {model_input.version} forecasts '{trained_on}', not '{params.target}'. "
            "Train it again: steps=train+"
        )
    log.info("%s on %s", model_input.version, test_input.version)
    with run.phase("scoring"):
        evaluation = evaluate(forecaster, windows)
    report(evaluation, forecaster.coverage)

    folder = run.workspace / "evaluation"
    folder.mkdir()
    write_predictions(evaluation.scored, folder)
    missed = missed_thresholds(evaluation.scored.metrics, params.thresholds)
    content = {
        "task": KIND,
        "model": str(model_input.version),
        "model_digest": model_input.version.digest,
        "test": str(test_input.version),
        "test_digest": test_input.version.digest,
        "target": params.target,
        "rows": len(test),
        "horizon": windows.horizon,
        **describe(evaluation),
        "thresholds": params.thresholds,
        "passed": not missed,
        "violations": missed,
    }
    (folder / "metrics.json").write_text(json.dumps(content, indent=2), encoding="utf-8")
    times = pd.DatetimeIndex(test[windows.layout.time])
    with run.phase("pictures"):
        pictures = draw(evaluation, windows, times, forecaster.coverage, folder)
    for name, picture in pictures.items():
        run.log_image(name, picture)
    run.log_metrics(evaluation.metrics)
    run.output(
        "evaluation",
        folder,
        type="evaluation",
        description=f"How {model_input.version} does on {test_input.version}.",
        metadata={
            key: content[key]
            for key in ("task", "target", "rows", "metrics", "beats_baseline", "passed")
        },
    )
    if missed:
        raise GateFailed("; ".join(missed))


if __name__ == "__main__":
    sys.exit(main(Params, step))
