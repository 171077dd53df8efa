"""The training of a forecaster: once with the last values held out, then with all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from relay import RelayError
from relay.forecasts.forecaster import Forecaster
from relay.forecasts.methods import Fitted, method_named
from relay.forecasts.series import Floats, Layout, Series
from relay.forecasts.settings import ForecastSpec
from relay.forecasts.training_windows import Frame
from relay.models.predictions import ScoredPredictions

HELD_OUT = 0.2
"""The share of the training set's time that the band and the number of epochs are found on."""
MOST_ORIGINS = 100
"""More origins take longer and change the band little."""

Phase = Callable[[str], AbstractContextManager[None]]
Row = Callable[[Mapping[str, float]], None]


@dataclass(frozen=True)
class Held:
    """Forecasts of values that were held out: (origins x horizon), and the scale of each origin."""

    actual: Floats
    predicted: Floats
    scales: Floats

    def score(self) -> dict[str, float]:
        """Return the metrics over all origins and steps."""
        scales = np.repeat(self.scales, self.actual.shape[1])
        flat = (self.actual.ravel(), self.predicted.ravel())
        return ScoredPredictions("forecast", *flat, scales=scales).metrics

    def band(self, coverage: float) -> Floats:
        """Return the half width for each step, in scales: the quantile of the absolute errors.

        A later step is not narrower than an earlier one.
        """
        is_defined = np.isfinite(self.scales)
        if not is_defined.any():
            return np.zeros(self.actual.shape[1])
        errors = np.abs(self.actual - self.predicted)[is_defined] / self.scales[is_defined, None]
        return np.maximum.accumulate(np.quantile(errors, coverage, axis=0, method="higher"))


@dataclass
class Trained:
    """A trained forecaster, its metrics on held-out values, and the losses after each epoch."""

    forecaster: Forecaster
    frame: Frame
    metrics: dict[str, float]
    epochs: int | None = None
    losses: list[dict[str, float]] = field(default_factory=list)


def train(
    series: Sequence[Series], layout: Layout, horizon: int, spec: ForecastSpec, *,
    coverage: float, seed: int, phase: Phase, log_row: Row,
) -> Trained:  # fmt: skip
    """Fit the method of `spec`, and find its band on the last part of the training set.

    The band and the metrics are those of a fit without that part; the method is then fitted to
    all. Raises RelayError if the series are too short, ConfigError if a parameter is wrong.
    """
    method = method_named(spec.method)
    method.check(spec.params)  # before the run, its library was perhaps not installed
    frame = Frame.of(
        series, window=spec.window, horizon=horizon, season=layout.season, log=spec.log
    )
    settings: dict[str, Any] = {
        "params": spec.params,
        "window": frame.window,
        "horizon": horizon,
        "season": layout.season,
        "log": frame.log,
        "seed": seed,
        "backend": spec.backend,
    }
    losses: list[dict[str, float]] = []

    def progress(numbers: Mapping[str, float], epochs: int) -> None:
        losses.append({name: float(value) for name, value in numbers.items()})
        log_row(losses[-1])

    early, later = hold_out(series, horizon)
    with phase("fit"):
        fitted = method.fit(early, settings, later, progress)
    with phase("scoring"):
        held = forecast_held_out(fitted, early, later, horizon, layout.season)
    epochs = getattr(fitted, "epochs", None)
    with phase("fit"):
        fitted = method.fit(series, {**settings, "epochs": epochs}, None, lambda numbers, of: None)
    forecaster = Forecaster(spec.method, fitted, layout, horizon, held.band(coverage), coverage)
    metrics = {f"cv_{name}": value for name, value in held.score().items()}
    if "cv_mase" in metrics:
        metrics["cv_score"] = -metrics["cv_mase"]  # higher is better
    return Trained(forecaster, frame, metrics, epochs, losses)


def hold_out(series: Sequence[Series], horizon: int) -> tuple[list[Series], list[Series]]:
    """Return the series without their last part, and those of them with it.

    Raises RelayError if none is longer than the horizon.
    """
    first, end = min(one.start for one in series), max(one.end for one in series)
    cut = end - max(horizon, round(HELD_OUT * (end - first)))
    pairs = [(one.until(cut), one) for one in series]
    chosen = [(early, one) for early, one in pairs if len(early) and one.end - early.end >= horizon]
    if not chosen:
        raise RelayError(
            "the training set is too short to hold out its last part. Set a smaller horizon, or "
            "split.test_size."
        )
    return [early for early, _ in chosen], [one for _, one in chosen]


def forecast_held_out(
    fitted: Fitted, early: Sequence[Series], later: Sequence[Series], horizon: int, season: int
) -> Held:
    """Return forecasts of the held-out parts, from origins one step apart, at most 100 in all."""
    origins = [
        (series, origin)
        for before, series in zip(early, later, strict=True)
        for origin in range(before.end, series.end - horizon + 1)
    ]
    chosen = np.unique(np.linspace(0, len(origins) - 1, MOST_ORIGINS).round().astype(int))
    scales = {before.name: before.scale(season) for before in early}
    picked = [origins[place] for place in chosen]
    actual = [series.values[origin - series.start :][:horizon] for series, origin in picked]
    predicted = fitted.forecast([series.until(origin) for series, origin in picked], horizon)
    return Held(
        np.array(actual), predicted, np.array([scales[series.name] for series, _ in picked])
    )
