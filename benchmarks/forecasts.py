"""The scores of the forecasting models with several seeds, beside the seasonal naive forecast.

    PYTHONPATH=src PYTHON -m benchmarks.forecasts FILE TARGET TIME [--season 365] [--seeds 5]

PYTHON is that of an environment with the packages of environments/keras_jax. The split, the
training and the forecasts are those of the pipeline: its components' own functions are called.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from relay.forecasts.rolling_origin import make_windows
from relay.forecasts.settings import METHODS, ForecastSpec
from relay.forecasts.time_axis import infer_frequency
from tests.loading import ROOT, load

METRICS = ("mase", "smape", "rmse")


@contextlib.contextmanager
def untimed(name: str) -> Iterator[None]:
    """Do nothing: phases are not recorded here."""
    yield


def spec_of(method: str) -> ForecastSpec:
    """Return the settings in config/model/<method>.yaml."""
    content = yaml.safe_load((ROOT / "config" / "model" / f"{method}.yaml").read_text())
    known = {key: value for key, value in content.items() if key not in ("defaults", "environment")}
    return ForecastSpec.model_validate(known)


def main() -> None:
    """Print a line for each model and seed, and the mean over the seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("target")
    parser.add_argument("time")
    parser.add_argument("--season", type=int)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--gaps", default="error")
    parser.add_argument("--methods", nargs="+", default=METHODS)
    given = parser.parse_args()
    table = pd.read_csv(given.file, parse_dates=[given.time])
    regular = load("time_axis", "regularity").make_regular(
        table, target=given.target, time=given.time, series=None, gaps=given.gaps,
        duplicates="error", frequency=infer_frequency(table[given.time]), season=given.season,
    )  # fmt: skip
    layout = regular.layout
    # A season is the horizon of the pipeline, too, unless it is that long.
    horizon = layout.season if given.season is None else 7
    parts = load("forecast_split", "time_split").split_by_time(regular.table, layout, horizon, 0.2)
    history = layout.read(parts.train)
    windows = make_windows(layout, horizon, history, layout.read(parts.test))
    evaluate = load("forecast_evaluate").evaluate
    training = load("forecast_train", "training")
    print(f"{given.file.name}: season {layout.season}, {parts.windows} windows of {horizon}")
    for method in given.methods:
        scores: list[dict[str, float]] = []
        for seed in range(given.seeds if method != "ets" else 1):
            began = time.monotonic()
            trained: Any = training.train(
                list(history.values()), layout, horizon, spec_of(method),
                coverage=0.8, seed=seed, phase=untimed, log_row=lambda row: None,
            )  # fmt: skip
            evaluation = evaluate(trained.forecaster, windows)
            scores.append({**evaluation.metrics, "epochs": float(trained.epochs or 0)})
            seconds = time.monotonic() - began
            shown = ", ".join(f"{name} {scores[-1][name]:.4g}" for name in (*METRICS, "covered"))
            print(
                f"{method} seed {seed}: {shown}, {trained.epochs} epochs, {seconds:.1f} s",
                flush=True,
            )
        naive = ", ".join(f"{name} {scores[0][f'baseline_{name}']:.4g}" for name in METRICS)
        means = ", ".join(
            f"{name} {statistics.mean(values):.4g} ({min(values):.4g} to {max(values):.4g})"
            for name in METRICS
            for values in [[score[name] for score in scores]]
        )
        print(f"{method}: {means}; seasonal naive: {naive}", flush=True)


if __name__ == "__main__":
    main()
