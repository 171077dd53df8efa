"""Gradient boosting on past values, by LightGBM: one model for all series and all steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from relay.forecasts.methods import Progress
from relay.forecasts.series import Floats, Series
from relay.forecasts.training_windows import Examples, Frame, describe, learnable
from relay.util.errors import ConfigError, RelayError
from relay.util.names import did_you_mean

FILE = "lags.txt"
"""The trees, in LightGBM's text format, which holds no code."""
MOST_ROWS = 200_000
_FIXED = ("random_state", "n_jobs", "verbose")


def check(params: Mapping[str, Any]) -> None:
    """Check the parameters of LightGBM's regressor. Raises ConfigError if one is unknown."""
    accepted = set(lightgbm.LGBMRegressor().get_params()) - set(_FIXED)
    for name in params:
        if name not in accepted:
            raise ConfigError(
                f"model.params.{name}: LGBMRegressor has no such parameter, or Relay sets it."
                f"{did_you_mean(name, accepted)}"
            )


@dataclass(frozen=True)
class Lags:
    """The fitted trees, and the form of their examples."""

    frame: Frame
    booster: lightgbm.Booster
    packages = ("lightgbm",)

    def forecast(self, known: Sequence[Series], horizon: int) -> Floats:
        """Return the values after the end of each of `known`."""
        examples = describe(self.frame, known)
        relative = np.asarray(self.booster.predict(features(examples)))
        values = examples.restore(relative.reshape(len(examples), self.frame.horizon))
        return self.frame.invert(values)[:, :horizon]

    def save(self, folder: Path) -> Mapping[str, Any]:
        """Write the trees into `folder`."""
        text = self.booster.model_to_string()
        (folder / FILE).write_text(text, encoding="utf-8")
        return {"frame": asdict(self.frame)}


def fit(
    series: Sequence[Series], settings: Mapping[str, Any], later: Sequence[Series] | None,
    progress: Progress,
) -> Lags:  # fmt: skip
    """Fit the trees to the examples of all series."""
    frame = Frame(**{key: settings[key] for key in ("window", "horizon", "season", "log")})
    examples = learnable(frame, series, MOST_ROWS // frame.horizon or 1, settings["seed"])
    regressor = lightgbm.LGBMRegressor(
        **settings["params"],
        random_state=settings["seed"],
        n_jobs=0,  # a thread for each core, or OMP_NUM_THREADS
        verbose=-1,
        deterministic=True,
        force_row_wise=True,
    )
    regressor.fit(features(examples), np.ravel(np.asarray(examples.target)))
    return Lags(frame, regressor.booster_)


def load(folder: Path, content: Mapping[str, Any]) -> Lags:
    """Return what `save` wrote. Raises RelayError if the file is not LightGBM's."""
    try:
        booster = lightgbm.Booster(model_str=(folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, lightgbm.basic.LightGBMError) as error:
        raise RelayError(f"{FILE} cannot be loaded: {error}. Train the model again.") from error
    return Lags(Frame(**content["frame"]), booster)


def features(examples: Examples) -> Floats:
    """Return a row for each origin and step: the step, its season's value, its phase, the past."""
    origins, horizon = examples.seasonal.shape
    steps = np.tile(np.arange(horizon, dtype=float), origins)
    past = np.repeat(examples.past, horizon, axis=0)
    own = [steps, examples.seasonal.reshape(-1), examples.phase.reshape(-1)]
    return np.column_stack([*own, past])
