"""Exponential smoothing (error, trend, season), by statsmodels: each series has its parameters.

They are a handful of numbers, which are stored as JSON. A forecast smooths the series again with
them, up to its origin, so that a stored model goes on with later values.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from relay.forecasts.methods import Progress
from relay.forecasts.series import Floats, Series
from relay.util.errors import ConfigError, RelayError
from relay.util.names import did_you_mean

TRENDS: Mapping[str, Mapping[str, Any]] = {
    "none": {"trend": None},
    "add": {"trend": "add"},
    "damped": {"trend": "add", "damped_trend": True},
}
_FEWEST = 10
"""The values that the first level and trend are estimated from."""


def check(params: Mapping[str, Any]) -> None:
    """Check the only parameter, `trend`. Raises ConfigError if there is another, or it is wrong."""
    for name in params:
        if name != "trend":
            hint = did_you_mean(name, ["trend"])
            raise ConfigError(f"model.params.{name}: ets has no such parameter.{hint}")
    trend = params.get("trend", "auto")
    if trend not in ("auto", *TRENDS):
        raise ConfigError(
            f"model.params.trend: must be auto, {', '.join(TRENDS)} (got {trend!r}). auto takes "
            "the one with the smallest AIC for each series."
        )


@dataclass(frozen=True)
class Smoothing:
    """The forms and parameters of each series."""

    season: int
    log: bool
    forms: Mapping[str, Mapping[str, Any]]
    packages = ("statsmodels", "scipy")

    def forecast(self, known: Sequence[Series], horizon: int) -> Floats:
        """Return the values after the end of each of `known`.

        Raises RelayError if one was not in the training set.
        """
        rows = []
        for series in known:
            form = self.forms.get(series.name)
            if form is None:
                raise RelayError(
                    f"series '{series.name}' was not in the training set, and ets knows no "
                    "others. Train it again with this series: steps=train+"
                )
            season = self.season if form["seasonal"] else 1
            if len(series) < max(2 * season, _FEWEST):
                raise RelayError(
                    f"series '{series.name}' has {len(series)} values, and ets needs "
                    f"{max(2 * season, _FEWEST)}, with which it was trained. Give more of the past."
                )
            model = _model(series, self.season, self.log, form)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                values = np.asarray(model.smooth(np.array(form["params"])).forecast(horizon))
            rows.append(np.exp(values) if self.log else values)
        return np.array(rows)

    def save(self, folder: Path) -> Mapping[str, Any]:
        """Return everything: there are no files."""
        return {"season": self.season, "log": self.log, "forms": dict(self.forms)}


def fit(
    series: Sequence[Series], settings: Mapping[str, Any], later: Sequence[Series] | None,
    progress: Progress,
) -> Smoothing:  # fmt: skip
    """Fit each series; with trend=auto, choose its trend by the AIC."""
    trend, season, log = (
        settings["params"].get("trend", "auto"),
        settings["season"],
        settings["log"],
    )
    names = list(TRENDS) if trend == "auto" else [trend]
    return Smoothing(season, log, {one.name: _fit(one, season, log, names) for one in series})


def load(folder: Path, content: Mapping[str, Any]) -> Smoothing:
    """Return what `save` returned."""
    return Smoothing(int(content["season"]), bool(content["log"]), content["forms"])


def _fit(series: Series, season: int, log: bool, trends: Sequence[str]) -> dict[str, Any]:
    """Return the form of a series: its trend, whether it has a season, and the parameters."""
    if len(series) < _FEWEST:
        raise RelayError(
            f"series '{series.name}' has {len(series)} values for training, and ets needs "
            f"{_FEWEST}. Leave it out with data.filters, or choose model=lag_boosting."
        )
    seasonal = season > 1 and len(series) >= 2 * season
    forms: list[tuple[float, dict[str, Any]]] = []
    for trend in trends:
        form = {"trend": trend, "seasonal": seasonal, "params": []}
        model = _model(series, season, log, form)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the optimiser: the AIC decides
            fitted = model.fit(disp=False, maxiter=300)
        aic = float(fitted.aic) if np.isfinite(fitted.aic) else float("inf")
        forms.append((aic, {**form, "params": [float(value) for value in fitted.params]}))
    return min(forms, key=lambda pair: pair[0])[1]


def _model(series: Series, season: int, log: bool, form: Mapping[str, Any]) -> ETSModel:
    values = np.log(np.maximum(series.values, np.finfo(float).tiny)) if log else series.values
    season_of_form = {"seasonal": "add", "seasonal_periods": season} if form["seasonal"] else {}
    return ETSModel(
        values,
        error="add",
        initialization_method="heuristic",  # by the series itself, so that few numbers are stored
        **TRENDS[form["trend"]],
        **season_of_form,
    )
