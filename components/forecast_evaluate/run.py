"""Evaluate forecasts from a rolling origin, beside the seasonal naive forecast."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from params import Params
from plots import draw_forecasts, draw_steps

from relay import RelayError, StepRun, main
from relay.forecasts.files import load_forecaster
from relay.forecasts.forecaster import Forecaster
from relay.forecasts.frequencies import in_words
from relay.forecasts.methods.naive import seasonal_naive
from relay.forecasts.rolling_origin import Windows, read_windows
from relay.forecasts.series import Floats
from relay.models.baselines import BaselineComparison, compare_by, describe_comparison
from relay.models.evaluation_artifact import store_evaluation
from relay.models.predictions import ScoredPredictions
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
    evaluation: Evaluation, windows: Windows, times: pd.DatetimeIndex, coverage: float
) -> dict[str, Figure]:
    """Return {name: picture}."""
    actual, predicted, _ = evaluation.scored.forecasts
    naive = np.abs(actual - evaluation.naive.forecasts[1])
    return {
        "forecast": draw_forecasts(windows, times, predicted, evaluation.half, coverage),
        "error_by_step": draw_steps(windows.steps, np.abs(actual - predicted), naive),
    }


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

    run.log_metrics(evaluation.metrics)
    times = pd.DatetimeIndex(test[windows.layout.time])
    with run.phase("pictures"):
        store_evaluation(
            run,
            model_input,
            test_input,
            evaluation.scored,
            target=params.target,
            facts={"rows": len(test), "horizon": windows.horizon, **describe(evaluation)},
            figures=draw(evaluation, windows, times, forecaster.coverage),
            thresholds=params.thresholds,
        )


if __name__ == "__main__":
    sys.exit(main(Params, step))
